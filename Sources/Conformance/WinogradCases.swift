internal import CKernels
internal import ModelFormat
internal import Runtime

/// Winograd convolutions of tiles of 2 × 2 and 4 × 4 outputs, compared with the sums of nine taps.
struct WinogradCases {
  /// Side, height, width, first tile and groups of four channels: the sizes around every register tile and every run of groups.
  private static let sizes = [
    (2, 1, 1, 0, 1), (2, 3, 2, 0, 5), (2, 6, 4, 1, 16), (2, 5, 5, 0, 17), (2, 6, 9, 1, 33),
    (2, 5, 16, 2, 3), (2, 4, 3, 0, 65), (2, 2, 2, 0, 449), (2, 7, 8, 0, 7), (2, 3, 3, 1, 2),
    (4, 1, 3, 0, 1), (4, 8, 5, 1, 5), (4, 4, 12, 0, 16), (4, 7, 7, 0, 57), (4, 9, 8, 0, 2),
    (4, 8, 16, 1, 17), (4, 16, 16, 1, 1), (4, 8, 8, 1, 97), (4, 5, 4, 1, 33),
  ]

  let kernels: ck_kernels
  let oracle: ck_kernels
  private var result = KernelCheck()

  init(kernels: ck_kernels, oracle: ck_kernels) {
    (self.kernels, self.oracle) = (kernels, oracle)
  }

  /// No cases where the set has no such kernel.
  mutating func run(_ willRun: (KernelCase) -> Void) throws(RuntimeError) -> KernelCheck {
    guard let kernel = kernels.winograd_u8 else { return result }
    let mostChannels = LayerCases.channelCounts.max() ?? 1
    var seed: UInt64 = 0
    // With dot products of bytes, 2 × 2 never wins.
    for (side, height, width, first, k4) in Self.sizes where side == 4 || kernels.widen != nil {
      for values in KernelValues.allCases {
        let shape = WinogradLayer.Shape(
          values: values,
          side: side,
          height: height,
          width: width,
          first: first,
          k4: k4,
          seed: seed
        )
        let layer = try WinogradLayer(shape, channels: mostChannels)
        for hasResidual in [false, true] {
          let bytes = shape.pixels * mostChannels
          let expected = GuardedRows(rows: 1, rowBytes: bytes)
          let found = GuardedRows(rows: 1, rowBytes: bytes)
          layer.call(channels: mostChannels, hasResidual, into: expected) { call, epilogue in
            layer.sum(call, epilogue, by: oracle)
          }
          for channels in LayerCases.channelCounts {
            let operands = KernelCase.Operands.winograd(
              shape,
              channels: channels,
              hasResidual: hasResidual
            )
            let current = KernelCase(operation: .winograd, operands: operands)
            willRun(current)
            result.cases += 1
            layer.call(channels: channels, hasResidual, into: found) { call, epilogue in
              var (call, epilogue) = (call, epilogue)
              kernel(&call, &epilogue)
            }
            if let failure = layer.difference(found, channels: channels, expected, of: mostChannels)
            {
              result.failure = "\(current.text), \(layer.rounding.text): " + failure
              return result
            }
          }
        }
        seed += 1
      }
    }
    return result
  }
}
