internal import CKernels
internal import ModelFormat
internal import Runtime

/// Element-wise kernels over lengths around every vector width, in and out of place.
struct ElementCases {
  /// 1, primes, and the sizes around every vector.
  static let lengths = [
    1, 2, 3, 7, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 130, 257, 1000,
  ]
  /// Seeds a length.
  private static let repeats = 4
  private static let tapCounts = [1, 2, 3, 7, 9, 11, 49, 300]
  /// The last two exceed Int32.
  private static let additions: [(Float, Float)] = [
    (0.73, 1.21), (0.5, 0.5), (0.25, 0), (1.9, 1e-3), (1e8, 0.5), (-1e8, 3),
  ]
  private static let multiplications: [Float] = [0.0037, 0.003, 0.5, 0.125, 1e6]
  private static let requantizations: [Float] = [0.31, 0.004, 0.5, 1, 1000]

  let operation: KernelOperation
  let kernels: ck_kernels
  let oracle: ck_kernels
  private var result = KernelCheck()

  init(operation: KernelOperation, kernels: ck_kernels, oracle: ck_kernels) {
    (self.operation, self.kernels, self.oracle) = (operation, kernels, oracle)
  }

  /// Where the output goes.
  private enum Place: Int {
    case apart
    case first
    case second
  }

  /// Variants of a length: multipliers and places, or numbers of taps.
  private var variants: Int {
    switch operation {
    case .maximum, .sum: Self.tapCounts.count
    case .addition: Self.additions.count * 3
    case .multiplication: Self.multiplications.count * 3
    case .requantization: Self.requantizations.count
    default: 1
    }
  }

  mutating func run(_ willRun: (KernelCase) -> Void) throws(RuntimeError) -> KernelCheck {
    for length in Self.lengths {
      let found = try ElementOperands(length)
      let expected = try ElementOperands(length)
      for variant in 0..<variants {
        for _ in 0..<Self.repeats {
          let seed = UInt64(result.cases)
          let taps = operation == .maximum || operation == .sum ? Self.tapCounts[variant] : 0
          let operands = KernelCase.Operands.elements(
            seed: seed,
            length: length,
            taps: taps,
            variant: variant
          )
          let current = KernelCase(operation: operation, operands: operands)
          willRun(current)
          result.cases += 1
          let narrow = operation == .requantization && variant < 2
          for (operands, functions) in [(found, kernels), (expected, oracle)] {
            operands.fill(seed, narrow: narrow)
            run(functions, operands, variant)
          }
          if let failure = found.difference(expected, isSum: operation == .sum) {
            result.failure = "\(current.text), \(found.rounding.text): " + failure
            return result
          }
        }
      }
    }
    return result
  }

  private func run(_ kernels: ck_kernels, _ operands: ElementOperands, _ variant: Int) {
    let place = Place(rawValue: variant % 3) ?? .apart
    let output =
      switch place {
      case .apart: operands.output
      case .first: operands.a
      case .second: operands.b
      }
    let (zero, low, high) = (
      operands.rounding.zeroPoint, operands.rounding.low, operands.rounding.high
    )
    switch operation {
    case .addition:
      let (ma, mb) = Self.additions[variant / 3]
      kernels.add_u8(
        operands.a,
        operands.zeroA,
        ma,
        operands.b,
        operands.zeroB,
        mb,
        zero,
        low,
        high,
        output,
        operands.length
      )
    case .multiplication:
      kernels.multiply_u8(
        operands.a,
        operands.zeroA,
        operands.b,
        operands.zeroB,
        Self.multiplications[variant / 3],
        zero,
        low,
        high,
        output,
        operands.length
      )
    case .requantization:
      kernels.requantize(
        operands.sums,
        Self.requantizations[variant],
        zero,
        low,
        high,
        operands.output,
        operands.length
      )
    case .lookup:
      kernels.lookup_u8(operands.table, operands.exact, operands.output, operands.length)
    case .maximum, .sum:
      operands.withRows(Self.tapCounts[variant]) { rows in
        if operation == .maximum {
          kernels.max_u8(rows, Self.tapCounts[variant], operands.output, operands.length)
        } else {
          kernels.sum_u8(rows, Self.tapCounts[variant], operands.totals, operands.length)
        }
      }
    default: return
    }
  }
}
