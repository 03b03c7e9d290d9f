/// The checked strings section.
struct StringTable {
  let bytes: UnsafeRawBufferPointer

  /// Checks that it starts with the empty string, ends with a zero byte and is UTF-8.
  init(_ bytes: UnsafeRawBufferPointer) throws(ModelFormatError) {
    let place = ModelFormatError.Place.section(SectionKind.strings.rawValue)
    try require(bytes.count > 0, place, "size", "0", "at least 1 byte")
    try require(bytes[0] == 0, place, "first byte", "\(bytes[0])", "0, the empty string")
    let last = bytes[bytes.count - 1]
    try require(last == 0, place, "last byte", "\(last)", "0, the end of a string")
    if let invalid = Self.firstInvalid(bytes) {
      throw ModelFormatError(
        place,
        "byte \(invalid)",
        hex(bytes[invalid]),
        expected: "UTF-8"
      )
    }
    self.bytes = bytes
  }

  /// Whether a string starts at `offset`.
  func isStart(_ offset: UInt32) -> Bool {
    guard offset < UInt32(clamping: bytes.count) else { return false }
    return offset == 0 || bytes[Int(offset) - 1] == 0
  }

  /// The bytes of the string at `offset`, without its zero.
  func content(_ offset: UInt32) -> UnsafeRawBufferPointer {
    var end = Int(offset)
    while bytes[end] != 0 { end += 1 }
    return UnsafeRawBufferPointer(rebasing: bytes[Int(offset)..<end])
  }

  /// The string at `offset`.
  func string(_ offset: UInt32) -> String { String(decoding: content(offset), as: UTF8.self) }

  /// The first byte that does not continue well-formed UTF-8 (Unicode 15, table 3-7).
  static func firstInvalid(_ bytes: UnsafeRawBufferPointer) -> Int? {
    var at = 0
    while at < bytes.count {
      let lead = bytes[at]
      let length: Int
      var second: ClosedRange<UInt8> = 0x80...0xBF
      switch lead {
      case 0x00...0x7F: length = 1
      case 0xC2...0xDF: length = 2
      case 0xE0: (length, second) = (3, 0xA0...0xBF)
      case 0xED: (length, second) = (3, 0x80...0x9F)
      case 0xE1...0xEF: length = 3
      case 0xF0: (length, second) = (4, 0x90...0xBF)
      case 0xF4: (length, second) = (4, 0x80...0x8F)
      case 0xF1...0xF3: length = 4
      default: return at
      }
      for index in 1..<max(length, 1) {
        guard at + index < bytes.count else { return at }
        let allowed = index == 1 ? second : 0x80...0xBF
        guard allowed.contains(bytes[at + index]) else { return at + index }
      }
      at += length
    }
    return nil
  }
}
