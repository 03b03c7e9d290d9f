internal import CEdgeCNN

/// Writes one line of text into an `edgecnn_error`, without allocating.
///
/// What does not fit is cut off before a character, so that the text stays UTF-8.
struct Message {
  private let bytes: UnsafeMutableRawBufferPointer
  private var count = 0

  /// Empties `error`; with nil the text is lost.
  init(_ error: UnsafeMutablePointer<edgecnn_error>?) {
    bytes = UnsafeMutableRawBufferPointer(
      start: error,
      count: error == nil ? 0 : MemoryLayout<edgecnn_error>.size
    )
    end()
  }

  /// Appends a text in UTF-8.
  mutating func append(_ text: UnsafeBufferPointer<UInt8>) {
    guard bytes.count > 0 else { return }
    var fitting = min(text.count, bytes.count - 1 - count)
    while fitting < text.count, fitting > 0, text[fitting] & 0xC0 == 0x80 { fitting -= 1 }
    for index in 0..<fitting { bytes[count + index] = text[index] }
    count += fitting
    end()
  }

  /// Appends a text.
  mutating func append(_ text: StaticString) {
    append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Appends a text.
  mutating func append(string text: String) {
    text.utf8.withContiguousStorageIfAvailable { append($0) }
  }

  /// Appends a number in decimal digits.
  mutating func append(_ number: UInt) {
    var divisor: UInt = 1
    while number / divisor >= 10 { divisor *= 10 }
    while divisor > 0 {
      var digit = UInt8(truncatingIfNeeded: number / divisor % 10) + 0x30
      withUnsafePointer(to: &digit) { append(UnsafeBufferPointer(start: $0, count: 1)) }
      divisor /= 10
    }
  }

  private func end() {
    if bytes.count > 0 { bytes[count] = 0 }
  }
}
