/// Scale and zero point of a tensor of bytes: `real = scale × (u − zeroPoint)`.
public struct QuantizationParameters: Sendable, Equatable {
  /// Real value of one step.
  public var scale: Float
  /// The byte that stands for exactly 0.
  public var zeroPoint: Int32

  /// Given parameters; traps unless the scale is positive and finite and the zero point a byte.
  public init(scale: Float, zeroPoint: Int32) {
    precondition(scale > 0 && scale.isFinite && (0...255).contains(zeroPoint))
    self.scale = scale
    self.zeroPoint = zeroPoint
  }

  /// Pixels: the byte is the value.
  public static let pixels = QuantizationParameters(scale: 1, zeroPoint: 0)

  /// The finest parameters that represent 0 exactly and both ends of `range` to within half a step.
  ///
  /// The range is first widened to hold 0. With `z = round(255 × −low ÷ (high − low))`, the scale is the larger of
  /// `high ÷ (255 − z)` and `−low ÷ z`, so rounding z cuts off neither end. An empty range gets scale 1.
  public init(_ range: ValueRange) {
    let low = Double(min(range.low, 0))
    let high = Double(max(range.high, 0))
    let span = high - low
    guard span >= 1e-30 else {
      self.init(scale: 1, zeroPoint: 0)
      return
    }
    let zero = (255 * -low / span).rounded(.toNearestOrEven)
    let above = zero < 255 ? high / (255 - zero) : 0
    let below = zero > 0 ? -low / zero : 0
    self.init(
      scale: Float(min(max(above, below), Double(Float.greatestFiniteMagnitude))),
      zeroPoint: Int32(zero)
    )
  }

  /// The byte nearest to `value`, ties to even; 0's for NaN.
  public func quantize(_ value: Double) -> UInt8 {
    let steps = (value / Double(scale)).rounded(.toNearestOrEven) + Double(zeroPoint)
    return steps.isNaN ? UInt8(zeroPoint) : UInt8(min(max(steps, 0), 255))
  }

  /// The real value of a byte.
  public func dequantize(_ byte: UInt8) -> Double {
    Double(scale) * Double(Int32(byte) - zeroPoint)
  }

  /// Smallest representable value.
  public var low: Double { dequantize(0) }
  /// Largest representable value.
  public var high: Double { dequantize(255) }
}
