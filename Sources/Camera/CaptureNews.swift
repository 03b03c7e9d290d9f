internal import PlainText

/// Which of the capture thread's words are news.
///
/// The same words twice in a row are not. A node that may not be opened is not either until it has been so for a while: udev gives a
/// new one to its group a moment after the kernel has made it.
struct CaptureNews {
  /// How long a new node may belong to nobody.
  static let graceNanoseconds: Int64 = 2_000_000_000

  private var last = TextBuilder()
  private var deniedSince: Int64?

  /// Whether to tell `text`; then it counts as told.
  mutating func isNews(_ text: TextBuilder) -> Bool {
    guard text.bytes != last.bytes else { return false }
    last = text
    return true
  }

  /// The node could not be opened at this time, or could: whether that is to be told.
  mutating func isLastingTrouble(isDenied: Bool, nanoseconds: Int64) -> Bool {
    guard isDenied else {
      deniedSince = nil
      return true
    }
    let since = deniedSince ?? nanoseconds
    deniedSince = since
    return nanoseconds - since >= Self.graceNanoseconds
  }
}
