/// What a camera has done since the start of its stream; all numbers only grow.
public struct CameraCounters: Sendable, Equatable {
  /// Frames that the driver gave, the bad ones included.
  public var captured = 0
  /// Good frames that were never handed out, because a newer one came first.
  public var dropped = 0
  /// Frames that the driver's count passed over.
  public var missed = 0
  /// Frames that the driver marked as damaged.
  public var flagged = 0
  /// Frames with fewer bytes than a picture of the format has.
  public var short = 0
  /// JPEG frames without a start or an end, and frames that their reader could not decode or convert.
  public var bad = 0
  /// Times that no good frame came for too long.
  public var frozen = 0
  /// Times that the driver reported an error while streaming.
  public var ioErrors = 0
  /// Times that the camera went away.
  public var unplugged = 0
  /// Times that a camera which is there did not open or start.
  public var openFailures = 0
  /// Times that the signal changed its size or format.
  public var formatChanges = 0
  /// Times that frames came again.
  public var reconnects = 0

  /// Nothing yet.
  public init() {}
}

/// The camera that streams now.
public struct CameraDescription: Sendable {
  /// As the driver calls it.
  public var name: String
  /// Path of its node.
  public var path: String
  /// Where it is connected.
  public var bus: String
  /// Serial number, or empty.
  public var serial: String
  /// Format as the camera sends it.
  public var code: PixelCode
  /// Columns.
  public var width: Int
  /// Rows.
  public var height: Int
  /// Thousandths of a frame per second, 0 where the driver does not tell.
  public var milliHertz: Int
}
