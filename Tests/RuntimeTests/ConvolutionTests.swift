import ModelFormat
import Testing

@testable import Runtime

@Suite struct ConvolutionTests {
  @Test(arguments: 0..<40 as Range<UInt64>)
  func `a convolution equals its definition`(_ seed: UInt64) throws {
    var builder = NetBuilder(seed: seed)
    var shape = RandomConvolution()
    shape.groups = builder.pick([1, 1, 1, 1, 2, 3])
    shape.inputs = shape.groups * builder.pick([1, 2, 3, 4, 5, 8, 16, 17])
    shape.outputs = shape.groups * builder.pick([1, 2, 5, 15, 16, 17, 31, 33, 64, 65])
    shape.kernel = builder.pick([(1, 1), (1, 1), (3, 3), (2, 2), (1, 5), (5, 1), (3, 2)])
    shape.stride = builder.pick([(1, 1), (2, 2), (1, 2), (3, 1)])
    shape.dilation = builder.pick([(1, 1), (1, 1), (2, 2), (1, 3)])
    shape.pad = builder.pick([(0, 0), (1, 1), (2, 0), (0, 3)])
    shape.input = (builder.number(1...9), builder.number(1...9))
    shape.output = (builder.number(1...6), builder.number(1...7))
    shape.isFloat = builder.pick([false, false, false, true])
    shape.hasResidual = !shape.isFloat && builder.pick([true, false])
    let (tensor, expected) = shape.add(to: &builder)
    try expect(builder, output: tensor, gives: expected, "seed \(seed), \(shape)")
  }

  @Test(arguments: 100..<130 as Range<UInt64>)
  func `a depthwise convolution equals its definition`(_ seed: UInt64) throws {
    var builder = NetBuilder(seed: seed)
    var shape = RandomConvolution()
    shape.isDepthwise = true
    shape.inputs = builder.pick([1, 2, 3, 8, 15, 16, 17, 31, 32, 63, 64, 65, 97])
    (shape.groups, shape.outputs) = (shape.inputs, shape.inputs)
    shape.kernel = builder.pick([(1, 1), (3, 3), (3, 3), (5, 5), (2, 3), (1, 7)])
    shape.stride = builder.pick([(1, 1), (2, 2), (1, 2)])
    shape.dilation = builder.pick([(1, 1), (1, 1), (2, 2)])
    shape.pad = builder.pick([(0, 0), (1, 1), (2, 2)])
    shape.input = (builder.number(1...8), builder.number(1...8))
    shape.output = (builder.number(1...5), builder.number(1...6))
    shape.hasResidual = builder.pick([true, false, false])
    let (tensor, expected) = shape.add(to: &builder)
    try expect(builder, output: tensor, gives: expected, "seed \(seed), \(shape)")
  }

  @Test func `a fully connected layer covers its input`() throws {
    var builder = NetBuilder(seed: 7)
    var shape = RandomConvolution()
    (shape.inputs, shape.outputs) = (5, 150)
    (shape.input, shape.kernel) = ((3, 4), (3, 4))
    shape.isFloat = true
    let (tensor, expected) = shape.add(to: &builder)
    try expect(builder, output: tensor, gives: expected)
  }

  @Test func `weights beyond one sweep are taken in turns`() throws {
    var builder = NetBuilder(seed: 8)
    var shape = RandomConvolution()
    // 9 × 64 steps × 64 bytes = 36 KB a block: a sweep holds 4 of the 10 blocks.
    (shape.inputs, shape.outputs) = (256, 150)
    (shape.kernel, shape.pad) = ((3, 3), (1, 1))
    (shape.input, shape.output) = ((2, 3), (2, 3))
    let (tensor, expected) = shape.add(to: &builder)
    try expect(builder, output: tensor, gives: expected)
  }
}
