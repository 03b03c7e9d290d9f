internal import PlainText

/// Base64 (RFC 4648), as basic authentication has it.
extension TextBuilder {
  /// Appends `content` in base64 with padding.
  mutating func append(base64 content: [UInt8]) {
    let digits: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    for start in stride(from: 0, to: content.count, by: 3) {
      let count = min(3, content.count - start)
      var group: UInt32 = 0
      for place in 0..<3 {
        group = group << 8 | (place < count ? UInt32(content[start + place]) : 0)
      }
      for place in 0..<4 {
        let digit = Int(group >> UInt32(18 - 6 * place)) & 63
        append(byte: place <= count ? digits.utf8Start[digit] : 0x3D)
      }
    }
  }
}
