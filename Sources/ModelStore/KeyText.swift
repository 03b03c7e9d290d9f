/// The texts that keys are written in.
public enum KeyText {
  /// The bytes of hexadecimal digits, white space around them left out; nil for any other text.
  public static func hexadecimal(_ text: [UInt8]) -> [UInt8]? {
    var bytes: [UInt8] = []
    var high: UInt8?
    for character in text where !isSpace(character) {
      let digit: UInt8
      switch character {
      case 0x30...0x39: digit = character - 0x30
      case 0x41...0x46: digit = character - 0x37
      case 0x61...0x66: digit = character - 0x57
      default: return nil
      }
      if let first = high {
        bytes.append(first << 4 | digit)
        high = nil
      } else {
        high = digit
      }
    }
    return high == nil ? bytes : nil
  }

  /// The bytes of base64 (RFC 4648, padded, white space left out); nil for any other text.
  public static func base64(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    var (bits, count, padding) = (UInt32(0), 0, 0)
    for character in text where !isSpace(character) {
      let digit: UInt8
      switch character {
      case 0x41...0x5A: digit = character - 0x41
      case 0x61...0x7A: digit = character - 0x61 + 26
      case 0x30...0x39: digit = character - 0x30 + 52
      case 0x2B: digit = 62
      case 0x2F: digit = 63
      case 0x3D:
        padding += 1
        continue
      default: return nil
      }
      guard padding == 0 else { return nil }
      bits = bits << 6 | UInt32(digit)
      count += 1
      if count % 4 != 1 { bytes.append(UInt8(truncatingIfNeeded: bits >> unused(count))) }
    }
    let isWhole = (count + padding) % 4 == 0 && padding <= 2
    return isWhole ? bytes : nil
  }

  /// Bits below the newest whole byte after `count` digits.
  private static func unused(_ count: Int) -> UInt32 {
    switch count % 4 {
    case 2: 4
    case 3: 2
    default: 0
    }
  }

  /// What is between `-----BEGIN name-----` and `-----END name-----`, as often as it is there.
  public static func blocks(named name: StaticString, in text: [UInt8]) -> [ArraySlice<UInt8>] {
    let (begin, end) = (line("-----BEGIN ", name), line("-----END ", name))
    var blocks: [ArraySlice<UInt8>] = []
    var at = 0
    while let start = find(begin, in: text, from: at) {
      let first = start + begin.count
      guard let last = find(end, in: text, from: first) else { return blocks }
      blocks.append(text[first..<last])
      at = last + end.count
    }
    return blocks
  }

  /// The 32 bytes of a key that follow `prefix` in a block of base64; nil where the block is something else.
  public static func content(of block: ArraySlice<UInt8>, after prefix: [UInt8]) -> [UInt8]? {
    guard let bytes = base64(block), bytes.count == prefix.count + 32,
      bytes[..<prefix.count] == prefix[...]
    else { return nil }
    return [UInt8](bytes[prefix.count...])
  }

  private static func line(_ words: StaticString, _ name: StaticString) -> [UInt8] {
    var bytes: [UInt8] = []
    for part in [words, name, "-----"] as [StaticString] {
      bytes.append(
        contentsOf: UnsafeBufferPointer(start: part.utf8Start, count: part.utf8CodeUnitCount)
      )
    }
    return bytes
  }

  private static func find(_ words: [UInt8], in text: [UInt8], from start: Int) -> Int? {
    var at = start
    while at + words.count <= text.count {
      if text[at..<at + words.count] == words[...] { return at }
      at += 1
    }
    return nil
  }

  private static func isSpace(_ character: UInt8) -> Bool {
    character == 0x20 || (0x09...0x0D).contains(character)
  }
}
