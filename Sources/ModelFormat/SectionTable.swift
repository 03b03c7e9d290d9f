/// The checked header and section table of a flat file.
struct SectionTable {
  let arenaSize: Int
  let tensorCount: Int
  let operatorCount: Int
  let inputTensor: Int
  let outputTensor: Int
  /// Whether there are u8.8 tensors.
  let isWide: Bool
  /// Byte ranges by `SectionKind.rawValue`; empty where absent.
  private(set) var ranges = [Range<Int>](repeating: 0..<0, count: SectionKind.allCases.count + 1)

  /// Checks everything that needs no section's content but its checksum.
  init(_ bytes: UnsafeRawBufferPointer) throws(ModelFormatError) {
    let sections = try Self.checkFile(bytes)
    let header = RecordReader(bytes, .header)
    try header.match(28, "reserved field", 0)
    let arena = bytes.u64(40)
    try require(
      arena % 64 == 0 && arena >= 64 && arena <= UInt64(FileLayout.maximumArena),
      .header,
      "arena size %, expected a multiple of 64 from 64 to %",
      arena,
      FileLayout.maximumArena
    )
    arenaSize = Int(arena)
    isWide = bytes.u32(12) & 0xFFFF == UInt32(FileLayout.wideMajor)
    let records = UInt32(FileLayout.maximumRecords)
    tensorCount = try header.number(48, "tensor count", from: 1, to: records)
    operatorCount = try header.number(52, "operator count", from: 1, to: records)
    inputTensor = try header.index(56, "input tensor", of: tensorCount)
    outputTensor = try header.index(60, "output tensor", of: tensorCount)
    try locate(bytes, sections: sections)
  }

  /// The number of sections of what is a whole and undamaged file of this version, as far as header and table tell.
  private static func checkFile(
    _ bytes: UnsafeRawBufferPointer
  ) throws(ModelFormatError) -> Int {
    try require(
      bytes.count >= FileLayout.headerSize,
      .header,
      "size %, expected at least % bytes; is the file cut off?",
      bytes.count,
      FileLayout.headerSize
    )
    let magic = bytes.u64(0)
    try require(
      magic == FileLayout.magic,
      .header,
      "magic %, expected ECNN; is this a model.bin?",
      Hexadecimal(magic)
    )
    let order = bytes.u32(8)
    try require(
      order != FileLayout.byteOrder.byteSwapped,
      .header,
      "byte order %, expected %; the file is for another kind of machine",
      Hexadecimal(order),
      Hexadecimal(FileLayout.byteOrder)
    )
    try require(
      order == FileLayout.byteOrder,
      .header,
      "byte order %, expected %",
      Hexadecimal(order),
      Hexadecimal(FileLayout.byteOrder)
    )
    let major = bytes.u32(12) & 0xFFFF
    try require(
      major <= UInt32(FileLayout.wideMajor),
      .header,
      "version %, expected %; the file is newer than this build",
      major,
      UInt32(FileLayout.wideMajor)
    )
    try require(
      major >= UInt32(FileLayout.major),
      .header,
      "version %, expected %; convert the model again",
      major,
      UInt32(FileLayout.major)
    )
    try require(
      bytes.u64(16) == UInt64(bytes.count),
      .header,
      "file size %, expected %, the bytes there are; is the file cut off?",
      bytes.u64(16),
      bytes.count
    )
    let address = UInt64(UInt(bitPattern: bytes.baseAddress))
    try require(
      address % 64 == 0,
      .header,
      "memory address %, expected a multiple of 64; map the file or use ModelBytes",
      Hexadecimal(address)
    )
    let sections = try RecordReader(bytes, .header)
      .number(24, "section count", from: 1, to: UInt32(FileLayout.maximumSections))
    let end = FileLayout.tableEnd(sections: sections)
    try require(
      end <= bytes.count,
      .header,
      "section table end %, expected at most %",
      end,
      bytes.count
    )
    try requireChecksum(
      bytes.u64(FileLayout.checksumOffset),
      FileLayout.headerChecksum(bytes, sections: sections),
      .header
    )
    return sections
  }

  @inline(never)
  static func requireChecksum(
    _ found: UInt64,
    _ expected: UInt64,
    _ place: ModelFormatError.Place
  ) throws(ModelFormatError) {
    try require(
      found == expected,
      place,
      "checksum %, expected %; the file is damaged",
      Hexadecimal(found),
      Hexadecimal(expected)
    )
  }

  /// Checks the table: sections lie one after another at multiples of 64 with zeros between, and none is there twice.
  private mutating func locate(
    _ bytes: UnsafeRawBufferPointer,
    sections: Int
  ) throws(ModelFormatError) {
    var end = FileLayout.tableEnd(sections: sections)
    var seen: [UInt32] = []
    for index in 0..<sections {
      let entry = FileLayout.headerSize + index * FileLayout.sectionEntrySize
      let kind = bytes.u32(entry)
      let place = ModelFormatError.Place.section(kind)
      let record = RecordReader(bytes, place)
      try require(kind != 0, place, "kind 0, expected 1 or more")
      try require(!seen.contains(kind), place, "occurrence twice, expected once")
      seen.append(kind)
      try record.match(entry + 4, "reserved", 0)
      let offset = bytes.u64(entry + 8)
      let start = FileLayout.aligned(end)
      try require(offset == UInt64(start), place, "offset %, expected %", offset, start)
      try require(
        start <= bytes.count,
        place,
        "offset %, expected at most the file size %",
        offset,
        bytes.count
      )
      let size = bytes.u64(entry + 16)
      let left = bytes.count - start
      try require(
        size <= UInt64(left),
        place,
        "size %, expected at most %, the bytes that follow",
        size,
        left
      )
      try record.zeros(end..<start, "gap before it")
      end = start + Int(size)
      let content = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
      try Self.requireChecksum(bytes.u64(entry + 24), XXH64.hash(content), place)
      if let known = SectionKind(rawValue: kind) { ranges[Int(known.rawValue)] = start..<end }
    }
    try require(
      end == bytes.count,
      .header,
      "end of the last section %, expected %, the file size",
      end,
      bytes.count
    )
    for kind in SectionKind.strings.rawValue...SectionKind.lastRequired.rawValue {
      try require(seen.contains(kind), .section(kind), "occurrence missing, expected once")
    }
  }
}
