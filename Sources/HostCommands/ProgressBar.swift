internal import Foundation

/// A bar on the terminal's last line; silent where standard error is no terminal.
public final class ProgressBar: @unchecked Sendable {
  private let lock = NSLock()
  private var title = ""
  private var shownTenths = -1

  /// A bar that shows nothing yet.
  public init() {}

  /// Shows `done` of `total` of the step called `title`.
  public func show(_ title: String, _ done: Int, of total: Int) {
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
    Terminal.writeError("\r\u{1B}[2K\(name) \(bar) \(done)/\(total)")
  }

  /// Clears the line.
  public func finish() {
    guard Terminal.showsProgress else { return }
    Terminal.writeError("\r\u{1B}[2K")
  }
}
