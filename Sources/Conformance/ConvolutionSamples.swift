internal import ModelFormat

extension OperatorSample {
  /// A convolution of `shape`, its parameters drawn from `builder`.
  package init(_ shape: RandomConvolution, _ builder: NetBuilder) {
    var builder = builder
    let added = shape.add(to: &builder)
    self.init(builder: builder, record: added.record, pictures: [added.picture])
    convolution = (shape, added)
  }

  static func convolution(seed: UInt64) -> OperatorSample {
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
    return OperatorSample(shape, builder)
  }

  /// Of one channel, to bytes, windows of up to 49 taps.
  static func singleChannelConvolution(seed: UInt64) -> OperatorSample {
    var builder = NetBuilder(seed: seed)
    var shape = RandomConvolution()
    shape.outputs = builder.pick([1, 5, 16, 17, 33, 64, 65])
    shape.kernel = builder.pick([(10, 4), (5, 5), (3, 3), (1, 9), (7, 7), (2, 2), (1, 17), (4, 1)])
    shape.stride = builder.pick([(1, 1), (2, 2), (1, 2), (3, 1)])
    shape.pad = builder.pick([(0, 0), (1, 1), (2, 0), (0, 3)])
    shape.input = (builder.number(1...15), builder.number(1...15))
    shape.output = (builder.number(1...9), builder.number(1...9))
    return OperatorSample(shape, builder)
  }

  /// Of up to three channels, rows of 16 pixels and more.
  static func colorConvolution(seed: UInt64) -> OperatorSample {
    var builder = NetBuilder(seed: seed)
    var shape = RandomConvolution()
    shape.inputs = builder.pick([2, 3, 3, 3])
    shape.outputs = builder.pick([1, 8, 16, 17, 24, 32])
    shape.kernel = builder.pick([(3, 3), (5, 5), (7, 7), (1, 1), (2, 4)])
    shape.stride = builder.pick([(1, 1), (2, 2), (2, 1), (3, 2)])
    shape.pad = builder.pick([(0, 0), (1, 1), (2, 0), (0, 3)])
    shape.input = (builder.number(1...9), builder.number(16...40))
    shape.output = (builder.number(1...6), builder.number(16...35))
    return OperatorSample(shape, builder)
  }

  /// Of few channels, rows of 7 pixels and more.
  static func narrowConvolution(seed: UInt64) -> OperatorSample {
    var builder = NetBuilder(seed: seed)
    var shape = RandomConvolution()
    shape.inputs = builder.pick([4, 8, 12, 16, 31])
    shape.outputs = builder.pick([8, 16, 24, 33, 48, 64])
    shape.kernel = builder.pick([(1, 1), (1, 1), (3, 3), (2, 2), (1, 5)])
    shape.stride = builder.pick([(1, 1), (2, 2), (1, 2)])
    shape.pad = shape.kernel == (1, 1) ? (0, 0) : builder.pick([(0, 0), (1, 1), (0, 2)])
    shape.input = (builder.number(2...9), builder.number(12...33))
    shape.output =
      shape.kernel == (1, 1) && shape.stride == (1, 1)
      ? shape.input : (builder.number(2...6), builder.number(7...31))
    shape.hasResidual = builder.pick([true, false])
    return OperatorSample(shape, builder)
  }

  /// Of many channels, inputs about zero or about 128, more pixels than a span of `ByteConvolution` has.
  static func deepConvolution(seed: UInt64) -> OperatorSample {
    var builder = NetBuilder(seed: seed)
    var shape = RandomConvolution()
    shape.inputs = builder.pick([48, 64, 67, 90])
    shape.outputs = builder.pick([16, 33, 48, 49, 64])
    shape.kernel = builder.pick([(1, 1), (1, 1), (3, 3)])
    shape.stride = shape.kernel == (1, 1) ? builder.pick([(1, 1), (1, 1), (2, 2)]) : (2, 2)
    shape.pad = shape.kernel == (1, 1) ? (0, 0) : (1, 1)
    shape.input = (builder.number(7...17), builder.number(9...17))
    shape.output =
      shape.stride == (1, 1) ? shape.input : ((shape.input.y + 1) / 2, (shape.input.x + 1) / 2)
    shape.hasResidual = builder.pick([true, false])
    shape.zeroPoint = builder.pick([0, 3, 128])
    return OperatorSample(shape, builder)
  }

  static func depthwise(seed: UInt64) -> OperatorSample {
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
    return OperatorSample(shape, builder)
  }

  /// A kernel that covers its input.
  static func fullyConnected(seed: UInt64) -> OperatorSample {
    var shape = RandomConvolution()
    (shape.inputs, shape.outputs) = (5, 150)
    (shape.input, shape.kernel) = ((3, 4), (3, 4))
    shape.isFloat = true
    return OperatorSample(shape, NetBuilder(seed: seed))
  }

  /// 3 × 3 with channels and pixels enough for Winograd's products.
  static func winograd(seed: UInt64) -> OperatorSample {
    var builder = NetBuilder(seed: seed)
    var shape = RandomConvolution()
    shape.inputs = builder.pick([48, 64, 67, 130])
    shape.outputs = builder.pick([16, 32, 49, 64, 97])
    (shape.kernel, shape.pad) = ((3, 3), builder.pick([(0, 0), (1, 1), (2, 0), (0, 2)]))
    shape.input = (builder.number(7...13), builder.number(7...13))
    shape.output = (builder.number(7...12), builder.number(7...13))
    shape.hasResidual = builder.pick([true, false])
    return OperatorSample(shape, builder)
  }

  /// Weights of 9 × 64 steps × 64 bytes = 36 KB a block: a sweep over the pixels holds 4 of the 10 blocks.
  static func longConvolution(seed: UInt64) -> OperatorSample {
    var shape = RandomConvolution()
    (shape.inputs, shape.outputs) = (256, 150)
    (shape.kernel, shape.pad) = ((3, 3), (1, 1))
    (shape.input, shape.output) = ((2, 3), (2, 3))
    return OperatorSample(shape, NetBuilder(seed: seed))
  }
}
