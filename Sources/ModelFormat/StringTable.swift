internal import PlainText

/// The checked strings section.
struct StringTable {
  let bytes: UnsafeRawBufferPointer

  /// Checks that it starts with the empty string, ends with a zero byte and is UTF-8.
  init(_ bytes: UnsafeRawBufferPointer) throws(ModelFormatError) {
    let place = ModelFormatError.Place.section(.strings)
    try require(bytes.count > 0, place, "size 0, expected at least 1 byte")
    try require(bytes[0] == 0, place, "first byte %, expected 0, the empty string", bytes[0])
    let last = bytes[bytes.count - 1]
    try require(last == 0, place, "last byte %, expected 0, the end of a string", last)
    try Self.checkText(bytes, place)
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

  /// Whether the string at `first` comes before the one at `second` in the order of their bytes.
  func precedes(_ first: UInt32, _ second: UInt32) -> Bool {
    var (first, second) = (Int(first), Int(second))
    // The zero byte at the end of each is below all others.
    while bytes[first] == bytes[second] && bytes[first] != 0 {
      (first, second) = (first + 1, second + 1)
    }
    return bytes[first] < bytes[second]
  }

  /// The string at `offset`.
  func string(_ offset: UInt32) -> String {
    var text = TextBuilder()
    text.append(bytes: content(offset).assumingMemoryBound(to: UInt8.self))
    return text.string
  }

  /// Throws unless `bytes` are well-formed UTF-8.
  static func checkText(
    _ bytes: UnsafeRawBufferPointer,
    _ place: ModelFormatError.Place
  ) throws(ModelFormatError) {
    guard let invalid = firstInvalid(bytes) else { return }
    let found = Hexadecimal(UInt64(bytes[invalid]))
    try require(false, place, "byte % %, expected UTF-8", invalid, found)
  }

  /// The first byte that does not continue well-formed UTF-8 (Unicode 15, table 3-7).
  private static func firstInvalid(_ bytes: UnsafeRawBufferPointer) -> Int? {
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
