/// A sum of finite floats without rounding, so that it depends on the set of addends alone.
///
/// Significands are added as integers, a sum for each exponent that occurs: at most 254 of 16 bytes, and room for 2³⁹ addends.
struct ExactSum: Sendable, Equatable {
  private var significands: [Int: Int64] = [:]

  /// Adds a finite value.
  mutating func add(_ value: Float) {
    guard value != 0 else { return }
    let isSubnormal = value.exponentBitPattern == 0
    let magnitude = Int64(value.significandBitPattern) + (isSubnormal ? 0 : 1 << 23)
    add(value < 0 ? -magnitude : magnitude, exponent: max(1, Int(value.exponentBitPattern)))
  }

  /// Adds all that `other` has added.
  mutating func merge(_ other: ExactSum) {
    for (exponent, significand) in other.significands { add(significand, exponent: exponent) }
  }

  /// The sum, rounded.
  var value: Double {
    significands.sorted { $0.key > $1.key }.reduce(0) { sum, part in
      sum + Double(sign: .plus, exponent: part.key - 150, significand: Double(part.value))
    }
  }

  private mutating func add(_ significand: Int64, exponent: Int) {
    let sum = (significands[exponent] ?? 0) + significand
    significands[exponent] = sum == 0 ? nil : sum
  }
}
