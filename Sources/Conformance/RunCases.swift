internal import CKernels
internal import ModelFormat
internal import Runtime

/// Convolutions of runs of pixels against the same pixels one by one through `conv_u8` of the oracle.
struct RunCases {
  /// Around every register tile, and more than any set takes at once.
  private static let pixelCounts = [1, 2, 3, 5, 6, 7, 8, 9, 12, 13, 14, 15, 20, 28, 29, 43]
  private static let (mostPixels, mostChannels) = (43, 130)
  private static let shapes = [
    (1, 1), (1, 2), (1, 3), (1, 5), (1, 17), (2, 2), (3, 7), (4, 3), (9, 1), (9, 16), (25, 2),
    (3, 40), (1, 144),
  ]
  /// Of each shape and kind of values, for more zero points and clamps.
  private static let repeats = 3

  private let operation: KernelOperation
  private let kernels: ck_kernels
  private let oracle: ck_kernels
  private var result = KernelCheck()

  /// Cases of `.run` or `.byteRun`.
  init(operation: KernelOperation, kernels: ck_kernels, oracle: ck_kernels) {
    (self.operation, self.kernels, self.oracle) = (operation, kernels, oracle)
  }

  private var isOfBytes: Bool { operation == .byteRun }

  mutating func run(_ willRun: (KernelCase) -> Void) throws(RuntimeError) -> KernelCheck {
    guard kernels.conv_run != nil, !isOfBytes || kernels.bytes != nil else { return result }
    let target = GuardedRows(rows: Self.mostPixels, rowBytes: Self.mostChannels)
    var seed: UInt64 = 0
    for values in isOfBytes ? KernelValues.ofBytes : KernelValues.allCases {
      for (taps, k4) in Self.shapes {
        for _ in 0..<Self.repeats {
          let shape = KernelLayer.Shape(values: values, taps: taps, k4: k4, seed: seed)
          let layer = try RunLayer(shape, pixels: Self.mostPixels, channels: Self.mostChannels)
          let expected = layer.expected(oracle)
          for (column, channels) in LayerCases.channelCounts.enumerated() {
            for (row, pixels) in Self.pixelCounts.enumerated()
            where (row + column + Int(seed)) % 6 == 0 {
              let hasResidual = (row + Int(seed)) % 4 == 0
              let output = hasResidual ? KernelLayer.Output.bytesWithResidual : .bytes
              let current = KernelCase(
                operation: operation,
                operands: .layer(shape, pixels: pixels, channels: channels, output)
              )
              willRun(current)
              result.cases += 1
              target.clear(rows: pixels, rowBytes: channels)
              layer.run(kernels, ofBytes: isOfBytes, pixels, channels, hasResidual, target)
              let rows = hasResidual ? expected.added : expected.plain
              if let failure = difference(target, rows, pixels) {
                result.failure = "\(current.text), \(layer.rounding.text): " + failure
                return result
              }
            }
          }
          seed += 1
        }
      }
    }
    return result
  }

  /// The first difference to rows of `mostChannels`.
  private func difference(_ target: GuardedRows, _ expected: [UInt8], _ pixels: Int) -> String? {
    expected.withUnsafeBytes { expected in
      guard let start = expected.baseAddress else { return nil }
      return target.failure(pixels: pixels) { start + $0 * Self.mostChannels }
    }
  }
}
