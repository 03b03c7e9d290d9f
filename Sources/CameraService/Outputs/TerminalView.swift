internal import CLinux
internal import PlainText

/// Results for who sits in front of them: a line for each change of the label; on a terminal the current one lives.
final class TerminalView {
  private static let refreshNanoseconds: Int64 = 100_000_000
  private static let barCells = 20

  private let isTerminal = cl_is_terminal(1) != 0
  /// Whether the terminal's last line is the current result.
  private var isLive = false
  private var line = TextBuilder()
  private var refreshedAt: Int64 = 0
  private var frames = 0
  private var framesSince: Int64 = 0
  private var rate = 0.0

  /// The errno value of the last failure.
  private(set) var error: Int32 = 0

  init() {}

  /// Shows a result.
  func show(
    _ result: FrameResult,
    label: String?,
    nanoseconds: Int64
  ) {
    countFrame(nanoseconds)
    let isDue = isTerminal && nanoseconds - refreshedAt >= Self.refreshNanoseconds
    guard result.decision.isChanged || isDue else { return }
    refreshedAt = nanoseconds
    line.clear()
    if isLive { line.append(result.decision.isChanged ? "\n" : "\r\u{1B}[K") }
    isLive = isTerminal
    WallTime(nanoseconds: result.wallNanoseconds).append(to: &line)
    line.append("  ")
    let percent = Double(result.decision.score) * 100
    if isTerminal { bar(percent) }
    if percent < 99.95 { line.append(percent < 9.95 ? "  " : " ") }
    line.append(percent, decimals: 1)
    line.append(" %  ")
    if let label {
      line.append(string: label)
    } else if let index = result.decision.label {
      line.append("class ", index)
    } else {
      line.append("(nothing for sure)")
    }
    if isTerminal {
      line.append("  ")
      line.append(rate, decimals: 1)
      line.append(" frames/s, ")
      let times = result.times
      line.append(
        Double(times.capture + times.pixels + times.inference) / 1e6,
        decimals: 1
      )
      line.append(" ms")
    } else {
      line.append("\n")
    }
    error = line.bytes.withUnsafeBufferPointer { cl_write(1, $0.baseAddress, $0.count) }
  }

  /// Leaves the living line.
  func end() {
    if isLive { _ = cl_write(1, "\n", 1) }
  }

  private func bar(_ percent: Double) {
    let filled = Int(max(0, min(100, percent)) / 100 * Double(Self.barCells) + 0.5)
    for cell in 0..<Self.barCells { line.append(cell < filled ? "█" : "░") }
    line.append(" ")
  }

  private func countFrame(_ nanoseconds: Int64) {
    frames += 1
    let elapsed = nanoseconds - framesSince
    guard elapsed >= 1_000_000_000 else { return }
    rate = framesSince == 0 ? 0 : Double(frames) * 1e9 / Double(elapsed)
    frames = 0
    framesSince = nanoseconds
  }
}
