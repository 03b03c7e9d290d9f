/// Reads the operator records, each field in its range.
enum OperatorDecoding {
  static func decode(
    _ bytes: UnsafeRawBufferPointer,
    _ table: SectionTable,
    _ strings: StringTable
  ) throws(ModelFormatError) -> [OperatorRecord] {
    let size = table.operatorCount * FileLayout.operatorSize
    try require(
      bytes.count == size,
      .section(.operators),
      "size %, expected % for % operators",
      bytes.count,
      size,
      table.operatorCount
    )
    var operators: [OperatorRecord] = []
    operators.reserveCapacity(table.operatorCount)
    for index in 0..<table.operatorCount {
      let start = index * FileLayout.operatorSize
      let record = UnsafeRawBufferPointer(rebasing: bytes[start..<start + FileLayout.operatorSize])
      operators.append(try one(RecordReader(record, .operation(index)), table, strings))
    }
    return operators
  }

  private static func one(
    _ reader: RecordReader,
    _ table: SectionTable,
    _ strings: StringTable
  ) throws(ModelFormatError) -> OperatorRecord {
    let (bytes, place) = (reader.bytes, reader.place)
    let name = try reader.name(4, in: strings)
    guard let kind = OperatorKind(rawValue: bytes.u32(0)) else {
      throw unknownKind(bytes.u32(0), strings.string(name), place)
    }
    var record = OperatorRecord(kind)
    record.name = name
    let tensors = table.tensorCount
    record.input = try reader.index(8, "input tensor", of: tensors)
    if bytes.u32(12) != UInt32.max {
      record.secondInput = try reader.index(12, "second input tensor", of: tensors)
    }
    record.output = try reader.index(16, "output tensor", of: tensors)
    record.flags = bytes.u32(20)
    let most = FileLayout.maximumExtent
    record.kernelHeight = try reader.number(24, "kernel height", from: 1, to: most)
    record.kernelWidth = try reader.number(28, "kernel width", from: 1, to: most)
    record.strideY = try reader.number(32, "stride y", from: 1, to: most)
    record.strideX = try reader.number(36, "stride x", from: 1, to: most)
    record.dilationY = try reader.number(40, "dilation y", from: 1, to: most)
    record.dilationX = try reader.number(44, "dilation x", from: 1, to: most)
    record.padTop = try reader.number(48, "padding top", to: most)
    record.padLeft = try reader.number(52, "padding left", to: most)
    record.groups = try reader.number(56, "groups", from: 1, to: most)
    record.clampLow = Int32(truncatingIfNeeded: bytes.u32(60))
    record.clampHigh = Int32(truncatingIfNeeded: bytes.u32(64))
    try require(
      0 <= record.clampLow && record.clampLow <= record.clampHigh && record.clampHigh <= 255,
      place,
      "clamp % to %, expected 0 ≤ low ≤ high ≤ 255",
      record.clampLow,
      record.clampHigh
    )
    record.padPixel = bytes.u32(68)
    let weights = try range(reader, 72, "weights", table.ranges[Int(SectionKind.weights.rawValue)])
    (record.weightsOffset, record.weightsSize) = (weights.lowerBound, weights.count)
    let constants = try range(
      reader,
      88,
      "constants",
      table.ranges[Int(SectionKind.constants.rawValue)]
    )
    (record.constantsOffset, record.constantsSize) = (constants.lowerBound, constants.count)
    record.multiplierA = try multiplier(reader, 104)
    record.multiplierB = try multiplier(reader, 108)
    record.multiplyAccumulates = bytes.u64(112)
    record.noiseRatio = bytes.f32(120)
    try reader.zeros(124..<160)
    return record
  }

  private static func unknownKind(
    _ kind: UInt32,
    _ name: String,
    _ place: ModelFormatError.Place
  ) -> ModelFormatError {
    let field: StaticString = "kind"
    let line: StaticString = " %, expected 1 to %; is the file newer than this build?"
    let values = Finding.Values(kind, OperatorKind.last.rawValue, 0)
    return ModelFormatError(place, named: name, field: field.utf8Start, line.utf8Start, values)
  }

  /// The part of a section that the offset and size at `offset` name.
  @inline(never)
  private static func range(
    _ reader: RecordReader,
    _ offset: Int,
    _ field: StaticString,
    _ section: Range<Int>
  ) throws(ModelFormatError) -> Range<Int> {
    let limit = UInt64(section.count)
    let (start, size) = (reader.bytes.u64(offset), reader.bytes.u64(offset + 8))
    try require(
      start % 64 == 0 && start <= limit,
      reader.place,
      field: field,
      " offset %, expected a multiple of 64 up to %",
      start,
      limit
    )
    let left = limit - start
    let isInside = size <= left
    try require(isInside, reader.place, field: field, " size %, expected at most %", size, left)
    return Int(start)..<Int(start + size)
  }

  @inline(never)
  private static func multiplier(
    _ reader: RecordReader,
    _ offset: Int
  ) throws(ModelFormatError) -> Float {
    let multiplier = reader.bytes.f32(offset)
    let limit = FileLayout.maximumMultiplier
    let isSmall = multiplier.magnitude < limit
    try require(
      isSmall,
      reader.place,
      "multiplier %, expected a magnitude below %",
      multiplier,
      limit
    )
    return multiplier
  }
}
