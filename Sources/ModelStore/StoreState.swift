internal import ModelFormat
internal import PlainText

/// What a store knows about its models, each by its hash; one small file, replaced as a whole.
struct StoreState: Equatable {
  /// The model to use.
  var current: UInt64?
  /// The last one that was good.
  var previous: UInt64?
  /// One that failed in use.
  var failed: UInt64?
  /// The configured file as it was when it was last looked at.
  var seen: UInt64?
  /// Starts with a current model that has not proven itself; nil where it has.
  var trialStarts: Int?

  private static let heading: StaticString = "edgecnn model store 1\n"

  /// The file: a line a field, the last one a checksum of the lines before it.
  var encoded: [UInt8] {
    var text = TextBuilder(Self.heading)
    func line(_ words: StaticString, _ hash: UInt64?) {
      guard let hash else { return }
      text.append(words)
      text.append(hash, radix: 16, digits: 16)
      text.append("\n")
    }
    line("current ", current)
    line("previous ", previous)
    line("failed ", failed)
    line("seen ", seen)
    if let trialStarts {
      text.append("trial ")
      text.append(UInt64(clamping: trialStarts), radix: 16, digits: 16)
      text.append("\n")
    }
    line("checksum ", XXH64.hash(text.bytes))
    return text.bytes
  }

  /// Nothing known.
  init() {}

  /// Reads a file; nil where it is damaged.
  init?(_ bytes: [UInt8]) {
    var at = 0
    func skip(_ words: StaticString) -> Bool {
      let expected = UnsafeBufferPointer(start: words.utf8Start, count: words.utf8CodeUnitCount)
      guard bytes.count - at >= expected.count,
        bytes[at..<at + expected.count].elementsEqual(expected)
      else { return false }
      at += expected.count
      return true
    }
    func value(_ words: StaticString) -> UInt64? {
      let start = at
      guard skip(words), bytes.count - at >= 17, bytes[at + 16] == 0x0A,
        let digits = KeyText.hexadecimal([UInt8](bytes[at..<at + 16])), digits.count == 8
      else {
        at = start
        return nil
      }
      at += 17
      return digits.reduce(0) { $0 << 8 | UInt64($1) }
    }
    guard skip(Self.heading) else { return nil }
    current = value("current ")
    previous = value("previous ")
    failed = value("failed ")
    seen = value("seen ")
    trialStarts = value("trial ").map { Int(clamping: $0) }
    let content = [UInt8](bytes[..<at])
    guard value("checksum ") == XXH64.hash(content), at == bytes.count else { return nil }
  }
}
