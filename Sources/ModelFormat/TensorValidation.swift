/// Checks of one tensor record at a time.
enum TensorValidation {
  private static let maximumElements = 1 << 28

  static func decode(
    _ bytes: UnsafeRawBufferPointer,
    _ table: SectionTable,
    _ strings: StringTable
  ) throws(ModelFormatError) -> [TensorRecord] {
    let size = table.tensorCount * FileLayout.tensorSize
    try require(
      bytes.count == size,
      .section(.tensors),
      "size %, expected % for % tensors",
      bytes.count,
      size,
      table.tensorCount
    )
    var tensors: [TensorRecord] = []
    tensors.reserveCapacity(table.tensorCount)
    for index in 0..<table.tensorCount {
      let start = index * FileLayout.tensorSize
      let record = UnsafeRawBufferPointer(rebasing: bytes[start..<start + FileLayout.tensorSize])
      tensors.append(try one(RecordReader(record, .tensor(index)), index, table, strings))
    }
    var hasWide = false
    for tensor in tensors where tensor.elementType == .wide { hasWide = true }
    try require(
      hasWide == table.isWide,
      .header,
      "version 2 without a u8.8 tensor, expected version 1"
    )
    return tensors
  }

  private static func one(
    _ reader: RecordReader,
    _ index: Int,
    _ table: SectionTable,
    _ strings: StringTable
  ) throws(ModelFormatError) -> TensorRecord {
    let (bytes, place) = (reader.bytes, reader.place)
    var record = TensorRecord()
    record.name = try reader.name(0, in: strings)
    let type = try reader.number(4, "element type", to: table.isWide ? 2 : 1)
    record.elementType = type == 0 ? .u8 : type == 1 ? .float32 : .wide
    record.height = try reader.number(8, "height", from: 1, to: FileLayout.maximumExtent)
    record.width = try reader.number(12, "width", from: 1, to: FileLayout.maximumExtent)
    record.channels = try reader.number(16, "channels", from: 1, to: FileLayout.maximumExtent)
    let elements = UInt64(record.height) * UInt64(record.width) * UInt64(record.channels)
    try require(
      elements <= UInt64(maximumElements),
      place,
      "elements %, expected at most %",
      elements,
      maximumElements
    )
    let stride = bytes.u32(20)
    try require(
      stride % 4 == 0 && stride >= UInt32(record.channels) && stride <= UInt32(Int32.max),
      place,
      "pixel stride %, expected a multiple of 4 from %",
      stride,
      record.channels
    )
    record.pixelStride = Int(stride)
    record.scale = bytes.f32(24)
    record.zeroPoint = Int32(truncatingIfNeeded: bytes.u32(28))
    if record.elementType != .float32 {
      let isScale = record.scale > 0 && record.scale.isFinite
      try require(isScale, place, "scale %, expected above 0 and finite", record.scale)
      let isZero = record.zeroPoint >= 0 && record.zeroPoint <= 255
      try require(isZero, place, "zero point %, expected 0 to 255", record.zeroPoint)
    } else {
      let (isScale, isZero) = (record.scale == 1, record.zeroPoint == 0)
      try require(isScale, place, "scale %, expected 1 of a float32 tensor", record.scale)
      try require(isZero, place, "zero point %, expected 0 of a float32 tensor", record.zeroPoint)
    }
    record.root = try reader.index(40, "root", of: table.tensorCount)
    let isRoot = record.root == index
    try require(
      isRoot || record.elementType != .wide,
      place,
      "root %, expected itself of a u8.8 tensor, which is no view",
      record.root
    )
    let alignment = isRoot ? 64 : UInt64(record.elementSize)
    let offset = bytes.u64(32)
    let isAligned = offset % alignment == 0
    try require(isAligned, place, "offset %, expected a multiple of %", offset, alignment)
    try checkEnd(record, offset, place, table, isRoot: isRoot)
    record.arenaOffset = Int(offset)
    record.firstWriter = Int(Int32(truncatingIfNeeded: bytes.u32(44)))
    record.lastReader = Int(Int32(truncatingIfNeeded: bytes.u32(48)))
    try reader.zeros(52..<64)
    return record
  }

  /// Checks that the tensor ends before the arena's slack; a view's last pixel ends with its channels.
  private static func checkEnd(
    _ record: TensorRecord,
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
    try require(
      !overflow && span <= limit && offset <= limit,
      place,
      "end in the arena far outside, expected at most %, the arena without its slack",
      limit
    )
    let end = offset + (span + lastPixel) * UInt64(record.elementSize)
    try require(
      end <= limit,
      place,
      "end in the arena %, expected at most %, the arena without its slack",
      end,
      limit
    )
  }
}
