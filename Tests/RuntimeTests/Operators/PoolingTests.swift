import Conformance
import ModelFormat
import Testing

@testable import Runtime

@Suite struct PoolingTests {
  /// All taps of an output pixel's window, inside the input or not.
  private func taps(_ record: OperatorRecord, _ y: Int, _ x: Int) -> [(y: Int, x: Int)] {
    var taps: [(y: Int, x: Int)] = []
    for ky in 0..<record.kernelHeight {
      for kx in 0..<record.kernelWidth {
        taps.append(
          (
            y * record.strideY - record.padTop + ky * record.dilationY,
            x * record.strideX - record.padLeft + kx * record.dilationX
          )
        )
      }
    }
    return taps
  }

  private func inside(_ taps: [(y: Int, x: Int)], _ input: Picture) -> [(y: Int, x: Int)] {
    taps.filter { (0..<input.height).contains($0.y) && (0..<input.width).contains($0.x) }
  }

  @Test(arguments: 0..<SampleKind.maxPool.count)
  func `maximum pooling equals its definition`(_ index: Int) throws {
    let sample = SampleKind.maxPool.sample(index)
    let (picture, output) = (sample.pictures[0], sample.output)
    var expected = Picture(output.height, output.width, output.channels)
    for y in 0..<output.height {
      for x in 0..<output.width {
        let taps = inside(taps(sample.record, y, x), picture)
        for c in 0..<output.channels {
          expected[y, x, c] = taps.map { picture[$0.y, $0.x, c] }.max() ?? 0
        }
      }
    }
    try expect(sample, gives: expected.values)
  }

  @Test(arguments: 0..<SampleKind.averagePool.count)
  func `average pooling equals its definition`(_ index: Int) throws {
    try expectAverages(SampleKind.averagePool.sample(index))
  }

  @Test(arguments: [4, 8, 12, 16, 32, 64], [(1, 1), (5, 7), (12, 16), (31, 9)])
  func `the average of a whole image equals its definition`(
    _ channels: Int,
    _ size: (height: Int, width: Int)
  ) throws {
    try expectAverages(
      .wholeAverage(
        seed: UInt64(channels * size.width),
        height: size.height,
        width: size.width,
        channels: channels
      )
    )
  }

  private func expectAverages(_ sample: OperatorSample) throws {
    let (record, picture, output) = (sample.record, sample.pictures[0], sample.output)
    let padding = sample.constants(as: UInt32.self)[0]
    let (bottom, right) = (Int(padding >> 16), Int(padding & 0xffff))
    var expected = Picture(output.height, output.width, output.channels)
    for y in 0..<output.height {
      for x in 0..<output.width {
        let all = taps(record, y, x)
        let inside = inside(all, picture)
        let padded = all.filter { $0.y < picture.height + bottom && $0.x < picture.width + right }
        let count = record.flags == 1 ? padded.count : inside.count
        for c in 0..<output.channels {
          let sum = inside.reduce(Int32(0)) {
            $0 + Int32(picture[$1.y, $1.x, c]) - sample.input.zeroPoint
          }
          let value = Float(sum) * (record.multiplierA / Float(count))
          expected[y, x, c] = quantized(value, output.zeroPoint)
        }
      }
    }
    try expect(sample, gives: expected.values)
  }
}
