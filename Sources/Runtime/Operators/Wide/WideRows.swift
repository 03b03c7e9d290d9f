internal import ModelFormat

/// Channels of bytes or u8.8 as numbers: `u − zeroPoint`, exact in float32.
struct WideSource {
  let view: TensorView

  @inline(never)
  @_optimize(speed)
  func read(
    _ pixel: Int,
    channel: Int,
    _ count: Int,
    to values: UnsafeMutablePointer<Float>
  ) {
    let from = UnsafePointer(view.pixel(pixel) + channel)
    let zero = view.zeroPoint
    guard view.isWide else {
      for index in 0..<count { values[index] = Float(Int32(from[index]) &- zero) }
      return
    }
    let low = from + view.lowBytes
    for index in 0..<count {
      values[index] = Float(Int32(from[index]) &- zero) + Float(low[index]) * (1 / 256)
    }
  }
}

/// Where an operator writes: float32 as it is, to bytes and u8.8 rounded and clamped.
struct WideTarget {
  let view: TensorView
  private let least: Float
  private let most: Float

  init(_ view: TensorView, _ record: OperatorRecord) {
    self.view = view
    let (low, high) = (record.clampLow - view.zeroPoint, record.clampHigh - view.zeroPoint)
    if view.isWide {
      least = Float(256 * low)
      most = Float(256 * high + (record.clampHigh == 255 ? 255 : 0))
    } else {
      (least, most) = (Float(low), Float(high))
    }
  }

  /// Writes `count` values from `channel` of a pixel on.
  ///
  /// The bounds are integers below 2¹⁷, so clamping before the rounding gives the same, and adding 1.5 × 2²³ rounds to an integer,
  /// ties to even, which then is the sum's low bits.
  @inline(never)
  @_optimize(speed)
  func write(_ values: UnsafePointer<Float>, _ pixel: Int, channel: Int, _ count: Int) {
    let to = view.pixel(pixel) + channel
    let (least, most) = (least, most)
    let magic: Float = 12_582_912
    if view.isWide {
      let low = to + view.lowBytes
      let offset = view.zeroPoint &* 256 &- Int32(bitPattern: magic.bitPattern)
      for index in 0..<count {
        let value = values[index] * 256
        let clamped = value < least ? least : (value > most ? most : value)
        let number = Int32(bitPattern: (clamped + magic).bitPattern) &+ offset
        to[index] = UInt8(truncatingIfNeeded: number &>> 8)
        low[index] = UInt8(truncatingIfNeeded: number)
      }
    } else if view.elementSize == 1 {
      let offset = view.zeroPoint &- Int32(bitPattern: magic.bitPattern)
      for index in 0..<count {
        let value = values[index]
        let clamped = value < least ? least : (value > most ? most : value)
        let number = Int32(bitPattern: (clamped + magic).bitPattern) &+ offset
        to[index] = UInt8(truncatingIfNeeded: number)
      }
    } else {
      (view.floats(pixel) + channel).update(from: values, count: count)
    }
  }
}

/// `values[i] += others[i] × factor`, the product rounded before the sum.
@inline(never)
@_optimize(speed)
func addProducts(
  _ values: UnsafeMutablePointer<Float>,
  _ others: UnsafePointer<Float>,
  _ factor: Float,
  _ count: Int
) {
  for index in 0..<count { values[index] += others[index] * factor }
}
