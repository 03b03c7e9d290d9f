internal import PlainText

/// The words of a message or the levels of a topic.
struct MQTTWords {
  private let all: [UInt8]
  private var ranges: [Range<Int>] = []

  /// The words of `bytes`, without empty ones and line ends.
  init(_ bytes: [UInt8], separatedBy separator: UInt8) {
    all = bytes
    var start = 0
    for place in 0...bytes.count
    where place == bytes.count || bytes[place] == separator || bytes[place] < 0x20 {
      if place > start { ranges.append(start..<place) }
      start = place + 1
    }
  }

  /// How many there are.
  var count: Int { ranges.count }

  /// All of it.
  var text: TextBuilder { text(0..<all.count) }

  /// A word; empty where there is none.
  func text(_ index: Int) -> TextBuilder { text(index < count ? ranges[index] : 0..<0) }

  /// The bytes of a word; none where there is none.
  func bytes(_ index: Int) -> [UInt8] { index < count ? Array(all[ranges[index]]) : [] }

  private func text(_ range: Range<Int>) -> TextBuilder {
    var text = TextBuilder()
    for byte in all[range] { text.append(byte: byte) }
    return text
  }

  /// Whether a word is this one.
  func isWord(_ index: Int, _ word: StaticString) -> Bool {
    bytes(index) == TextBuilder(word).bytes
  }

  /// The number that a word of at most 15 decimal digits is.
  func number(_ index: Int) -> Int? {
    let digits = bytes(index)
    guard !digits.isEmpty, digits.count <= 15 else { return nil }
    var number: Int64 = 0
    for digit in digits {
      guard (0x30...0x39).contains(digit) else { return nil }
      number = number * 10 + Int64(digit - 0x30)
    }
    return Int(exactly: number)
  }

  /// The number that a word of 16 hexadecimal digits is.
  func hash(_ index: Int) -> UInt64? {
    let digits = bytes(index)
    guard digits.count == 16 else { return nil }
    var hash: UInt64 = 0
    for digit in digits {
      switch digit {
      case 0x30...0x39: hash = hash << 4 | UInt64(digit - 0x30)
      case 0x61...0x66: hash = hash << 4 | UInt64(digit - 0x57)
      case 0x41...0x46: hash = hash << 4 | UInt64(digit - 0x37)
      default: return nil
      }
    }
    return hash
  }
}
