/// The checked header and section table of a flat file.
struct SectionTable {
  let arenaSize: Int
  let tensorCount: Int
  let operatorCount: Int
  let inputTensor: Int
  let outputTensor: Int
  /// Byte ranges by `SectionKind.rawValue`; empty where absent.
  private(set) var ranges = [Range<Int>](repeating: 0..<0, count: SectionKind.allCases.count + 1)

  /// Checks everything that needs no section's content but its checksum.
  init(_ bytes: UnsafeRawBufferPointer) throws(ModelFormatError) {
    try require(
      bytes.count >= FileLayout.headerSize,
      .header,
      "size",
      "\(bytes.count)",
      "at least \(FileLayout.headerSize) bytes; is the file cut off?"
    )
    let isModel = (0..<8).allSatisfy { bytes[$0] == FileLayout.magic[$0] }
    try require(isModel, .header, "magic", hex(bytes.u64(0)), "ECNN; is this a model.bin?")
    let order = bytes.u32(8)
    try require(
      order == FileLayout.byteOrder,
      .header,
      "byte order",
      hex(order),
      order == FileLayout.byteOrder.byteSwapped
        ? "0x1020304; the file is for another kind of machine" : "0x1020304"
    )
    let major = bytes.u32(12) & 0xFFFF
    try require(
      major == UInt32(FileLayout.major),
      .header,
      "version",
      "\(major)",
      major > UInt32(FileLayout.major)
        ? "\(FileLayout.major); the file is newer than this build"
        : "\(FileLayout.major); convert the model again"
    )
    let size = bytes.u64(16)
    try require(
      size == UInt64(bytes.count),
      .header,
      "file size",
      "\(size)",
      "\(bytes.count), the bytes there are; is the file cut off?"
    )
    let address = UInt(bitPattern: bytes.baseAddress)
    try require(
      address % 64 == 0,
      .header,
      "memory address",
      hex(address),
      "a multiple of 64; map the file or use ModelBytes"
    )
    let sections = bytes.u32(24)
    try require(
      (1...UInt32(FileLayout.maximumSections)).contains(sections),
      .header,
      "section count",
      "\(sections)",
      "1 to \(FileLayout.maximumSections)"
    )
    let tableEnd = FileLayout.headerSize + Int(sections) * FileLayout.sectionEntrySize
    try require(
      tableEnd <= bytes.count,
      .header,
      "section table end",
      "\(tableEnd)",
      "at most \(bytes.count)"
    )
    let checksum = FileLayout.headerChecksum(bytes, sections: Int(sections))
    try require(
      bytes.u64(FileLayout.checksumOffset) == checksum,
      .header,
      "checksum",
      hex(bytes.u64(FileLayout.checksumOffset)),
      "\(hex(checksum)); the file is damaged"
    )
    try require(bytes.u32(28) == 0, .header, "reserved field", "\(bytes.u32(28))", "0")

    let arena = bytes.u64(40)
    try require(
      arena % 64 == 0 && arena >= 64 && arena <= UInt64(FileLayout.maximumArena),
      .header,
      "arena size",
      "\(arena)",
      "a multiple of 64 from 64 to \(FileLayout.maximumArena)"
    )
    arenaSize = Int(arena)
    tensorCount = try Self.count(bytes.u32(48), "tensor count")
    operatorCount = try Self.count(bytes.u32(52), "operator count")
    inputTensor = try Self.index(bytes.u32(56), "input tensor", tensorCount)
    outputTensor = try Self.index(bytes.u32(60), "output tensor", tensorCount)
    try locate(bytes, sections: Int(sections), tableEnd: tableEnd)
  }

  private static func count(_ value: UInt32, _ what: String) throws(ModelFormatError) -> Int {
    let limit = FileLayout.maximumRecords
    try require((1...UInt32(limit)).contains(value), .header, what, "\(value)", "1 to \(limit)")
    return Int(value)
  }

  private static func index(
    _ value: UInt32,
    _ what: String,
    _ count: Int
  ) throws(ModelFormatError) -> Int {
    try require(value < UInt32(count), .header, what, "\(value)", "below \(count)")
    return Int(value)
  }

  /// Checks the table: sections lie one after another at multiples of 64 with zeros between, and none is there twice.
  private mutating func locate(
    _ bytes: UnsafeRawBufferPointer,
    sections: Int,
    tableEnd: Int
  ) throws(ModelFormatError) {
    var end = tableEnd
    var seen: [UInt32] = []
    for index in 0..<sections {
      let entry = FileLayout.headerSize + index * FileLayout.sectionEntrySize
      let kind = bytes.u32(entry)
      let place = ModelFormatError.Place.section(kind)
      try require(kind != 0, place, "kind", "0", "1 or more")
      try require(!seen.contains(kind), place, "occurrence", "twice", "once")
      seen.append(kind)
      try require(bytes.u32(entry + 4) == 0, place, "reserved", "\(bytes.u32(entry + 4))", "0")
      let offset = bytes.u64(entry + 8)
      let start = FileLayout.aligned(end)
      try require(offset == UInt64(start), place, "offset", "\(offset)", "\(start)")
      try require(
        start <= bytes.count,
        place,
        "offset",
        "\(offset)",
        "at most the file size \(bytes.count)"
      )
      let size = bytes.u64(entry + 16)
      try require(
        size <= UInt64(bytes.count - start),
        place,
        "size",
        "\(size)",
        "at most \(bytes.count - start), the bytes that follow"
      )
      let stray = (end..<start).first { bytes[$0] != 0 }
      try require(stray == nil, place, "gap before it", "not zero", "zeros")
      end = start + Int(size)
      let checksum = XXH64.hash(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
      try require(
        bytes.u64(entry + 24) == checksum,
        place,
        "checksum",
        hex(bytes.u64(entry + 24)),
        "\(hex(checksum)); the file is damaged"
      )
      if let known = SectionKind(rawValue: kind) { ranges[Int(known.rawValue)] = start..<end }
    }
    try require(
      end == bytes.count,
      .header,
      "end of the last section",
      "\(end)",
      "\(bytes.count), the file size"
    )
    for kind in SectionKind.allCases where kind.isRequired {
      try require(
        seen.contains(kind.rawValue),
        .section(kind.rawValue),
        "occurrence",
        "missing",
        "once"
      )
    }
  }
}

extension UnsafeRawBufferPointer {
  /// The little-endian number at `offset`; the caller has checked that it is inside.
  func u32(_ offset: Int) -> UInt32 {
    UInt32(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  /// The little-endian number at `offset`; the caller has checked that it is inside.
  func u64(_ offset: Int) -> UInt64 {
    UInt64(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  /// The number at `offset` as a float; the caller has checked that it is inside.
  func f32(_ offset: Int) -> Float { Float(bitPattern: u32(offset)) }
}

/// `0x…` in lower case.
func hex<Number: BinaryInteger>(_ value: Number) -> String { "0x" + String(value, radix: 16) }
