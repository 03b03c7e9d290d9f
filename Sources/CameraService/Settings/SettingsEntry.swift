internal import PlainText

/// One `key = value` line of a settings file, with the readers of every kind of value.
public struct SettingsEntry {
  let file: String
  let line: Int
  let section: String
  let key: String
  let value: String

  /// Where the entry is: `cnncamd.conf:12: [camera] width: `.
  var place: TextBuilder {
    var text = TextBuilder(string: file)
    if line > 0 { text.append(":", line) }
    text.append(": [")
    text.append(string: section)
    text.append("] ")
    text.append(string: key)
    text.append(": ")
    return text
  }

  /// The value, which must not be empty.
  func text() throws(SettingsError) -> String {
    guard !value.utf8.isEmpty else { throw SettingsError(self, expected: TextBuilder("some text")) }
    return value
  }

  /// The value, an absolute path, or one relative to the folder that the service is started in.
  func path() throws(SettingsError) -> String {
    guard !value.utf8.isEmpty else { throw SettingsError(self, expected: TextBuilder("a path")) }
    return value
  }

  /// `yes`, `true`, `on`, `1`; `no`, `false`, `off`, `0`.
  func flag() throws(SettingsError) -> Bool {
    let yes: [StaticString] = ["yes", "true", "on", "1"]
    let no: [StaticString] = ["no", "false", "off", "0"]
    for word in yes where value.hasBytes(of: word) { return true }
    for word in no where value.hasBytes(of: word) { return false }
    throw SettingsError(self, expected: TextBuilder("yes or no"))
  }

  /// An integer in `range`.
  func number(_ range: ClosedRange<Int>) throws(SettingsError) -> Int {
    if let number = Decimal(value), let integer = number.integer, range.contains(integer) {
      return integer
    }
    var expected = TextBuilder("a whole number from ")
    expected.append("", range.lowerBound)
    expected.append(" to ", range.upperBound)
    throw SettingsError(self, expected: expected)
  }

  /// A number in `range`, in decimal notation.
  func fraction(_ range: ClosedRange<Double>) throws(SettingsError) -> Double {
    if let number = Decimal(value), number.unit.isEmpty, range.contains(number.value) {
      return number.value
    }
    var expected = TextBuilder("a number from ")
    expected.append(range.lowerBound, decimals: 3, trimmed: true)
    expected.append(" to ")
    expected.append(range.upperBound, decimals: 3, trimmed: true)
    throw SettingsError(self, expected: expected)
  }

  /// A time in milliseconds, as systemd writes times: `500ms`, `2s`, `1.5min`, `12h`; a number alone is seconds.
  func milliseconds(_ range: ClosedRange<Int>) throws(SettingsError) -> Int {
    let units: [(name: StaticString, milliseconds: Double)] = [
      ("", 1000), ("s", 1000), ("ms", 1), ("min", 60_000), ("h", 3_600_000),
    ]
    if let number = Decimal(value) {
      for unit in units where number.hasUnit(unit.name) {
        let time = number.value * unit.milliseconds
        if time >= Double(range.lowerBound) && time <= Double(range.upperBound) { return Int(time) }
      }
    }
    var expected = TextBuilder("a time from ")
    Self.append(time: range.lowerBound, to: &expected)
    expected.append(" to ")
    Self.append(time: range.upperBound, to: &expected)
    throw SettingsError(self, expected: expected)
  }

  /// A number of bytes in `range`: `65536`, `64K`, `16M`, `1G`.
  func bytes(_ range: ClosedRange<Int>) throws(SettingsError) -> Int {
    let units: [(name: StaticString, bytes: Double)] = [
      ("", 1), ("K", 1024), ("M", 1_048_576), ("G", 1_073_741_824),
    ]
    if let number = Decimal(value) {
      for unit in units where number.hasUnit(unit.name) {
        let size = number.value * unit.bytes
        if size >= Double(range.lowerBound) && size <= Double(range.upperBound) { return Int(size) }
      }
    }
    var expected = TextBuilder("bytes from ")
    expected.append("", range.lowerBound)
    expected.append(" to ", range.upperBound)
    expected.append(", such as 64K or 16M")
    throw SettingsError(self, expected: expected)
  }

  /// The index of the value among `words`.
  func choice(_ words: [StaticString]) throws(SettingsError) -> Int {
    for (index, word) in words.enumerated() where value.hasBytes(of: word) { return index }
    var expected = TextBuilder()
    for (index, word) in words.enumerated() {
      expected.append(index == 0 ? "" : index == words.count - 1 ? " or " : ", ")
      expected.append(word)
    }
    throw SettingsError(self, expected: expected)
  }

  /// Whole numbers between separators: `640x480` with "x", and exactly `count` of them.
  func numbers(
    _ count: Int,
    between separator: Unicode.Scalar,
    _ range: ClosedRange<Int>,
    example: StaticString
  ) throws(SettingsError) -> [Int] {
    let mark = UInt8(truncatingIfNeeded: separator.value)
    var numbers: [Int] = []
    for part in TextBuilder(string: value).bytes.split(
      separator: mark,
      omittingEmptySubsequences: false
    ) {
      guard let number = Decimal(Array(part)), let integer = number.integer, range.contains(integer)
      else { break }
      numbers.append(integer)
    }
    guard numbers.count == count, separators(mark) == count - 1 else {
      var expected = TextBuilder("", )
      expected.append("", count)
      expected.append(" numbers from ", range.lowerBound)
      expected.append(" to ", range.upperBound)
      expected.append(", such as ")
      expected.append(example)
      throw SettingsError(self, expected: expected)
    }
    return numbers
  }

  private func separators(_ mark: UInt8) -> Int {
    var count = 0
    for byte in TextBuilder(string: value).bytes where byte == mark { count += 1 }
    return count
  }

  private static func append(time milliseconds: Int, to text: inout TextBuilder) {
    if milliseconds % 1000 == 0 {
      text.append("", milliseconds / 1000)
      text.append("s")
    } else {
      text.append("", milliseconds)
      text.append("ms")
    }
  }
}

/// A number in decimal notation and what follows it.
private struct Decimal {
  let value: Double
  /// The value where the text has no fraction and no unit.
  let integer: Int?
  let unit: [UInt8]

  init?(_ text: String) { self.init(TextBuilder(string: text).bytes) }

  init?(_ bytes: [UInt8]) {
    var position = 0
    let isNegative = bytes.first == 0x2D
    if isNegative { position = 1 }
    var (value, digits, scale) = (0.0, 0, 1.0)
    var (whole, hasFraction) = (0, false)
    while position < bytes.count {
      let byte = bytes[position]
      if byte == 0x2E && !hasFraction {
        hasFraction = true
      } else if (0x30...0x39).contains(byte) {
        digits += 1
        guard digits <= 15 else { return nil }
        let digit = Double(byte - 0x30)
        if hasFraction {
          scale /= 10
          value += digit * scale
        } else {
          value = value * 10 + digit
          whole = min(whole, 100_000_000) * 10 + Int(byte - 0x30)
        }
      } else {
        break
      }
      position += 1
    }
    guard digits > 0 else { return nil }
    while position < bytes.count && bytes[position] == 0x20 { position += 1 }
    unit = Array(bytes[position...])
    self.value = isNegative ? -value : value
    integer = hasFraction || !unit.isEmpty ? nil : isNegative ? -whole : whole
  }

  func hasUnit(_ name: StaticString) -> Bool { unit == TextBuilder(name).bytes }
}
