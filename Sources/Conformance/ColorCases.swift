internal import CKernels
internal import ModelFormat
internal import Runtime

/// Runs of pixels of first layers against the same pixels one by one through `conv_u8` of the oracle.
struct ColorCases {
  /// One call.
  struct Call {
    let seed: UInt64
    let values: KernelValues
    let height: Int
    let width: Int
    let stride: Int
    let pixels: Int
    let channels: Int

    var taps: Int { height * width }
    /// Pixels of a row of the image.
    var rowPixels: Int { pixels * stride + width - 1 }

    var text: String {
      "seed \(seed), \(values.name) values, \(height) x \(width) by \(stride), "
        + "pixels \(pixels), channels \(channels)"
    }
  }

  private static let windows = [(1, 1), (1, 2), (2, 3), (3, 3), (3, 1), (5, 4), (7, 7)]
  private static let pixelCounts = [16, 17, 23, 24, 31, 32, 33, 48, 100]
  private static let channelCounts = [1, 7, 8, 9, 15, 16, 17, 24, 32, 33, 44]

  private let kernels: ck_kernels
  private let oracle: ck_kernels
  private var result = KernelCheck()

  init(kernels: ck_kernels, oracle: ck_kernels) {
    (self.kernels, self.oracle) = (kernels, oracle)
  }

  /// No cases where the set has no such kernel.
  mutating func run(_ willRun: (KernelCase) -> Void) throws(RuntimeError) -> KernelCheck {
    guard kernels.conv_color != nil else { return result }
    let rows = Self.pixelCounts.max() ?? 1
    let rowBytes = Self.channelCounts.max() ?? 1
    let found = GuardedRows(rows: rows, rowBytes: rowBytes)
    let expected = GuardedRows(rows: rows, rowBytes: rowBytes)
    var seed: UInt64 = 0
    for values in KernelValues.allCases {
      for (height, width) in Self.windows {
        for stride in [1, 2] {
          for channels in Self.channelCounts {
            for pixels in Self.pixelCounts {
              seed += 1
              guard seed % 7 < 2 else { continue }
              let call = Call(
                seed: seed,
                values: values,
                height: height,
                width: width,
                stride: stride,
                pixels: pixels,
                channels: channels
              )
              let current = KernelCase(operation: .color, operands: .color(call))
              willRun(current)
              result.cases += 1
              let layer = try ColorLayer(call)
              layer.run(kernels, into: found)
              layer.sum(oracle, into: expected)
              if let failure = found.failure(
                pixels: call.pixels,
                { UnsafeRawPointer(expected.row($0)) }
              ) {
                result.failure = "\(current.text), \(layer.rounding.text): " + failure
                return result
              }
            }
          }
        }
      }
    }
    return result
  }
}
