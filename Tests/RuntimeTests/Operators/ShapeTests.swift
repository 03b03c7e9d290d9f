import Conformance
import ModelFormat
import Testing

@testable import Runtime

@Suite struct ShapeTests {
  @Test(arguments: 0..<SampleKind.reshape.count)
  func `a reshape keeps the dense order`(_ index: Int) throws {
    let sample = SampleKind.reshape.sample(index)
    try expect(sample, gives: sample.pictures[0].values)
  }

  @Test(arguments: 0..<SampleKind.transpose.count)
  func `a transpose permutes axes`(_ index: Int) throws {
    let sample = SampleKind.transpose.sample(index)
    let isFloat = sample.pictures.isEmpty
    let values = isFloat ? sample.values : sample.pictures[0].values.map { Float($0) }
    let axes = (0..<3).map { Int(sample.record.flags >> (2 * $0) & 3) }
    let sizes = axes.map { [3, 4, 5][$0] }
    #expect([sample.output.height, sample.output.width, sample.output.channels] == sizes)
    var expected: [Float] = []
    for a in 0..<sizes[0] {
      for b in 0..<sizes[1] {
        for c in 0..<sizes[2] {
          var at = [0, 0, 0]
          (at[axes[0]], at[axes[1]], at[axes[2]]) = (a, b, c)
          expected.append(values[(at[0] * 4 + at[1]) * 5 + at[2]])
        }
      }
    }
    try expect(sample, gives: isFloat ? bytes(expected) : expected.map { UInt8($0) })
  }

  @Test(arguments: 0..<SampleKind.pad.count)
  func `a pad surrounds its input`(_ index: Int) throws {
    let sample = SampleKind.pad.sample(index)
    let (picture, output) = (sample.pictures[0], sample.output)
    var expected = Picture(output.height, output.width, output.channels)
    for y in 0..<output.height {
      for x in 0..<output.width {
        for c in 0..<output.channels {
          let (iy, ix) = (y - sample.record.padTop, x - sample.record.padLeft)
          let isInside = (0..<picture.height).contains(iy) && (0..<picture.width).contains(ix)
          expected[y, x, c] = isInside ? picture[iy, ix, c] : UInt8(c % 4 + 1)
        }
      }
    }
    try expect(sample, gives: expected.values)
  }

  @Test(arguments: 0..<SampleKind.resize.count)
  func `a resize samples by its rule`(_ index: Int) throws {
    let sample = SampleKind.resize.sample(index)
    let (flags, picture) = (sample.record.flags, sample.pictures[0])
    let size = (sample.output.height, sample.output.width)
    func coordinate(_ i: Int, _ m: Int, _ n: Int) -> Float {
      if flags & 4 != 0 { return (Float(i) + 0.5) * Float(m) / Float(n) - 0.5 }
      if flags & 2 != 0 { return n == 1 ? 0 : Float(i) * Float(m - 1) / Float(n - 1) }
      return Float(i) * Float(m) / Float(n)
    }
    func pixel(_ y: Int, _ x: Int, _ c: Int) -> Float {
      Float(picture[min(max(y, 0), 2), min(max(x, 0), 3), c])
    }
    var expected = Picture(size.0, size.1, 5)
    for y in 0..<size.0 {
      for x in 0..<size.1 {
        let (sy, sx) = (coordinate(y, 3, size.0), coordinate(x, 4, size.1))
        for c in 0..<5 {
          if flags & 1 == 0 {
            let half: Float = flags & 4 != 0 ? 0.5 : 0
            let (ny, nx) = ((sy + half).rounded(.down), (sx + half).rounded(.down))
            expected[y, x, c] = UInt8(pixel(Int(ny), Int(nx), c))
          } else {
            let (ty, tx) = (Int(sy.rounded(.down)), Int(sx.rounded(.down)))
            let (fy, fx) = (sy - Float(ty), sx - Float(tx))
            let above = pixel(ty, tx, c) * (1 - fx) + pixel(ty, tx + 1, c) * fx
            let below = pixel(ty + 1, tx, c) * (1 - fx) + pixel(ty + 1, tx + 1, c) * fx
            expected[y, x, c] = quantized(above * (1 - fy) + below * fy, 0)
          }
        }
      }
    }
    try expect(sample, gives: expected.values)
  }
}
