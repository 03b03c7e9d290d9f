internal import ModelFormat

extension OperatorSample {
  private static let channelCounts = [1, 3, 16, 17, 63, 64, 65, 100]

  /// Add or multiply, also by a vector of channels.
  static func sumOrProduct(seed: UInt64) -> OperatorSample {
    var builder = NetBuilder(seed: seed)
    let (height, width) = (builder.number(1...5), builder.number(1...5))
    let channels = builder.pick(channelCounts)
    let isBroadcast = builder.pick([true, false])
    let isSum = builder.pick([true, false])
    let first = builder.operand(height, width, channels)
    let second =
      isBroadcast ? builder.operand(1, 1, channels) : builder.operand(height, width, channels)
    let target = builder.tensor(height, width, channels)
    var record = OperatorRecord(isSum ? .add : .multiply)
    (record.input, record.secondInput, record.output) = (first.tensor, second.tensor, target)
    record.flags = isBroadcast ? 1 : 0
    record.multiplierA = Float(builder.number(-2000...2000)) / (isSum ? 1000 : 200_000)
    if isSum { record.multiplierB = Float(builder.number(-2000...2000)) / 1000 }
    (record.clampLow, record.clampHigh) = (Int32(builder.number(0...99)), 220)
    builder.add(record)
    let pictures = [first.picture, second.picture]
    return OperatorSample(builder: builder, record: record, pictures: pictures)
  }

  /// One table, or one a channel.
  static func lookup(seed: UInt64) -> OperatorSample {
    var builder = NetBuilder(seed: seed)
    let (height, width) = (builder.number(1...5), builder.number(1...5))
    let channels = builder.pick(channelCounts)
    let isPerChannel = builder.pick([true, false])
    let source = builder.operand(height, width, channels)
    var record = OperatorRecord(.lookup)
    (record.input, record.output) = (source.tensor, builder.tensor(height, width, channels))
    record.flags = isPerChannel ? 1 : 0
    builder.attach(builder.bytes(256 * (isPerChannel ? channels : 1)), to: &record)
    builder.add(record)
    return OperatorSample(builder: builder, record: record, pictures: [source.picture])
  }

  /// Of bytes or of float32: any channels in any order, two runs in turn, or a few runs.
  static func gatherChannels(seed: UInt64) -> OperatorSample {
    var builder = NetBuilder(seed: seed)
    let (height, width) = (builder.number(1...5), builder.number(1...5))
    let isAny = seed < 612
    let most = isAny ? 40 : 150
    let (inputs, outputs) = (builder.number(1...most), builder.number(1...most))
    var indices: [UInt32] = []
    if isAny {
      for _ in 0..<outputs { indices.append(UInt32(builder.number(0...(inputs - 1)))) }
    } else if seed % 3 == 0 {
      let half = (min(inputs, outputs) + 1) / 2
      let starts = [builder.number(0...(inputs - half)), builder.number(0...(inputs - half))]
      for index in 0..<(2 * half - builder.number(0...1)) {
        indices.append(UInt32(starts[index % 2] + index / 2))
      }
    } else {
      while indices.count < outputs {
        let start = builder.number(0...(inputs - 1))
        indices += (start..<inputs).map { UInt32($0) }
      }
    }
    let isFloat = builder.pick([false, true])
    let operand = operand(&builder, isFloat, height, width, inputs)
    var record = OperatorRecord(.gatherChannels)
    record.input = operand.tensor
    record.output = tensor(&builder, like: operand.tensor, height, width, indices.count)
    builder.attach(indices, to: &record)
    builder.add(record)
    return OperatorSample(
      builder: builder,
      record: record,
      pictures: operand.pictures,
      values: operand.values
    )
  }

  static func dequantize(seed: UInt64) -> OperatorSample {
    var builder = NetBuilder(seed: seed)
    let (height, width) = (builder.number(1...5), builder.number(1...5))
    let operand = builder.operand(height, width, builder.pick(channelCounts))
    let channels = operand.picture.channels
    var record = OperatorRecord(.dequantize)
    record.input = operand.tensor
    record.output = builder.tensor(height, width, channels, isFloat: true)
    builder.add(record)
    return OperatorSample(builder: builder, record: record, pictures: [operand.picture])
  }

  static func localResponseNormalization(seed: UInt64) -> OperatorSample {
    var builder = NetBuilder(seed: seed)
    let (height, width) = (builder.number(1...4), builder.number(1...4))
    let channels = builder.pick([1, 2, 5, 16, 33])
    let source = builder.operand(height, width, channels)
    var record = OperatorRecord(.localResponseNormalization)
    (record.input, record.output) = (source.tensor, builder.tensor(height, width, channels))
    record.kernelWidth = builder.number(1...9)
    // The shift, padding to 64 bytes, and 4096 factors.
    var constants = [UInt32](repeating: 0, count: 16)
    constants[0] = UInt32(builder.number(0...8))
    for index in 0..<4096 {
      constants.append((Float(2) / Float(1 + index) + Float(index % 7) / 10).bitPattern)
    }
    builder.attach(constants, to: &record)
    builder.add(record)
    return OperatorSample(builder: builder, record: record, pictures: [source.picture])
  }

  static func softmax(seed: UInt64) -> OperatorSample {
    var builder = NetBuilder(seed: seed)
    let channels = builder.pick([1, 2, 10, 97, 1000])
    let pixels = builder.pick([1, 3])
    let (source, values) = builder.floatOperand(1, pixels, channels)
    var record = OperatorRecord(.softmax)
    record.input = source
    record.output = builder.tensor(1, pixels, channels, isFloat: true)
    builder.add(record)
    return OperatorSample(builder: builder, record: record, values: values)
  }

  /// An operand of bytes or float32.
  static func operand(
    _ builder: inout NetBuilder,
    _ isFloat: Bool,
    _ height: Int,
    _ width: Int,
    _ channels: Int
  ) -> (tensor: Int, pictures: [Picture], values: [Float]) {
    guard isFloat else {
      let (tensor, picture) = builder.operand(height, width, channels)
      return (tensor, [picture], [])
    }
    let (tensor, values) = builder.floatOperand(height, width, channels)
    return (tensor, [], values)
  }

  /// A target quantized like `source`.
  static func tensor(
    _ builder: inout NetBuilder,
    like source: Int,
    _ height: Int,
    _ width: Int,
    _ channels: Int
  ) -> Int {
    let record = builder.record(source)
    return builder.tensor(
      height,
      width,
      channels,
      isFloat: record.elementType == .float32,
      scale: record.scale,
      zeroPoint: record.zeroPoint
    )
  }
}
