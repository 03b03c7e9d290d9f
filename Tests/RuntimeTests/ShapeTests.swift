import ModelFormat
import Testing

@testable import Runtime

@Suite struct ShapeTests {
  /// A target quantized like `source`.
  private func tensor(
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

  @Test(arguments: 900..<912 as Range<UInt64>)
  func `a reshape keeps the dense order`(_ seed: UInt64) throws {
    var builder = NetBuilder(seed: seed)
    let extents = (0..<3).map { _ in builder.pick([1, 2, 3, 4, 6]) }
    let order = builder.pick([[0, 2, 1], [2, 1, 0], [1, 0, 2], [2, 0, 1]])
    let source = builder.operand(extents[0], extents[1], extents[2])
    let sizes = order.map { extents[$0] }
    let target = tensor(&builder, like: source.tensor, sizes[0], sizes[1], sizes[2])
    var record = OperatorRecord(.reshape)
    (record.input, record.output) = (source.tensor, target)
    builder.add(record)
    try expect(builder, output: target, gives: source.picture.values, "seed \(seed)")
  }

  @Test(
    arguments: [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]],
    [false, true]
  )
  func `a transpose permutes axes`(_ axes: [Int], _ isFloat: Bool) throws {
    var builder = NetBuilder(seed: UInt64(axes[0] * 10 + axes[1]))
    let extents = [3, 4, 5]
    let source: Int
    let values: [Float]
    if isFloat {
      (source, values) = builder.floatOperand(3, 4, 5)
    } else {
      let operand = builder.operand(3, 4, 5)
      (source, values) = (operand.tensor, operand.picture.values.map { Float($0) })
    }
    let sizes = axes.map { extents[$0] }
    let target = tensor(&builder, like: source, sizes[0], sizes[1], sizes[2])
    var record = OperatorRecord(.transpose)
    (record.input, record.output) = (source, target)
    record.flags = UInt32(axes[0] | axes[1] << 2 | axes[2] << 4)
    builder.add(record)
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
    let wanted = isFloat ? bytes(expected) : expected.map { UInt8($0) }
    try expect(builder, output: target, gives: wanted, "axes \(axes)")
  }

  @Test(arguments: 1000..<1012 as Range<UInt64>)
  func `a pad surrounds its input`(_ seed: UInt64) throws {
    var builder = NetBuilder(seed: seed)
    let (height, width) = (builder.number(1...4), builder.number(1...4))
    let channels = builder.pick([1, 3, 5, 17])
    let source = builder.operand(height, width, channels)
    var record = OperatorRecord(.pad)
    (record.padTop, record.padLeft) = (builder.number(0...3), builder.number(0...3))
    record.padPixel = 0x0403_0201
    let rows = height + record.padTop + builder.number(0...2)
    let columns = width + record.padLeft + builder.number(0...2)
    let target = tensor(&builder, like: source.tensor, rows, columns, channels)
    (record.input, record.output) = (source.tensor, target)
    builder.add(record)
    var expected = Picture(rows, columns, channels)
    for y in 0..<rows {
      for x in 0..<columns {
        for c in 0..<channels {
          let (iy, ix) = (y - record.padTop, x - record.padLeft)
          let isInside = (0..<height).contains(iy) && (0..<width).contains(ix)
          expected[y, x, c] = isInside ? source.picture[iy, ix, c] : UInt8(c % 4 + 1)
        }
      }
    }
    try expect(builder, output: target, gives: expected.values, "seed \(seed)")
  }

  @Test(arguments: [0, 1, 2, 3, 4, 5] as [UInt32], [[5, 7], [1, 1], [3, 4], [2, 9]])
  func `a resize samples by its rule`(_ flags: UInt32, _ size: [Int]) throws {
    var builder = NetBuilder(seed: UInt64(flags) * 100 + UInt64(size[0]))
    let source = builder.operand(3, 4, 5)
    let target = tensor(&builder, like: source.tensor, size[0], size[1], 5)
    var record = OperatorRecord(.resize)
    (record.input, record.output, record.flags) = (source.tensor, target, flags)
    builder.add(record)
    func coordinate(_ i: Int, _ m: Int, _ n: Int) -> Float {
      if flags & 4 != 0 { return (Float(i) + 0.5) * Float(m) / Float(n) - 0.5 }
      if flags & 2 != 0 { return n == 1 ? 0 : Float(i) * Float(m - 1) / Float(n - 1) }
      return Float(i) * Float(m) / Float(n)
    }
    func pixel(_ y: Int, _ x: Int, _ c: Int) -> Float {
      Float(source.picture[min(max(y, 0), 2), min(max(x, 0), 3), c])
    }
    var expected = Picture(size[0], size[1], 5)
    for y in 0..<size[0] {
      for x in 0..<size[1] {
        let (sy, sx) = (coordinate(y, 3, size[0]), coordinate(x, 4, size[1]))
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
    try expect(builder, output: target, gives: expected.values, "flags \(flags), \(size)")
  }
}
