internal import ModelFormat

extension OperatorSample {
  static func maxPool(seed: UInt64) -> OperatorSample {
    var builder = NetBuilder(seed: seed)
    let (source, picture) = operand(&builder)
    var (record, height, width) = window(&builder, .maxPool, picture)
    let same = builder.record(source)
    let target = builder.tensor(
      height,
      width,
      picture.channels,
      scale: same.scale,
      zeroPoint: same.zeroPoint
    )
    (record.input, record.output) = (source, target)
    builder.add(record)
    return OperatorSample(builder: builder, record: record, pictures: [picture])
  }

  static func averagePool(seed: UInt64) -> OperatorSample {
    var builder = NetBuilder(seed: seed)
    let (source, picture) = operand(&builder)
    var (record, height, width) = window(&builder, .averagePool, picture)
    (record.input, record.output) = (source, builder.tensor(height, width, picture.channels))
    record.multiplierA = Float(builder.number(1...2000)) / 700
    record.flags = UInt32(builder.number(0...1))
    let (bottom, right) = (builder.number(0...3), builder.number(0...3))
    builder.attach([UInt32(bottom << 16 | right)], to: &record)
    builder.add(record)
    return OperatorSample(builder: builder, record: record, pictures: [picture])
  }

  /// The average of a whole image.
  package static func wholeAverage(
    seed: UInt64,
    height: Int,
    width: Int,
    channels: Int
  ) -> OperatorSample {
    var builder = NetBuilder(seed: seed)
    let (source, picture) = builder.operand(height, width, channels)
    var record = OperatorRecord(.averagePool)
    (record.kernelHeight, record.kernelWidth) = (height, width)
    (record.input, record.output) = (source, builder.tensor(1, 1, channels))
    record.multiplierA = Float(builder.number(1...2000)) / 700
    builder.attach([UInt32(0)], to: &record)
    builder.add(record)
    return OperatorSample(builder: builder, record: record, pictures: [picture])
  }

  private static func operand(_ builder: inout NetBuilder) -> (tensor: Int, picture: Picture) {
    let channels = builder.pick([1, 3, 16, 17, 63, 64, 65])
    let height = builder.number(1...11)
    return builder.operand(height, builder.number(1...11), channels)
  }

  /// A record whose every window touches an input of `input`'s height and width.
  static func window(
    _ builder: inout NetBuilder,
    _ kind: OperatorKind,
    _ input: Picture
  ) -> (OperatorRecord, height: Int, width: Int) {
    var record = OperatorRecord(kind)
    func axis(_ extent: Int) -> (kernel: Int, stride: Int, dilation: Int, pad: Int, outputs: Int) {
      let kernel = builder.number(1...9)
      let stride = builder.number(1...3)
      let dilation = kernel <= 3 ? builder.number(1...2) : 1
      let pad = dilation == 1 ? builder.number(0...(kernel - 1)) : 0
      let most = builder.number(1...6)
      var outputs = 1
      while outputs < most, outputs * stride - pad < extent { outputs += 1 }
      return (kernel, stride, dilation, pad, outputs)
    }
    let (y, x) = (axis(input.height), axis(input.width))
    (record.kernelHeight, record.strideY, record.dilationY, record.padTop) =
      (y.kernel, y.stride, y.dilation, y.pad)
    (record.kernelWidth, record.strideX, record.dilationX, record.padLeft) =
      (x.kernel, x.stride, x.dilation, x.pad)
    return (record, y.outputs, x.outputs)
  }
}
