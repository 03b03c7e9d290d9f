internal import Foundation

/// Standard output and error, and what they are connected to.
enum Terminal {
  static let showsProgress = isatty(STDERR_FILENO) == 1

  /// `cnnconvert: error: …` in one line.
  static func error(_ message: String) {
    write("cnnconvert: error: \(message)\n", to: .standardError)
  }

  /// `cnnconvert: warning: …` in one line.
  static func warning(_ message: String) {
    write("cnnconvert: warning: \(message)\n", to: .standardError)
  }

  /// Writes text; a closed pipe is nobody's error.
  static func write(_ text: String, to handle: FileHandle = .standardOutput) {
    try? handle.write(contentsOf: Data(text.utf8))
  }
}

/// A bar on the terminal's last line; silent where standard error is no terminal.
final class ProgressBar: @unchecked Sendable {
  private let lock = NSLock()
  private var title = ""
  private var shownTenths = -1

  /// Shows `done` of `total` of the step called `title`.
  func show(_ title: String, _ done: Int, of total: Int) {
    guard Terminal.showsProgress, total > 0 else { return }
    lock.lock()
    defer { lock.unlock() }
    let tenths = done * 1000 / total
    guard title != self.title || tenths != shownTenths else { return }
    (self.title, shownTenths) = (title, tenths)
    let width = 30
    let filled = min(width, done * width / total)
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    let name = title.padding(toLength: 12, withPad: " ", startingAt: 0)
    Terminal.write("\r\u{1B}[2K\(name) \(bar) \(done)/\(total)", to: .standardError)
  }

  /// Clears the line.
  func finish() {
    guard Terminal.showsProgress else { return }
    Terminal.write("\r\u{1B}[2K", to: .standardError)
  }
}
