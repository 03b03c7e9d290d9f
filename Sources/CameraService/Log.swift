internal import CLinux
public import PlainText
internal import Threads

/// What a log line is about.
public enum LogSubject: Int, Sendable, CaseIterable {
  case service, model, camera, results, mqtt, http, frames, drift, update

  var name: StaticString {
    switch self {
    case .service: "service"
    case .model: "model"
    case .camera: "camera"
    case .results: "results"
    case .mqtt: "mqtt"
    case .http: "http"
    case .frames: "frames"
    case .drift: "drift"
    case .update: "update"
    }
  }
}

/// How much a log line matters.
public enum LogLevel: Int, Sendable, CaseIterable {
  case error, warning, info, debug

  /// The word in settings.
  public var name: StaticString {
    switch self {
    case .error: "error"
    case .warning: "warning"
    case .info: "info"
    case .debug: "debug"
    }
  }

  /// What the journal knows the level by (sd-daemon(3)).
  var prefix: StaticString {
    switch self {
    case .error: "<3>"
    case .warning: "<4>"
    case .info: "<6>"
    case .debug: "<7>"
    }
  }
}

/// Lines on standard error, for people and for the journal; any thread may write.
///
/// A subject may write ten lines at once and one every six seconds after; the first line after a silence that was imposed says
/// how many were left out. Errors count like all others: a broken cable must not fill a disk. The word that a trouble is over is
/// written where the trouble was, so that the last line is true.
public final class Log: @unchecked Sendable {
  private static let burst = 10
  private static let nanosecondsPerLine: Int64 = 6_000_000_000

  private struct Budget {
    var lines = Log.burst
    var refilledAt: Int64 = 0
    var suppressed = 0
    /// A warning or an error was written, and not that it is over.
    var isTroubled = false
  }

  private let monitor = Monitor()
  private let isJournal: Bool
  private let clock: () -> Int64
  private let sink: (TextBuilder) -> Void
  private var budgets = [Budget](repeating: Budget(), count: LogSubject.allCases.count)

  /// Lines up to this level are written.
  public let level: LogLevel

  /// A log on standard error, with the journal's levels where systemd reads it.
  public convenience init(level: LogLevel = .info) {
    self.init(
      level: level,
      isJournal: cl_environment("JOURNAL_STREAM") != nil,
      clock: { cl_nanoseconds() },
      sink: { line in
        line.bytes.withUnsafeBufferPointer { _ = cl_write(2, $0.baseAddress, $0.count) }
      }
    )
  }

  /// A log with another clock and another place for its lines.
  init(
    level: LogLevel,
    isJournal: Bool,
    clock: @escaping () -> Int64,
    sink: @escaping (TextBuilder) -> Void
  ) {
    self.level = level
    self.isJournal = isJournal
    self.clock = clock
    self.sink = sink
  }

  /// Something that the service cannot do.
  public func error(_ subject: LogSubject, _ text: TextBuilder) { write(.error, subject, text) }

  /// Something that may want attention.
  public func warning(_ subject: LogSubject, _ text: TextBuilder) { write(.warning, subject, text) }

  /// Something that a reader of the log wants to know.
  public func info(_ subject: LogSubject, _ text: TextBuilder) { write(.info, subject, text) }

  /// Something for who looks for a fault.
  public func debug(_ subject: LogSubject, _ text: TextBuilder) { write(.debug, subject, text) }

  /// Writes a line of this level; `endsTrouble` says that what warnings and errors told of the subject is over.
  public func write(
    _ level: LogLevel,
    _ subject: LogSubject,
    _ text: TextBuilder,
    endsTrouble: Bool = false
  ) {
    guard level.rawValue <= self.level.rawValue else { return }
    monitor.locked { writeInside(level, subject, text, endsTrouble) }
  }

  private func writeInside(
    _ level: LogLevel,
    _ subject: LogSubject,
    _ text: TextBuilder,
    _ endsTrouble: Bool
  ) {
    guard let suppressed = take(subject, isOwed: endsTrouble) else { return }
    if level.rawValue <= LogLevel.warning.rawValue {
      budgets[subject.rawValue].isTroubled = true
    } else if endsTrouble {
      budgets[subject.rawValue].isTroubled = false
    }
    var line = TextBuilder(isJournal ? level.prefix : "cnncamd: ")
    if !isJournal && level.rawValue <= LogLevel.warning.rawValue {
      line.append(level.name)
      line.append(": ")
    }
    line.append(subject.name)
    line.append(": ")
    for byte in text.bytes { line.append(byte: byte < 0x20 || byte == 0x7F ? 0x3F : byte) }
    if suppressed > 0 { line.append(" (", suppressed) }
    if suppressed > 0 { line.append(suppressed == 1 ? " line left out)" : " lines left out)") }
    line.append("\n")
    sink(line)
  }

  /// Takes a line from the subject's budget: lines that were left out before it, nil where there is none left.
  ///
  /// An owed line costs nothing where there was trouble: as many of them are written as of those that told of it.
  private func take(_ subject: LogSubject, isOwed: Bool) -> Int? {
    var budget = budgets[subject.rawValue]
    defer { budgets[subject.rawValue] = budget }
    let now = clock()
    let refill = (now - budget.refilledAt) / Self.nanosecondsPerLine
    if refill > 0 {
      budget.lines = min(Self.burst, budget.lines + Int(min(refill, Int64(Self.burst))))
      budget.refilledAt = now
    }
    if !(isOwed && budget.isTroubled) {
      guard budget.lines > 0 else {
        budget.suppressed += 1
        return nil
      }
      budget.lines -= 1
    }
    let suppressed = budget.suppressed
    budget.suppressed = 0
    return suppressed
  }
}
