internal import ModelFormat

/// Operators one or more of whose tensors are u8.8.
extension OperatorSample {
  private static let channelCounts = [1, 3, 4, 15, 16, 17, 33, 64, 65]

  static func wideConvolution(seed: UInt64, isDepthwise: Bool) -> OperatorSample {
    var builder = NetBuilder(seed: seed)
    var shape = RandomConvolution()
    shape.isDepthwise = isDepthwise
    if isDepthwise {
      shape.inputs = builder.pick(channelCounts)
      (shape.groups, shape.outputs) = (shape.inputs, shape.inputs)
    } else {
      shape.groups = builder.pick([1, 1, 1, 2, 3])
      shape.inputs = shape.groups * builder.pick([1, 3, 4, 5, 16, 17])
      shape.outputs = shape.groups * builder.pick([1, 5, 15, 16, 33, 65])
    }
    shape.kernel = builder.pick([(1, 1), (3, 3), (3, 3), (2, 2), (1, 5)])
    shape.stride = builder.pick([(1, 1), (2, 2), (1, 2)])
    shape.dilation = builder.pick([(1, 1), (1, 1), (2, 2)])
    shape.pad = builder.pick([(0, 0), (1, 1), (2, 0), (0, 3)])
    shape.input = (builder.number(1...8), builder.number(1...8))
    shape.output = (builder.number(1...5), builder.number(1...6))
    shape.hasResidual = builder.pick([true, false])
    let (input, residual) = (builder.pick([true, true, false]), builder.pick([true, false]))
    shape.isFloat = !isDepthwise && !shape.hasResidual && input && builder.pick([true, false])
    let output = !shape.isFloat && (!input || builder.pick([true, false]))
    shape.wide = (input, residual, output)
    var sample = OperatorSample(shape, builder)
    sample.numbers = sample.convolution?.added.numbers ?? []
    return sample.endingInFloats
  }

  static func wideAveragePool(seed: UInt64) -> OperatorSample {
    var builder = NetBuilder(seed: seed)
    let channels = builder.pick(channelCounts)
    let (height, width) = (builder.number(1...11), builder.number(1...11))
    let isWide = builder.pick([true, true, false])
    let source = builder.numberOperand(height, width, channels, isWide: isWide)
    let size = Picture(height, width, channels)
    var (record, rows, columns) = window(&builder, .averagePool, size)
    record.input = source.tensor
    let writesWide = !isWide || builder.pick([true, false])
    record.output = builder.tensor(rows, columns, channels, isWide: writesWide)
    record.multiplierA = Float(builder.number(1...2000)) / 700
    record.flags = UInt32(builder.number(0...1))
    (record.clampLow, record.clampHigh) = (Int32(builder.number(0...30)), builder.pick([200, 255]))
    let (bottom, right) = (builder.number(0...3), builder.number(0...3))
    builder.attach([UInt32(bottom << 16 | right)], to: &record)
    builder.add(record)
    return OperatorSample(builder: builder, record: record, numbers: [source.numbers])
      .endingInFloats
  }

  static func wideSumOrProduct(seed: UInt64) -> OperatorSample {
    var builder = NetBuilder(seed: seed)
    let (height, width) = (builder.number(1...5), builder.number(1...5))
    let channels = builder.pick(channelCounts)
    let isBroadcast = builder.pick([true, false])
    let isSum = builder.pick([true, false])
    let areWide = builder.pick([(true, true), (true, false), (false, true), (false, false)])
    let first = builder.numberOperand(height, width, channels, isWide: areWide.0)
    let second = builder.numberOperand(
      isBroadcast ? 1 : height,
      isBroadcast ? 1 : width,
      channels,
      isWide: areWide.1
    )
    let writesWide = areWide == (false, false) || builder.pick([true, false])
    let target = builder.tensor(height, width, channels, isWide: writesWide)
    var record = OperatorRecord(isSum ? .add : .multiply)
    (record.input, record.secondInput, record.output) = (first.tensor, second.tensor, target)
    record.flags = isBroadcast ? 1 : 0
    record.multiplierA = Float(builder.number(-2000...2000)) / (isSum ? 1000 : 200_000)
    if isSum { record.multiplierB = Float(builder.number(-2000...2000)) / 1000 }
    (record.clampLow, record.clampHigh) = (Int32(builder.number(0...99)), builder.pick([220, 255]))
    builder.add(record)
    let numbers = [first.numbers, second.numbers]
    return OperatorSample(builder: builder, record: record, numbers: numbers).endingInFloats
  }

  static func wideLookup(seed: UInt64) -> OperatorSample {
    var builder = NetBuilder(seed: seed)
    let (height, width) = (builder.number(1...5), builder.number(1...5))
    let channels = builder.pick(channelCounts)
    let source = builder.numberOperand(height, width, channels, isWide: true)
    var record = OperatorRecord(.lookup)
    record.input = source.tensor
    record.output = builder.tensor(height, width, channels, isWide: builder.pick([true, false]))
    var table: [UInt16] = []
    for _ in 0...256 { table.append(UInt16(builder.number(0...65535))) }
    builder.attach(table, to: &record)
    builder.add(record)
    return OperatorSample(builder: builder, record: record, numbers: [source.numbers])
      .endingInFloats
  }

  /// With a dequantization behind a u8.8 output, which no network may end in.
  private var endingInFloats: OperatorSample {
    guard output.elementType == .wide else { return self }
    var sample = self
    var last = OperatorRecord(.dequantize)
    last.input = record.output
    last.output = sample.builder.tensor(
      output.height,
      output.width,
      output.channels,
      isFloat: true
    )
    sample.builder.add(last)
    sample.result = last.output
    return sample
  }
}
