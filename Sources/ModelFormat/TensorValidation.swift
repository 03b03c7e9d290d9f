/// Checks of one tensor record at a time.
enum TensorValidation {
  private static let maximumExtent: UInt32 = 65536
  private static let maximumElements = 1 << 28

  static func decode(
    _ bytes: UnsafeRawBufferPointer,
    _ table: SectionTable,
    _ strings: StringTable
  ) throws(ModelFormatError) -> [TensorRecord] {
    let size = table.tensorCount * FileLayout.tensorSize
    try require(
      bytes.count == size,
      .section(SectionKind.tensors.rawValue),
      "size",
      "\(bytes.count)",
      "\(size) for \(table.tensorCount) tensors"
    )
    var tensors: [TensorRecord] = []
    tensors.reserveCapacity(table.tensorCount)
    for index in 0..<table.tensorCount {
      let start = index * FileLayout.tensorSize
      let record = UnsafeRawBufferPointer(
        rebasing: bytes[start..<start + FileLayout.tensorSize]
      )
      tensors.append(try one(record, index, table, strings))
    }
    return tensors
  }

  private static func one(
    _ bytes: UnsafeRawBufferPointer,
    _ index: Int,
    _ table: SectionTable,
    _ strings: StringTable
  ) throws(ModelFormatError) -> TensorRecord {
    let place = ModelFormatError.Place.tensor(index)
    var record = TensorRecord()
    record.name = bytes.u32(0)
    let hasName = strings.isStart(record.name)
    try require(hasName, place, "name", "\(record.name)", "the start of a string")
    guard let type = TensorRecord.ElementType(rawValue: bytes.u32(4)) else {
      throw ModelFormatError(place, "element type", "\(bytes.u32(4))", expected: "0 or 1")
    }
    record.elementType = type
    for (field, what) in ["height", "width", "channels"].enumerated() {
      let extent = bytes.u32(8 + 4 * field)
      try require(
        (1...maximumExtent).contains(extent),
        place,
        what,
        "\(extent)",
        "1 to \(maximumExtent)"
      )
    }
    record.height = Int(bytes.u32(8))
    record.width = Int(bytes.u32(12))
    record.channels = Int(bytes.u32(16))
    let elements =
      UInt64(record.height) * UInt64(record.width) * UInt64(record.channels)
    try require(
      elements <= UInt64(maximumElements),
      place,
      "elements",
      "\(elements)",
      "at most \(maximumElements)"
    )
    let stride = bytes.u32(20)
    try require(
      stride % 4 == 0 && stride >= UInt32(record.channels) && stride <= UInt32(Int32.max),
      place,
      "pixel stride",
      "\(stride)",
      "a multiple of 4 from \(record.channels)"
    )
    record.pixelStride = Int(stride)
    record.scale = bytes.f32(24)
    record.zeroPoint = Int32(truncatingIfNeeded: bytes.u32(28))
    if type == .u8 {
      let isScale = record.scale > 0 && record.scale.isFinite
      try require(isScale, place, "scale", "\(record.scale)", "above 0 and finite")
      let isZero = (0...255).contains(record.zeroPoint)
      try require(isZero, place, "zero point", "\(record.zeroPoint)", "0 to 255")
    } else {
      try require(record.scale == 1, place, "scale", "\(record.scale)", "1 of a float32 tensor")
      try require(
        record.zeroPoint == 0,
        place,
        "zero point",
        "\(record.zeroPoint)",
        "0 of a float32 tensor"
      )
    }
    let root = bytes.u32(40)
    try require(
      root < UInt32(table.tensorCount),
      place,
      "root",
      "\(root)",
      "below \(table.tensorCount)"
    )
    record.root = Int(root)
    let alignment: UInt64 = record.root == index ? 64 : UInt64(record.elementSize)
    let offset = bytes.u64(32)
    try require(offset % alignment == 0, place, "offset", "\(offset)", "a multiple of \(alignment)")
    try checkPlace(&record, offset, place, table, isRoot: record.root == index)
    record.firstWriter = Int(Int32(truncatingIfNeeded: bytes.u32(44)))
    record.lastReader = Int(Int32(truncatingIfNeeded: bytes.u32(48)))
    let reserved = (52..<64).first { bytes[$0] != 0 }
    try require(reserved == nil, place, "reserved bytes", "not zero", "zeros")
    return record
  }

  /// Checks that the tensor ends before the arena's slack; a view's last pixel ends with its channels.
  private static func checkPlace(
    _ record: inout TensorRecord,
    _ offset: UInt64,
    _ place: ModelFormatError.Place,
    _ table: SectionTable,
    isRoot: Bool
  ) throws(ModelFormatError) {
    let pixels = UInt64(record.height) * UInt64(record.width)
    let stride = UInt64(record.pixelStride)
    let lastPixel = isRoot ? stride : UInt64(record.channels)
    let (span, overflow) = (pixels - 1).multipliedReportingOverflow(by: stride)
    let limit = UInt64(table.arenaSize - FileLayout.arenaSlack)
    let isSmall = !overflow && span <= limit && offset <= limit
    let end = isSmall ? offset + (span + lastPixel) * UInt64(record.elementSize) : UInt64.max
    try require(
      isSmall && end <= limit,
      place,
      "end in the arena",
      isSmall ? "\(end)" : "far outside",
      "at most \(limit), the arena without its slack"
    )
    record.arenaOffset = Int(offset)
  }
}
