/// The interval of real values that a tensor has to represent.
public struct ValueRange: Sendable, Equatable {
  /// Smallest value.
  public var low: Float
  /// Largest value.
  public var high: Float

  /// From `low` to `high`; traps if they are out of order or not finite.
  public init(_ low: Float, _ high: Float) {
    precondition(low <= high && low.isFinite && high.isFinite, "range \(low)…\(high)")
    self.low = low
    self.high = high
  }

  /// The smallest range that holds both.
  public func union(_ other: ValueRange) -> ValueRange {
    ValueRange(min(low, other.low), max(high, other.high))
  }

  /// The part inside `low…high`; the nearest single value where nothing is.
  public func clamped(_ low: Float, _ high: Float) -> ValueRange {
    ValueRange(min(max(self.low, low), high), min(max(self.high, low), high))
  }
}
