/// What the service is doing.
public enum ServiceState: Sendable, Equatable {
  /// Nothing has been classified yet.
  case starting
  /// Frames are classified.
  case running
  /// The camera gives no frames since this time of the monotonic clock.
  case cameraLost(sinceNanoseconds: Int64)
}

/// With what the service works, for people.
public struct ServiceDescription: Sendable {
  /// The name in the model's file.
  public var modelName = ""
  /// 16 hexadecimal digits: the XXH64 of the model's file.
  public var modelHash = ""
  /// The camera's own name, or the source's.
  public var camera = ""
  /// What frames are made of, such as `YUYV`; empty before the first.
  public var format = ""
  /// Columns of the camera's frames.
  public var width = 0
  /// Rows of the camera's frames.
  public var height = 0
  /// When the service started: nanoseconds since 1970.
  public var startedWallNanoseconds: Int64 = 0

  /// A description in which nothing is known.
  public init() {}
}
