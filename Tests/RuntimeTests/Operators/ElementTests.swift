import Conformance
import ModelFormat
import Testing

@testable import Runtime

@Suite struct ElementTests {
  @Test(arguments: 0..<SampleKind.sumOrProduct.count)
  func `sums and products equal their definitions`(_ index: Int) throws {
    let sample = SampleKind.sumOrProduct.sample(index)
    let (record, first, second) = (sample.record, sample.pictures[0], sample.pictures[1])
    let isBroadcast = record.flags == 1
    let zeros = [record.input, record.secondInput].map { sample.builder.record($0).zeroPoint }
    var expected = Picture(first.height, first.width, first.channels)
    for y in 0..<first.height {
      for x in 0..<first.width {
        for c in 0..<first.channels {
          let a = Int32(first[y, x, c]) - zeros[0]
          let b = Int32(second[isBroadcast ? 0 : y, isBroadcast ? 0 : x, c]) - zeros[1]
          let value =
            record.kind == .add
            ? Float(a) * record.multiplierA + Float(b) * record.multiplierB
            : Float(a * b) * record.multiplierA
          let zero = sample.output.zeroPoint
          expected[y, x, c] = quantized(value, zero, record.clampLow, record.clampHigh)
        }
      }
    }
    try expect(sample, gives: expected.values)
  }

  @Test(arguments: 0..<SampleKind.lookup.count)
  func `a lookup reads its table`(_ index: Int) throws {
    let sample = SampleKind.lookup.sample(index)
    let picture = sample.pictures[0]
    let table = sample.constants(as: UInt8.self)
    let isPerChannel = sample.record.flags == 1
    #expect(table.count == 256 * (isPerChannel ? picture.channels : 1))
    let expected = picture.values.enumerated().map { index, value in
      table[(isPerChannel ? index % picture.channels * 256 : 0) + Int(value)]
    }
    try expect(sample, gives: expected)
  }

  @Test(arguments: 0..<SampleKind.gatherChannels.count)
  func `channels are gathered by index`(_ index: Int) throws {
    let sample = SampleKind.gatherChannels.sample(index)
    let indices = sample.constants(as: UInt32.self)
    let (pixels, inputs) = (sample.input.height * sample.input.width, sample.input.channels)
    func gathered<Element>(_ values: [Element]) -> [Element] {
      (0..<pixels).flatMap { pixel in indices.map { values[pixel * inputs + Int($0)] } }
    }
    let expected =
      if let picture = sample.pictures.first { gathered(picture.values) } else {
        bytes(gathered(sample.values))
      }
    try expect(sample, gives: expected)
  }

  @Test(arguments: 0..<SampleKind.dequantize.count)
  func `bytes become real numbers`(_ index: Int) throws {
    let sample = SampleKind.dequantize.sample(index)
    let (scale, zero) = (sample.input.scale, sample.input.zeroPoint)
    let expected = sample.pictures[0].values.map { Float(Int32($0) - zero) * scale }
    try expect(sample, gives: bytes(expected))
  }

  @Test(arguments: 0..<SampleKind.localResponseNormalization.count)
  func `local response normalization equals its definition`(_ index: Int) throws {
    let sample = SampleKind.localResponseNormalization.sample(index)
    let (record, picture) = (sample.record, sample.pictures[0])
    let constants = sample.constants(as: UInt32.self)
    let (shift, factors) = (Int(constants[0]), constants[16...].map { Float(bitPattern: $0) })
    let zero = sample.input.zeroPoint
    var expected = Picture(picture.height, picture.width, picture.channels)
    for y in 0..<picture.height {
      for x in 0..<picture.width {
        for c in 0..<picture.channels {
          let from = max(0, c - (record.kernelWidth - 1) / 2)
          let to = min(picture.channels - 1, c + record.kernelWidth / 2)
          let sum = (from...to).reduce(0) {
            let value = Int(picture[y, x, $1]) - Int(zero)
            return $0 + value * value
          }
          let value = Float(Int32(picture[y, x, c]) - zero)
          expected[y, x, c] = quantized(
            value * factors[min(sum >> shift, 4095)],
            sample.output.zeroPoint
          )
        }
      }
    }
    try expect(sample, gives: expected.values)
  }
}
