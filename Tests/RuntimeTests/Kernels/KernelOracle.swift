import CKernels

/// The epilogue of FORMAT.md, "Numbers", one step a line.
struct KernelOracle {
  var zeroPoint: Int32 = 0
  var low: Int32 = 0
  var high: Int32 = 255

  /// `clamp(roundTiesToEven(t) + zeroPoint, low, high)`.
  func byte(_ t: Float) -> UInt8 {
    let integer = Double(t).rounded(.toNearestOrEven) + Double(zeroPoint)
    return UInt8(min(max(integer, Double(low)), Double(high)))
  }

  /// `Float(value) × multiplier`, rounded twice.
  static func scaled(_ value: Int32, by multiplier: Float) -> Float { Float(value) * multiplier }
}

/// How the values of a layer are chosen.
enum KernelValues: CaseIterable, Sendable {
  /// Weights and activations uniform, multipliers that spread the results over a byte.
  case mixed
  /// Activations 255, weights ±127, biases at the limit of `|bias| + 255 × Σ|w| < 2³¹`, multipliers at
  /// both ends of their range, a residual that exceeds Int32.
  case extreme
  /// Small sums times powers of two: half of all results are ties.
  case ties

  func weight(channel: Int, _ random: inout KernelRandom) -> Int8 {
    switch self {
    case .mixed: Int8.random(in: -127...127, using: &random)
    case .extreme: channel % 4 < 2 ? 127 : -127
    case .ties: Int8.random(in: -1...1, using: &random)
    }
  }

  func activation(_ random: inout KernelRandom) -> UInt8 {
    switch self {
    case .mixed: UInt8.random(in: 0...255, using: &random)
    case .extreme: random.next() % 8 == 0 ? 0 : 255
    case .ties: UInt8.random(in: 0...3, using: &random)
    }
  }

  /// Bias and multiplier of a channel whose weights' magnitudes add up to `magnitude`.
  func constants(
    channel: Int,
    magnitude: Int32,
    _ random: inout KernelRandom
  ) -> (bias: Int32, multiplier: Float) {
    switch self {
    case .mixed:
      let multiplier = 300 / Float(255 * magnitude + 1) * Float.random(in: 0..<1, using: &random)
      return (
        Int32.random(in: -100_000...100_000, using: &random), min(multiplier, Float(1).nextDown)
      )
    case .extreme:
      let limit = Int32.max - 255 * magnitude
      let multipliers: [Float] = [
        Float(1).nextDown, 1e-7, 0, Float(sign: .plus, exponent: -140, significand: 1),
      ]
      return (channel % 2 == 0 ? -limit : limit, multipliers[channel % 4])
    case .ties:
      return (Int32.random(in: -300...300, using: &random), channel % 2 == 0 ? 0.25 : 0.5)
    }
  }

  func oracle(_ random: inout KernelRandom) -> KernelOracle {
    let low = random.next() % 2 == 0 ? 0 : Int32.random(in: 0...255, using: &random)
    let high = random.next() % 2 == 0 ? 255 : Int32.random(in: low...255, using: &random)
    let zeroPoint =
      self == .extreme
      ? Int32(random.next() % 2 * 255) : Int32.random(in: 0...255, using: &random)
    return KernelOracle(zeroPoint: zeroPoint, low: low, high: high)
  }

  func residualMultiplier(_ random: inout KernelRandom) -> Float {
    switch self {
    case .mixed: Float.random(in: 0..<2, using: &random)
    case .extreme: 8e6
    case .ties: 0.5
    }
  }
}
