internal import PlainText

/// The words of a command line, in order.
public struct Words {
  /// One word, split at its first "=" if it is an option.
  public struct Word {
    /// The word as it was typed.
    public let text: String
    /// Whether it begins with a dash, and "--" has not come before it.
    public let isOption: Bool
    /// What stands before the "=" of an option; else the word.
    public let name: String
    /// What stands behind the "=" of an option.
    public let value: String?
  }

  private let arguments: [String]
  private var position = 0
  private var optionsEnded = false

  /// Reads what follows the program's name.
  public init(_ arguments: [String]) { self.arguments = arguments }

  /// The next word; "--" ends the options and is none itself.
  public mutating func next() -> Word? {
    guard position < arguments.count else { return nil }
    let text = arguments[position]
    position += 1
    let bytes = TextBuilder(string: text).bytes
    guard !optionsEnded, bytes.count > 1, bytes[0] == 0x2D else {
      return Word(text: text, isOption: false, name: text, value: nil)
    }
    if text.hasBytes(of: "--") {
      optionsEnded = true
      return next()
    }
    guard let equals = bytes.firstIndex(of: 0x3D) else {
      return Word(text: text, isOption: true, name: text, value: nil)
    }
    var (name, value) = (TextBuilder(), TextBuilder())
    for byte in bytes[..<equals] { name.append(byte: byte) }
    for byte in bytes[(equals + 1)...] { value.append(byte: byte) }
    return Word(text: text, isOption: true, name: name.string, value: value.string)
  }

  /// The value of an option: behind its "=", or the next word.
  public mutating func value(_ option: Word) throws(UsageError) -> String {
    if let value = option.value { return value }
    guard position < arguments.count else {
      var message = TextBuilder(string: option.name)
      message.append(": value missing")
      throw UsageError(message)
    }
    position += 1
    return arguments[position - 1]
  }

  /// The value of an option, a number from 1 to `limit`.
  public mutating func number(_ option: Word, upTo limit: Int) throws(UsageError) -> Int {
    let text = try value(option)
    if let number = Self.number(text), number >= 1, number <= limit { return number }
    var message = TextBuilder(string: option.name)
    message.append(" ", text)
    message.append(": expected 1 to ", limit)
    throw UsageError(message)
  }

  /// The next word if it is a number, and nil where it is another word.
  public mutating func optionalNumber(
    _ option: Word,
    upTo limit: Int
  ) throws(UsageError) -> Int? {
    if option.value == nil {
      guard position < arguments.count, Self.number(arguments[position]) != nil else { return nil }
    }
    return try number(option, upTo: limit)
  }

  /// The number that a word of digits, perhaps after a sign, is; far beyond every limit a large one.
  private static func number(_ text: String) -> Int? {
    var (number, digits, isNegative) = (0, 0, false)
    for (place, byte) in TextBuilder(string: text).bytes.enumerated() {
      switch byte {
      case 0x30...0x39:
        number = min(number * 10 + Int(byte - 0x30), 100_000_000)
        digits += 1
      case 0x2B where place == 0, 0x2D where place == 0: isNegative = byte == 0x2D
      default: return nil
      }
    }
    guard digits > 0 else { return nil }
    return isNegative ? -number : number
  }
}
