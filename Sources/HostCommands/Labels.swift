internal import Foundation

/// Class names, one a line.
public enum Labels {
  /// The names in `path`; blank lines at the end do not count.
  public static func read(_ path: String) throws(Failure) -> [String] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Failure("\(path): cannot be read; expected a text file with one class name a line")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw Failure("\(path): is not UTF-8 text; expected one class name a line")
    }
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.trimmingCharacters(in: .whitespaces.union(.newlines)) }
    while lines.last == "" { lines.removeLast() }
    guard !lines.isEmpty else { throw Failure("\(path): is empty; expected one class name a line") }
    return lines
  }
}
