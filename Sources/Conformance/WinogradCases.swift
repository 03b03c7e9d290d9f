internal import CKernels
internal import ModelFormat
internal import Runtime

/// Winograd convolutions of tiles of 2 × 2 and 4 × 4 outputs, compared with the sums of nine taps.
struct WinogradCases {
  /// Side, tiles and groups of four channels: the sizes around every register tile and every run of groups.
  private static let sizes = [
    (2, 1, 1), (2, 2, 5), (2, 3, 16), (2, 5, 17), (2, 6, 2), (2, 7, 33), (2, 12, 3), (2, 13, 2),
    (2, 17, 1), (2, 25, 4), (2, 3, 65),
    (4, 1, 1), (4, 2, 5), (4, 3, 16), (4, 1, 57), (4, 6, 2), (4, 7, 17), (4, 13, 1), (4, 5, 33),
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
    for (side, tiles, k4) in Self.sizes {
      for values in KernelValues.allCases {
        let shape = WinogradLayer.Shape(
          values: values,
          side: side,
          tiles: tiles,
          k4: k4,
          seed: seed
        )
        let layer = try WinogradLayer(shape, channels: mostChannels)
        for hasResidual in [false, true] {
          let rows = side * side * tiles
          let expected = GuardedRows(rows: rows, rowBytes: mostChannels)
          let found = GuardedRows(rows: rows, rowBytes: mostChannels)
          layer.call(channels: mostChannels, hasResidual, into: expected) { tile, epilogue in
            layer.sum(tile, epilogue, by: oracle)
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
            layer.call(channels: channels, hasResidual, into: found) { tile, epilogue in
              var (tile, epilogue) = (tile, epilogue)
              kernel(&tile, &epilogue)
            }
            if let failure = layer.difference(found, expected) {
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
