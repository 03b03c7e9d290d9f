/// Reads the fields of one record, with the checks that many fields share.
struct RecordReader {
  let bytes: UnsafeRawBufferPointer
  let place: ModelFormatError.Place

  /// Reads `bytes`, of which the caller has checked that they hold all fields.
  init(_ bytes: UnsafeRawBufferPointer, _ place: ModelFormatError.Place) {
    self.bytes = bytes
    self.place = place
  }

  /// Throws unless the record has `size` bytes.
  func requireSize(_ size: Int) throws(ModelFormatError) {
    try require(bytes.count == size, place, "size %, expected %", bytes.count, size)
  }

  /// A number from `low` to `high`.
  @inline(never)
  func number(
    _ offset: Int,
    _ field: StaticString,
    from low: UInt32 = 0,
    to high: UInt32
  ) throws(ModelFormatError) -> Int {
    let found = bytes.u32(offset)
    let isInside = low <= found && found <= high
    try require(isInside, place, field: field, " %, expected % to %", found, low, high)
    return Int(found)
  }

  /// An index of one of `count` things.
  @inline(never)
  func index(
    _ offset: Int,
    _ field: StaticString,
    of count: Int
  ) throws(ModelFormatError) -> Int {
    let found = bytes.u32(offset)
    try require(found < UInt32(count), place, field: field, " %, expected below %", found, count)
    return Int(found)
  }

  /// Throws unless the field holds `expected`.
  @inline(never)
  func match(
    _ offset: Int,
    _ field: StaticString,
    _ expected: Int,
    _ line: StaticString = " %, expected %"
  ) throws(ModelFormatError) {
    let found = bytes.u32(offset)
    try require(found == UInt32(expected), place, field: field, line, found, expected)
  }

  /// Throws unless a string starts at the offset that the field holds.
  @inline(never)
  func name(
    _ offset: Int,
    _ field: StaticString = "name",
    in strings: StringTable
  ) throws(ModelFormatError) -> UInt32 {
    let found = bytes.u32(offset)
    try require(
      strings.isStart(found),
      place,
      field: field,
      " %, expected the start of a string",
      found
    )
    return found
  }

  /// Throws unless all bytes in `range` are zero.
  @inline(never)
  func zeros(
    _ range: Range<Int>,
    _ field: StaticString = "reserved bytes"
  ) throws(ModelFormatError) {
    for at in range {
      try require(bytes[at] == 0, place, field: field, " not zero, expected zeros")
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
