internal import CKernels
internal import ModelFormat
internal import Runtime

/// Depthwise convolutions of output rows: windows, strides, and sizes around what kernels take at once.
struct RowCases {
  /// One call.
  struct Call {
    let seed: UInt64
    let values: KernelValues
    let kernel: Int
    let stride: Int
    let rows: Int
    let width: Int
    let channels: Int

    var text: String {
      "seed \(seed), \(values.name) values, \(kernel) x \(kernel) by \(stride), "
        + "\(rows) x \(width) pixels, channels \(channels)"
    }

    var inputRows: Int { covered(rows, Int(CK_ROWS)) }
    var inputColumns: Int { covered(width, Int(CK_ROW_PIXELS)) }

    private func covered(_ outputs: Int, _ multiple: Int) -> Int {
      ((outputs + multiple - 1) / multiple * multiple - 1) * stride + kernel
    }
  }

  private static let channelCounts = [
    1, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 48, 63, 64, 65, 72, 88, 96, 128, 130, 144,
  ]
  private static let sizes = [
    (1, 1), (1, 2), (2, 1), (2, 2), (3, 3), (2, 5), (4, 7), (7, 4), (1, 13), (5, 8), (2, 33),
  ]
  private static let mostPixels = 66
  private static let mostChannels = 144

  let kernels: ck_kernels
  let oracle: ck_kernels
  private var result = KernelCheck()

  init(kernels: ck_kernels, oracle: ck_kernels) {
    (self.kernels, self.oracle) = (kernels, oracle)
  }

  /// No cases where the set has no such kernel.
  mutating func run(_ willRun: (KernelCase) -> Void) throws(RuntimeError) -> KernelCheck {
    guard let kernel = kernels.depthwise_rows, let oracle = oracle.depthwise_rows else {
      return result
    }
    let found = GuardedRows(rows: Self.mostPixels, rowBytes: Self.mostChannels)
    let expected = GuardedRows(rows: Self.mostPixels, rowBytes: Self.mostChannels)
    var seed: UInt64 = 0
    for values in KernelValues.allCases {
      for (size, stride) in [(3, 1), (3, 2), (5, 1), (5, 2)] {
        for channels in Self.channelCounts {
          for (rows, width) in Self.sizes {
            seed += 1
            let call = Call(
              seed: seed,
              values: values,
              kernel: size,
              stride: stride,
              rows: rows,
              width: width,
              channels: channels
            )
            let layer = try RowLayer(call)
            let current = KernelCase(operation: .depthwiseRows, operands: .rows(call))
            willRun(current)
            result.cases += 1
            layer.run(oracle, into: expected)
            layer.run(kernel, into: found)
            if let failure = found.failure(
              pixels: call.rows * call.width,
              { UnsafeRawPointer(expected.row($0)) }
            ) {
              result.failure = "\(current.text), \(layer.rounding.text): " + failure
              return result
            }
          }
        }
      }
    }
    return result
  }
}
