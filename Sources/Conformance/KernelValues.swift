internal import ModelFormat

/// How the values of a convolution are chosen.
enum KernelValues {
  /// Weights and activations uniform, multipliers that spread the results over a byte.
  case mixed
  /// Activations 255, weights ±127, biases at the limit of `|bias| + 255 × Σ|w| < 2³¹`, multipliers at both ends of their
  /// range and subnormal, a residual that exceeds Int32.
  case extreme
  /// Small sums times powers of two: half of all results are ties.
  case ties
  /// Inputs of 64 and 65, or of 129 and 130, and weights near ±127: sums of four products, or of two, lie on both sides of what
  /// 16 bits hold.
  case sumsOfFour
  case sumsOfTwo

  /// For every kernel.
  static let allCases: [KernelValues] = [.mixed, .extreme, .ties]
  /// For kernels that sum products of bytes in 16 bits.
  static let ofBytes: [KernelValues] = [.mixed, .extreme, .ties, .sumsOfFour, .sumsOfTwo]

  var name: String {
    switch self {
    case .mixed: "mixed"
    case .extreme: "extreme"
    case .ties: "ties"
    case .sumsOfFour: "sums of four"
    case .sumsOfTwo: "sums of two"
    }
  }

  func weight(channel: Int, _ random: inout SplitMix64) -> Int8 {
    switch self {
    case .mixed: Int8(random.number(-127...127))
    case .extreme: channel % 4 < 2 ? 127 : -127
    case .ties: Int8(random.number(-1...1))
    case .sumsOfFour, .sumsOfTwo: Self.greatWeight(random.number(0...31))
    }
  }

  func activation(_ random: inout SplitMix64) -> UInt8 {
    switch self {
    case .mixed: random.byte()
    case .extreme: random.next() % 8 == 0 ? 0 : 255
    case .ties: UInt8(random.number(0...3))
    case .sumsOfFour: [0, 1, 64, 64, 64, 65, 65, 65][random.number(0...7)]
    case .sumsOfTwo: [0, 1, 129, 129, 129, 130, 130, 130][random.number(0...7)]
    }
  }

  /// ±127 … ±120, mostly of one sign; 0 and ±1.
  private static func greatWeight(_ number: Int) -> Int8 {
    if number < 3 { return Int8(number - 1) }
    return Int8(number < 26 ? 120 + number % 8 : -120 - number % 8)
  }

  /// Bias and multiplier of a channel whose weights' magnitudes add up to `magnitude`.
  func constants(
    channel: Int,
    magnitude: Int32,
    _ random: inout SplitMix64
  ) -> (bias: Int32, multiplier: Float) {
    switch self {
    case .mixed, .sumsOfFour, .sumsOfTwo:
      let multiplier = 300 / Float(255 * magnitude + 1) * random.unit()
      return (random.int32(-100_000...100_000), min(multiplier, Float(1).nextDown))
    case .extreme:
      let limit = Int32.max - 255 * magnitude
      let multiplier: Float =
        switch channel % 8 {
        case 0, 3, 6: Float(1).nextDown
        case 1, 4: 1e-7
        case 2, 5: Float(bitPattern: 714)  // 1e-42, subnormal
        default: 0
        }
      return (channel % 2 == 0 ? -limit : limit, multiplier)
    case .ties:
      return (random.int32(-300...300), channel % 2 == 0 ? 0.25 : 0.5)
    }
  }

  func rounding(_ random: inout SplitMix64) -> Rounding {
    let low = random.next() % 2 == 0 ? 0 : random.int32(0...255)
    let high = random.next() % 2 == 0 ? 255 : random.int32(low...255)
    let zeroPoint =
      self == .extreme ? Int32(random.next() % 2 * 255) : random.int32(0...255)
    return Rounding(zeroPoint: zeroPoint, low: low, high: high)
  }

  func residualMultiplier(_ random: inout SplitMix64) -> Float {
    switch self {
    case .mixed, .sumsOfFour, .sumsOfTwo: random.unit() * 2
    case .extreme: 8e6
    case .ties: 0.5
    }
  }
}

/// How a real number becomes a byte: `clamp(roundTiesToEven(t) + zeroPoint, low, high)`.
struct Rounding {
  var zeroPoint: Int32
  var low: Int32
  var high: Int32

  var text: String { "zero point \(zeroPoint), clamped to \(low)...\(high)" }
}
