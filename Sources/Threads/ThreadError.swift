/// Why a thread cannot be started.
public struct ThreadError: Error {
  /// The system's error number.
  public let code: Int32
}
