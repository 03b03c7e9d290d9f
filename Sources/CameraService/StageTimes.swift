/// How long a frame took, by part.
public struct StageTimes: Sendable, Equatable {
  /// From the driver's timestamp until the frame loop had the frame, nanoseconds.
  public var capture: Int64 = 0
  /// From the frame to the network's input, nanoseconds.
  public var pixels: Int64 = 0
  /// The network, nanoseconds.
  public var inference: Int64 = 0
  /// From the network's output until all outputs had the result, nanoseconds.
  public var publish: Int64 = 0
  /// From the driver's timestamp until all outputs had the result, nanoseconds.
  public var total: Int64 = 0

  /// No time at all.
  public init() {}

  /// The time of a part.
  public subscript(stage: Stage) -> Int64 {
    switch stage {
    case .capture: capture
    case .pixels: pixels
    case .inference: inference
    case .publish: publish
    case .total: total
    }
  }
}
