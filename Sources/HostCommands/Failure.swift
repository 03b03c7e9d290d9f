/// Bad input: one line for the user, exit status 1.
public struct Failure: Error {
  /// The line.
  public var message: String

  /// A failure that `message` tells.
  public init(_ message: String) { self.message = message }
}
