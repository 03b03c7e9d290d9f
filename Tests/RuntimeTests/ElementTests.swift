import ModelFormat
import Testing

@testable import Runtime

@Suite struct ElementTests {
  private static let channelCounts = [1, 3, 16, 17, 63, 64, 65, 100]

  @Test(arguments: 400..<430 as Range<UInt64>)
  func `sums and products equal their definitions`(_ seed: UInt64) throws {
    var builder = NetBuilder(seed: seed)
    let (height, width) = (builder.number(1...5), builder.number(1...5))
    let channels = builder.pick(Self.channelCounts)
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
    let zeros = [first.tensor, second.tensor, target].map { builder.record($0).zeroPoint }
    var expected = Picture(height, width, channels)
    for y in 0..<height {
      for x in 0..<width {
        for c in 0..<channels {
          let a = Int32(first.picture[y, x, c]) - zeros[0]
          let b = Int32(second.picture[isBroadcast ? 0 : y, isBroadcast ? 0 : x, c]) - zeros[1]
          let value =
            isSum
            ? Float(a) * record.multiplierA + Float(b) * record.multiplierB
            : Float(a * b) * record.multiplierA
          expected[y, x, c] = quantized(value, zeros[2], record.clampLow, record.clampHigh)
        }
      }
    }
    try expect(builder, output: target, gives: expected.values, "seed \(seed)")
  }

  @Test(arguments: 500..<512 as Range<UInt64>)
  func `a lookup reads its table`(_ seed: UInt64) throws {
    var builder = NetBuilder(seed: seed)
    let (height, width) = (builder.number(1...5), builder.number(1...5))
    let channels = builder.pick(Self.channelCounts)
    let isPerChannel = builder.pick([true, false])
    let source = builder.operand(height, width, channels)
    let target = builder.tensor(height, width, channels)
    var record = OperatorRecord(.lookup)
    (record.input, record.output) = (source.tensor, target)
    record.flags = isPerChannel ? 1 : 0
    let table = builder.bytes(256 * (isPerChannel ? channels : 1))
    builder.attach(table, to: &record)
    builder.add(record)
    let expected = source.picture.values.enumerated().map { index, value in
      table[(isPerChannel ? index % channels * 256 : 0) + Int(value)]
    }
    try expect(builder, output: target, gives: expected, "seed \(seed)")
  }

  @Test(arguments: 600..<612 as Range<UInt64>)
  func `channels are gathered by index`(_ seed: UInt64) throws {
    var builder = NetBuilder(seed: seed)
    let (height, width) = (builder.number(1...5), builder.number(1...5))
    let (inputs, outputs) = (builder.number(1...40), builder.number(1...40))
    let indices = (0..<outputs).map { _ in UInt32(builder.number(0...(inputs - 1))) }
    var record = OperatorRecord(.gatherChannels)
    builder.attach(indices, to: &record)
    var expected: [UInt8] = []
    if builder.pick([true, false]) {
      let source = builder.operand(height, width, inputs)
      let like = builder.record(source.tensor)
      let target = builder.tensor(
        height,
        width,
        outputs,
        scale: like.scale,
        zeroPoint: like.zeroPoint
      )
      (record.input, record.output) = (source.tensor, target)
      for pixel in 0..<height * width {
        for index in indices {
          expected.append(source.picture.values[pixel * inputs + Int(index)])
        }
      }
    } else {
      let (source, values) = builder.floatOperand(height, width, inputs)
      let target = builder.tensor(height, width, outputs, isFloat: true)
      (record.input, record.output) = (source, target)
      for pixel in 0..<height * width {
        expected += bytes(indices.map { values[pixel * inputs + Int($0)] })
      }
    }
    builder.add(record)
    try expect(builder, output: record.output, gives: expected, "seed \(seed)")
  }

  @Test(arguments: 700..<708 as Range<UInt64>)
  func `bytes become real numbers`(_ seed: UInt64) throws {
    var builder = NetBuilder(seed: seed)
    let (height, width) = (builder.number(1...5), builder.number(1...5))
    let channels = builder.pick(Self.channelCounts)
    let (tensor, values) = builder.floatOperand(height, width, channels)
    try expect(builder, output: tensor, gives: bytes(values), "seed \(seed)")
  }

  @Test(arguments: 800..<812 as Range<UInt64>)
  func `local response normalization equals its definition`(_ seed: UInt64) throws {
    var builder = NetBuilder(seed: seed)
    let (height, width) = (builder.number(1...4), builder.number(1...4))
    let channels = builder.pick([1, 2, 5, 16, 33])
    let source = builder.operand(height, width, channels)
    let target = builder.tensor(height, width, channels)
    var record = OperatorRecord(.localResponseNormalization)
    (record.input, record.output) = (source.tensor, target)
    record.kernelWidth = builder.number(1...9)
    let shift = builder.number(0...8)
    let factors = (0..<4096).map { Float(2) / Float(1 + $0) + Float($0 % 7) / 10 }
    let padding = [UInt32](repeating: 0, count: 15)
    builder.attach([UInt32(shift)] + padding + factors.map { $0.bitPattern }, to: &record)
    builder.add(record)
    let zero = builder.record(source.tensor).zeroPoint
    var expected = Picture(height, width, channels)
    for y in 0..<height {
      for x in 0..<width {
        for c in 0..<channels {
          let from = max(0, c - (record.kernelWidth - 1) / 2)
          let to = min(channels - 1, c + record.kernelWidth / 2)
          let sum = (from...to).reduce(0) {
            let value = Int(source.picture[y, x, $1]) - Int(zero)
            return $0 + value * value
          }
          let value = Float(Int32(source.picture[y, x, c]) - zero)
          expected[y, x, c] = quantized(
            value * factors[min(sum >> shift, 4095)],
            builder.record(target).zeroPoint
          )
        }
      }
    }
    try expect(builder, output: target, gives: expected.values, "seed \(seed)")
  }
}
