internal import ModelFormat

extension OperatorSample {
  /// To a permutation of the extents.
  static func reshape(seed: UInt64) -> OperatorSample {
    var builder = NetBuilder(seed: seed)
    var extents: [Int] = []
    for _ in 0..<3 { extents.append(builder.pick([1, 2, 3, 4, 6])) }
    let order = builder.pick([[0, 2, 1], [2, 1, 0], [1, 0, 2], [2, 0, 1]])
    let source = builder.operand(extents[0], extents[1], extents[2])
    var record = OperatorRecord(.reshape)
    record.input = source.tensor
    record.output = tensor(
      &builder,
      like: source.tensor,
      extents[order[0]],
      extents[order[1]],
      extents[order[2]]
    )
    builder.add(record)
    return OperatorSample(builder: builder, record: record, pictures: [source.picture])
  }

  /// Each of the six permutations, of bytes and of float32.
  static func transpose(_ index: Int) -> OperatorSample {
    let permutations = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
    let axes = permutations[index / 2]
    var builder = NetBuilder(seed: UInt64(axes[0] * 10 + axes[1]))
    let extents = [3, 4, 5]
    let operand = operand(&builder, index % 2 == 1, 3, 4, 5)
    var record = OperatorRecord(.transpose)
    record.input = operand.tensor
    record.output = tensor(
      &builder,
      like: operand.tensor,
      extents[axes[0]],
      extents[axes[1]],
      extents[axes[2]]
    )
    record.flags = UInt32(axes[0] | axes[1] << 2 | axes[2] << 4)
    builder.add(record)
    return OperatorSample(
      builder: builder,
      record: record,
      pictures: operand.pictures,
      values: operand.values
    )
  }

  static func pad(seed: UInt64) -> OperatorSample {
    var builder = NetBuilder(seed: seed)
    let (height, width) = (builder.number(1...4), builder.number(1...4))
    let channels = builder.pick([1, 3, 5, 17])
    let source = builder.operand(height, width, channels)
    var record = OperatorRecord(.pad)
    (record.padTop, record.padLeft) = (builder.number(0...3), builder.number(0...3))
    record.padPixel = 0x0403_0201
    let rows = height + record.padTop + builder.number(0...2)
    let columns = width + record.padLeft + builder.number(0...2)
    record.input = source.tensor
    record.output = tensor(&builder, like: source.tensor, rows, columns, channels)
    builder.add(record)
    return OperatorSample(builder: builder, record: record, pictures: [source.picture])
  }

  /// Six rules of 3 × 4 × 5 to four sizes.
  static func resize(_ index: Int) -> OperatorSample {
    let (flags, size) = (index / 4, [(5, 7), (1, 1), (3, 4), (2, 9)][index % 4])
    var builder = NetBuilder(seed: UInt64(flags * 100 + size.0))
    let source = builder.operand(3, 4, 5)
    var record = OperatorRecord(.resize)
    record.input = source.tensor
    record.output = tensor(&builder, like: source.tensor, size.0, size.1, 5)
    record.flags = UInt32(flags)
    builder.add(record)
    return OperatorSample(builder: builder, record: record, pictures: [source.picture])
  }
}
