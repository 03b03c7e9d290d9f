/// Tells when a file has been replaced or overwritten, by looking at it now and then.
///
/// A change counts when the file has looked the same twice, so that most files that are still being written are not read for nothing;
/// what protects from the others is their checksums.
struct FileWatch {
  private let path: String
  private var known: FileMark?
  private var seen: FileMark?

  /// Watches a path from now on; an empty one never changes.
  init(_ path: String) {
    self.path = path
    note()
  }

  /// What is there now is no news.
  mutating func note() {
    known = path.isEmpty ? nil : FileMark(of: path)
    seen = known
  }

  /// Whether what is there now is news, and was there at the last look; once a change.
  ///
  /// A file that is gone is no news.
  mutating func isChanged() -> Bool {
    guard !path.isEmpty, let mark = FileMark(of: path) else { return false }
    defer { seen = mark }
    guard mark != known, mark == seen else { return false }
    known = mark
    return true
  }
}
