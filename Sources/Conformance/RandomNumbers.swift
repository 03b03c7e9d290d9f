package import ModelFormat

/// Numbers that are the same on every architecture: the standard library draws them by the width of `Int`.
extension SplitMix64 {
  /// A number of the range.
  package mutating func number(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(next() % (UInt64(range.upperBound - range.lowerBound) + 1))
  }

  /// A number of the range.
  mutating func int32(_ range: ClosedRange<Int32>) -> Int32 {
    let count = UInt64(Int64(range.upperBound) - Int64(range.lowerBound)) + 1
    return Int32(Int64(range.lowerBound) + Int64(next() % count))
  }

  /// Any byte.
  package mutating func byte() -> UInt8 { UInt8(truncatingIfNeeded: next() >> 32) }

  /// A multiple of 2⁻²⁴ of 0 ..< 1.
  mutating func unit() -> Float { Float(UInt32(next() >> 40)) * 0x1p-24 }

  /// One of the values.
  package mutating func pick<Value>(_ values: [Value]) -> Value {
    values[number(0...(values.count - 1))]
  }
}
