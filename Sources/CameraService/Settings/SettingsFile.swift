internal import PlainText

/// A settings file as systemd writes them: `[section]`, `key = value`, comments after `#` or `;` at the start of a line.
///
/// A backslash at a line's end joins the next one. Values are not unquoted; spaces around them are dropped.
struct SettingsFile {
  /// Most bytes of a file.
  static let byteLimit = 1 << 20

  /// The entries in order.
  private(set) var entries: [SettingsEntry] = []

  private let name: String
  private var section = ""
  private var line = 0

  /// Reads a file's bytes; `name` is how messages call it.
  init(_ bytes: [UInt8], name: String) throws(SettingsError) {
    self.name = name
    var pending: [UInt8] = []
    for part in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
      line += 1
      var content = Self.trimmed(Array(part))
      if content.first == 0x23 || content.first == 0x3B { continue }
      if content.last == 0x5C {
        content.removeLast()
        pending += content
        continue
      }
      pending += content
      let whole = Self.trimmed(pending)
      pending = []
      try read(whole)
    }
    guard pending.isEmpty else { throw failure("ends with a backslash, expected another line") }
  }

  private mutating func read(_ content: [UInt8]) throws(SettingsError) {
    guard let first = content.first else { return }
    for byte in content where byte < 0x20 && byte != 0x09 || byte == 0x7F {
      throw failure("a control character, expected text")
    }
    guard String(validating: content, as: UTF8.self) != nil else {
      throw failure("bytes that are not UTF-8, expected text")
    }
    if first == 0x5B {
      guard content.last == 0x5D, content.count > 2 else {
        throw failure("a section without its end, expected [name]")
      }
      section = Self.string(content[1..<content.count - 1])
      return
    }
    guard let equals = content.firstIndex(of: 0x3D), equals > 0 else {
      throw failure("neither a section nor an entry, expected key = value")
    }
    guard !section.utf8.isEmpty else {
      throw failure("an entry before the first section, expected [name] above it")
    }
    entries.append(
      SettingsEntry(
        file: name,
        line: line,
        section: section,
        key: Self.string(Self.trimmed(Array(content[..<equals]))[...]),
        value: Self.string(Self.trimmed(Array(content[(equals + 1)...]))[...])
      )
    )
  }

  private func failure(_ words: StaticString) -> SettingsError {
    var text = TextBuilder(string: name)
    text.append(":", line)
    text.append(": ")
    text.append(words)
    return SettingsError(text)
  }

  static func string(_ bytes: ArraySlice<UInt8>) -> String {
    var text = TextBuilder()
    for byte in bytes { text.append(byte: byte) }
    return text.string
  }

  private static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
    var (start, end) = (0, bytes.count)
    while start < end && isSpace(bytes[start]) { start += 1 }
    while end > start && isSpace(bytes[end - 1]) { end -= 1 }
    return Array(bytes[start..<end])
  }
}
