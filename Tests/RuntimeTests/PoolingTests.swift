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

  /// A record whose every window touches the input.
  private func window(
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

  @Test(arguments: 200..<230 as Range<UInt64>)
  func `maximum pooling equals its definition`(_ seed: UInt64) throws {
    var builder = NetBuilder(seed: seed)
    let channels = builder.pick([1, 3, 16, 17, 63, 64, 65])
    let extents = (builder.number(1...11), builder.number(1...11))
    let (source, picture) = builder.operand(extents.0, extents.1, channels)
    var (record, height, width) = window(&builder, .maxPool, picture)
    let same = builder.record(source)
    let target = builder.tensor(
      height,
      width,
      channels,
      scale: same.scale,
      zeroPoint: same.zeroPoint
    )
    (record.input, record.output) = (source, target)
    builder.add(record)
    var expected = Picture(height, width, channels)
    for y in 0..<height {
      for x in 0..<width {
        let taps = inside(taps(record, y, x), picture)
        for c in 0..<channels {
          expected[y, x, c] = taps.map { picture[$0.y, $0.x, c] }.max() ?? 0
        }
      }
    }
    try expect(builder, output: target, gives: expected.values, "seed \(seed), \(record)")
  }

  @Test(arguments: 300..<330 as Range<UInt64>)
  func `average pooling equals its definition`(_ seed: UInt64) throws {
    var builder = NetBuilder(seed: seed)
    let channels = builder.pick([1, 3, 16, 17, 63, 64, 65])
    let extents = (builder.number(1...11), builder.number(1...11))
    let (source, picture) = builder.operand(extents.0, extents.1, channels)
    var (record, height, width) = window(&builder, .averagePool, picture)
    let target = builder.tensor(height, width, channels)
    (record.input, record.output) = (source, target)
    record.multiplierA = Float(builder.number(1...2000)) / 700
    record.flags = UInt32(builder.number(0...1))
    let (bottom, right) = (builder.number(0...3), builder.number(0...3))
    builder.attach([UInt32(bottom << 16 | right)], to: &record)
    builder.add(record)
    let inputZero = builder.record(source).zeroPoint
    var expected = Picture(height, width, channels)
    for y in 0..<height {
      for x in 0..<width {
        let all = taps(record, y, x)
        let inside = inside(all, picture)
        let padded = all.filter { $0.y < extents.0 + bottom && $0.x < extents.1 + right }
        let count = record.flags == 1 ? padded.count : inside.count
        for c in 0..<channels {
          let sum = inside.reduce(Int32(0)) { $0 + Int32(picture[$1.y, $1.x, c]) - inputZero }
          let value = Float(sum) * (record.multiplierA / Float(count))
          expected[y, x, c] = quantized(value, builder.record(target).zeroPoint)
        }
      }
    }
    try expect(builder, output: target, gives: expected.values, "seed \(seed), \(record)")
  }
}
