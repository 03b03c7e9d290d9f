/// JSON (RFC 8259) that stays on one line.
extension TextBuilder {
  /// Appends `string` in quotes, with quotes, backslashes and control characters escaped.
  public mutating func append(json string: String) {
    append("\"")
    for byte in TextBuilder(string: string).bytes {
      switch byte {
      case 0x22, 0x5C:
        append("\\")
        append(byte: byte)
      case 0x0A: append("\\n")
      case 0x0D: append("\\r")
      case 0x09: append("\\t")
      case 0..<0x20, 0x7F:
        append("\\u")
        append(UInt64(byte), radix: 16, digits: 4)
      default: append(byte: byte)
      }
    }
    append("\"")
  }

  /// Appends a literal and a number with at most `decimals` places; `null` for what JSON has no number for.
  @inline(never)
  public mutating func append(_ words: StaticString, json value: Double, decimals: Int) {
    append(words)
    if value - value == 0 {
      append(value, decimals: decimals, trimmed: true)
    } else {
      append("null")
    }
  }
}
