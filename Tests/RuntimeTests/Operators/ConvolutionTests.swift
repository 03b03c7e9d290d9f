import Conformance
import ModelFormat
import Testing

@testable import Runtime

@Suite struct ConvolutionTests {
  /// The loops that define a convolution, over weights in plain order.
  private func definition(_ sample: OperatorSample) throws -> [UInt8] {
    let (shape, added) = try #require(sample.convolution)
    let record = sample.record
    var bytesOut: [UInt8] = []
    var floatsOut: [Float] = []
    for y in 0..<shape.output.y {
      for x in 0..<shape.output.x {
        for channel in 0..<shape.outputs {
          let slot = shape.slot(channel)
          let sum = added.bias[slot] + products(y, x, channel, shape, added)
          var value = Float(sum) * added.multiplier[slot]
          if shape.isFloat {
            floatsOut.append(value)
            continue
          }
          if let residual = added.residual {
            let zero = sample.builder.record(record.secondInput).zeroPoint
            value += Float(Int32(residual[y, x, channel]) - zero) * record.multiplierA
          }
          let zero = sample.output.zeroPoint
          bytesOut.append(quantized(value, zero, record.clampLow, record.clampHigh))
        }
      }
    }
    return shape.isFloat ? bytes(floatsOut) : bytesOut
  }

  private func products(
    _ y: Int,
    _ x: Int,
    _ channel: Int,
    _ shape: RandomConvolution,
    _ added: RandomConvolution.Added
  ) -> Int32 {
    let group = channel / (shape.outputs / shape.groups)
    var total: Int32 = 0
    for ky in 0..<shape.kernel.y {
      for kx in 0..<shape.kernel.x {
        let iy = y * shape.stride.y - shape.pad.y + ky * shape.dilation.y
        let ix = x * shape.stride.x - shape.pad.x + kx * shape.dilation.x
        let isInside = (0..<shape.input.y).contains(iy) && (0..<shape.input.x).contains(ix)
        for from in 0..<shape.depth {
          let c = group * shape.depth + from
          let padding = UInt8(truncatingIfNeeded: added.record.padPixel >> UInt32(c % 4 * 8))
          let value = isInside ? added.picture[iy, ix, c] : padding
          let tap = ky * shape.kernel.x + kx
          let weight = added.weights[(channel * shape.taps + tap) * shape.depth + from]
          total += Int32(value) * Int32(weight)
        }
      }
    }
    return total
  }

  @Test(arguments: 0..<SampleKind.convolution.count)
  func `a convolution equals its definition`(_ index: Int) throws {
    let sample = SampleKind.convolution.sample(index)
    try expect(sample, gives: definition(sample))
  }

  @Test(arguments: 0..<SampleKind.singleChannelConvolution.count)
  func `a convolution of one channel equals its definition`(_ index: Int) throws {
    let sample = SampleKind.singleChannelConvolution.sample(index)
    try expect(sample, gives: definition(sample))
  }

  @Test(arguments: 0..<SampleKind.colorConvolution.count)
  func `a convolution of an image equals its definition`(_ index: Int) throws {
    let sample = SampleKind.colorConvolution.sample(index)
    try expect(sample, gives: definition(sample))
  }

  @Test(arguments: 0..<SampleKind.narrowConvolution.count)
  func `a convolution of few channels equals its definition`(_ index: Int) throws {
    let sample = SampleKind.narrowConvolution.sample(index)
    try expect(sample, gives: definition(sample))
  }

  @Test(arguments: 0..<SampleKind.deepConvolution.count)
  func `a convolution of many channels equals its definition`(_ index: Int) throws {
    let sample = SampleKind.deepConvolution.sample(index)
    try expect(sample, gives: definition(sample))
  }

  /// Sums that fit 16 bits everywhere but in the windows of one row.
  @Test(arguments: 0..<SampleKind.deepConvolution.count)
  func `great inputs are seen in whatever row they are`(_ index: Int) throws {
    let sample = SampleKind.deepConvolution.sample(index)
    let (shape, added) = try #require(sample.convolution)
    for row in 0..<shape.input.y {
      var (changed, other) = (sample, added)
      for x in 0..<shape.input.x {
        for c in 0..<shape.inputs {
          for y in 0..<shape.input.y { other.picture[y, x, c] = y == row ? 255 : 1 }
        }
      }
      changed.convolution = (shape, other)
      changed.builder.operands[0].picture = other.picture
      try expect(changed, gives: definition(changed))
    }
  }

  @Test(arguments: 0..<SampleKind.depthwise.count)
  func `a depthwise convolution equals its definition`(_ index: Int) throws {
    let sample = SampleKind.depthwise.sample(index)
    try expect(sample, gives: definition(sample))
  }

  @Test func `a fully connected layer covers its input`() throws {
    let sample = SampleKind.fullyConnected.sample(0)
    try expect(sample, gives: definition(sample))
  }

  @Test(arguments: 0..<SampleKind.winograd.count)
  func `a wide convolution of 3 x 3 equals its definition`(_ index: Int) throws {
    let sample = SampleKind.winograd.sample(index)
    try expect(sample, gives: definition(sample))
  }

  @Test func `weights beyond one sweep are taken in turns`() throws {
    let sample = SampleKind.longConvolution.sample(0)
    try expect(sample, gives: definition(sample))
  }

  @Test func `a pixel may have more inputs than the first level cache holds`() throws {
    var shape = RandomConvolution()
    (shape.inputs, shape.outputs) = (30_000, 17)
    (shape.kernel, shape.pad) = ((1, 1), (0, 0))
    shape.input = (1, 2)
    shape.output = shape.input
    let sample = OperatorSample(shape, NetBuilder(seed: 6))
    try expect(sample, gives: definition(sample))
  }

  @Test(arguments: [(7, 7, 5, 140), (13, 5, 17, 64), (25, 5, 64, 20), (3, 3, 33, 200)], [1, 3])
  func `threads divide odd images with residuals`(
    _ sizes: (height: Int, width: Int, inputs: Int, outputs: Int),
    _ side: Int
  ) throws {
    var shape = RandomConvolution()
    (shape.inputs, shape.outputs) = (sizes.inputs, sizes.outputs)
    (shape.kernel, shape.pad) = ((side, side), (side / 2, side / 2))
    shape.input = (sizes.height, sizes.width)
    shape.output = shape.input
    shape.hasResidual = true
    let sample = OperatorSample(shape, NetBuilder(seed: 5))
    try expect(sample, gives: definition(sample))
  }
}
