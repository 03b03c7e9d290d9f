internal import CLinux
internal import PlainText

/// Word to systemd (sd_notify(3)): ready, still alive, what is going on, about to stop.
///
/// Alive is said only after a classified frame, so that a watchdog covers the whole way from the camera to the result.
struct ServiceNotifier {
  private var toldAt: Int64 = 0
  /// Half of what systemd waits for, nil where it does not watch.
  private let intervalNanoseconds: Int64?

  init() {
    guard let text = cl_environment("WATCHDOG_USEC") else {
      intervalNanoseconds = nil
      return
    }
    var microseconds: Int64 = 0
    for byte in TextBuilder(cString: text).bytes {
      guard (0x30...0x39).contains(byte) else { break }
      microseconds = min(microseconds, 1 << 40) * 10 + Int64(byte - 0x30)
    }
    intervalNanoseconds = microseconds > 0 ? microseconds * 1000 / 2 : nil
  }

  /// The service works, or tries to.
  func ready() { _ = cl_notify("READY=1") }

  /// The service ends.
  func stopping() { _ = cl_notify("STOPPING=1") }

  /// What `systemctl status` shows.
  func status(_ text: TextBuilder) {
    var line = TextBuilder("STATUS=")
    line.append(text)
    _ = line.string.withTerminatedBytes { cl_notify($0) }
  }

  /// A frame has been classified.
  mutating func classified(nanoseconds: Int64) {
    guard let intervalNanoseconds, nanoseconds - toldAt >= intervalNanoseconds else { return }
    toldAt = nanoseconds
    _ = cl_notify("WATCHDOG=1")
  }
}
