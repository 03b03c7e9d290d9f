/// What the service is doing.
public enum ServiceState: Sendable, Equatable {
  /// Nothing has been classified yet.
  case starting
  /// Frames are classified.
  case running
  /// The camera gives no frames since this time of the monotonic clock.
  case cameraLost(sinceNanoseconds: Int64)
}
