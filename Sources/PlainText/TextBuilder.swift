/// UTF-8 text that grows piece by piece.
///
/// Does what String interpolation does for words and numbers, in a few instructions a piece.
public struct TextBuilder: Sendable {
  /// What has been appended so far.
  public private(set) var bytes: [UInt8] = []

  /// A text that starts with a literal.
  public init(_ words: StaticString = "") { append(words) }

  /// A text that starts with a string of C.
  public init(cString: UnsafePointer<CChar>) {
    append(literal: UnsafeRawPointer(cString).assumingMemoryBound(to: UInt8.self))
  }

  /// A text that starts with a string.
  public init(string: String) { append(string: string) }

  /// Starts again; the memory stays.
  public mutating func clear() { bytes.removeAll(keepingCapacity: true) }

  /// The text; where it is not UTF-8, which only the world outside can bring about, with `?` for all but ASCII.
  @inline(never)
  public var string: String {
    if let string = String(validating: bytes, as: UTF8.self) { return string }
    var ascii = TextBuilder()
    for byte in bytes { ascii.append(byte: byte < 0x80 ? byte : 0x3F) }
    return ascii.string
  }

  /// Code points, which is what a terminal shows of most scripts.
  public var width: Int {
    var width = 0
    for byte in bytes where byte & 0xC0 != 0x80 { width += 1 }
    return width
  }

  /// Appends one byte.
  @inline(never)
  public mutating func append(byte: UInt8) { bytes.append(byte) }

  /// Appends bytes that are UTF-8.
  @inline(never)
  public mutating func append(bytes content: UnsafeBufferPointer<UInt8>) {
    bytes.append(contentsOf: content)
  }

  /// Appends a literal.
  public mutating func append(_ words: StaticString) { append(literal: words.utf8Start) }

  /// Appends a literal, given by its first byte; a zero byte ends it.
  @inline(never)
  public mutating func append(literal: UnsafePointer<UInt8>) {
    var count = 0
    while literal[count] != 0 { count += 1 }
    append(bytes: UnsafeBufferPointer(start: literal, count: count))
  }

  /// Appends a string.
  @inline(never)
  public mutating func append(string: String) { string.appendBytes(to: &bytes) }

  /// Appends another text.
  @inline(never)
  public mutating func append(_ other: TextBuilder) {
    other.bytes.withUnsafeBufferPointer { append(bytes: $0) }
  }

  /// Appends `count` spaces, none for a negative count.
  @inline(never)
  public mutating func append(spaces count: Int) {
    for _ in 0..<max(0, count) { bytes.append(0x20) }
  }
}

extension TextBuilder {
  /// Appends a literal and a number.
  @inline(never)
  public mutating func append(_ words: StaticString, _ number: Int) {
    append(words)
    append(Int64(number))
  }

  /// Appends a literal and a string.
  @inline(never)
  public mutating func append(_ words: StaticString, _ string: String) {
    append(words)
    append(string: string)
  }

  /// Appends a number in decimal.
  @inline(never)
  public mutating func append(_ number: Int64) {
    if number < 0 { append(byte: 0x2D) }
    append(number.magnitude)
  }

  /// Appends a number in decimal.
  public mutating func append(_ number: UInt64) { append(number, radix: 10, digits: 1) }

  /// Appends a number in hexadecimal: `0x…` in lower case.
  @inline(never)
  public mutating func append(hex number: UInt64) {
    append("0x")
    append(number, radix: 16, digits: 1)
  }

  /// Appends a number with at least `digits` digits (at most 16) of `radix` (10 or 16).
  @inline(never)
  public mutating func append(_ number: UInt64, radix: UInt64, digits: Int) {
    // The place value of the first digit.
    var unit: UInt64 = 1
    var left = digits
    while left > 1 || number / unit >= radix {
      unit *= radix
      left -= 1
    }
    var rest = number
    while unit > 0 {
      let digit = UInt8(truncatingIfNeeded: rest / unit)
      append(byte: digit < 10 ? 0x30 + digit : 0x57 + digit)
      rest %= unit
      unit /= radix
    }
  }
}
