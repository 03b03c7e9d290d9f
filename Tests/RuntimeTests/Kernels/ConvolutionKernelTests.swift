import CKernels
import Testing

/// Every kernel set against the definition, with `==`.
@Suite struct ConvolutionKernelTests {
  struct Shape: Sendable, CustomTestStringConvertible {
    let taps: Int
    let k4: Int
    var testDescription: String { "\(taps) taps of \(k4) fours" }
  }

  static let shapes = [
    Shape(taps: 1, k4: 1), Shape(taps: 1, k4: 2), Shape(taps: 1, k4: 5), Shape(taps: 1, k4: 17),
    Shape(taps: 9, k4: 1), Shape(taps: 9, k4: 5), Shape(taps: 9, k4: 16), Shape(taps: 25, k4: 2),
    Shape(taps: 3, k4: 7), Shape(taps: 7, k4: 3),
  ]
  static let channelCounts = [1, 3, 15, 16, 17, 31, 43, 63, 64, 65, 128, 130]

  @Test(arguments: shapes, KernelValues.allCases)
  func `a tile of any size equals the definition`(shape: Shape, values: KernelValues) {
    let layer = KernelLayer(
      .convolution,
      values,
      taps: shape.taps,
      k4: shape.k4,
      pixels: Int(CK_MAX_TILE),
      channels: 130
    )
    for set in KernelSet.supported {
      for pixels in 1...set.table.pointee.tile {
        for (i, channels) in Self.channelCounts.enumerated() {
          // Either of both epilogues for every pair of pixels and channels over the shapes.
          let residual = (pixels + i + shape.taps + shape.k4) % 3 == 0
          layer.check(set, pixels: pixels, channels: channels, residual: residual)
        }
        layer.checkFloats(
          set,
          pixels: pixels,
          channels: Self.channelCounts[pixels % Self.channelCounts.count]
        )
      }
    }
  }

  @Test(arguments: KernelSet.supported, channelCounts)
  func `weights and constants are read to the end of their last block only`(
    set: KernelSet,
    channels: Int
  ) {
    let tile = set.table.pointee.tile
    let layer = KernelLayer(.convolution, .mixed, taps: 4, k4: 3, pixels: tile, channels: channels)
    layer.check(set, pixels: tile, channels: channels, residual: true)
    layer.check(set, pixels: 1, channels: channels, residual: false)
    layer.checkFloats(set, pixels: tile, channels: channels)
  }
}

/// Every kernel set against the definition, with `==`.
@Suite struct DepthwiseKernelTests {
  @Test(arguments: [1, 2, 3, 4, 7, 9, 25, 29, 49, 57], KernelValues.allCases)
  func `a tile of any size equals the definition`(taps: Int, values: KernelValues) {
    let layer = KernelLayer(
      .depthwise,
      values,
      taps: taps,
      pixels: Int(CK_MAX_TILE),
      channels: 130
    )
    for set in KernelSet.supported {
      for pixels in [1, 2, 3, 7, set.table.pointee.depthwise_tile] {
        for (i, channels) in ConvolutionKernelTests.channelCounts.enumerated() {
          let residual = (pixels + i + taps) % 3 == 0
          layer.check(set, pixels: pixels, channels: channels, residual: residual)
        }
      }
    }
  }

  @Test(arguments: KernelSet.supported, ConvolutionKernelTests.channelCounts)
  func `rows are read to the next multiple of 64 channels only`(set: KernelSet, channels: Int) {
    for taps in [1, 2, 3, 9, 29] {
      let layer = KernelLayer(.depthwise, .mixed, taps: taps, pixels: 3, channels: channels)
      layer.check(set, pixels: 3, channels: channels, residual: false)
    }
  }
}
