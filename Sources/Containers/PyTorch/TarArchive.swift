/// Members of an uncompressed tar archive, as ranges of its bytes.
enum TarArchive {
  /// Whether the bytes start with a tar header.
  static func recognizes(_ bytes: [UInt8]) -> Bool {
    bytes.count >= 512 && Array(bytes[257..<262]) == Array("ustar".utf8)
  }

  /// Regular members by name.
  ///
  /// - Throws: `PyTorchError.malformed` when a member reaches past the end.
  static func members(_ bytes: [UInt8]) throws(PyTorchError) -> [String: Range<Int>] {
    var members: [String: Range<Int>] = [:]
    var offset = 0
    while offset + 512 <= bytes.count, bytes[offset] != 0 {
      var name = String(decoding: bytes[offset..<offset + 100].prefix { $0 != 0 }, as: UTF8.self)
      if name.hasPrefix("./") { name.removeFirst(2) }
      let digits = bytes[offset + 124..<offset + 136].filter { (0x30...0x37).contains($0) }
      var size = 0
      for digit in digits { size = size << 3 | Int(digit & 7) }
      let start = offset + 512
      guard size <= bytes.count - start else {
        throw .malformed(
          place: "tar member \"\(name)\"",
          problem: "has \(size) bytes, but the file ends after \(bytes.count - start)"
        )
      }
      let type = bytes[offset + 156]
      if type == 0 || type == UInt8(ascii: "0") { members[name] = start..<start + size }
      offset = start + (size + 511) / 512 * 512
    }
    return members
  }
}
