internal import CLinux
internal import PlainText
internal import Runtime

/// All that results go to.
final class Outputs {
  /// Result lines in a file or on standard output.
  private let lines: ResultLines?
  /// Result lines for all who connect.
  private let socket: ResultSocket?
  /// The terminal.
  private let terminal: TerminalView?
  /// Frames for relabelling.
  let frames: HardFrames?
  /// The broker.
  let mqtt: MQTTPublisher?
  private let log: Log
  private var hasReported = false

  /// The outputs that the settings name; `console` says what standard output shows where they name nothing.
  init(
    _ settings: Settings,
    console: ConsoleStyle,
    mqtt: MQTTPublisher?,
    log: Log,
    metrics: Metrics
  ) throws(ServiceError) {
    let results = settings.results
    socket =
      results.socket.utf8.isEmpty
      ? nil
      : try ResultSocket.open(
        results.socket,
        permissions: results.socketPermissions,
        maximumClients: results.socketClients
      )
    self.log = log
    self.mqtt = mqtt
    if !settings.results.file.utf8.isEmpty {
      lines = ResultLines(path: settings.results.file)
    } else if console == .json {
      lines = ResultLines(path: "-")
    } else {
      lines = nil
    }
    terminal = console == .people ? TerminalView() : nil
    frames =
      settings.frames.folder.utf8.isEmpty
      ? nil : HardFrames(settings.frames, log: log, metrics: metrics)
    frames?.start()
  }

  /// Gives a result to all; `line` is its JSON with a line's end.
  func write(
    _ line: TextBuilder,
    _ result: FrameResult,
    _ model: ModelInUse,
    now: Int64
  ) {
    line.bytes.withUnsafeBufferPointer { line in
      lines?.write(line)
      socket?.write(line, now: now)
    }
    if let error = lines?.error, error != 0 {
      if !hasReported && lines?.isClosedPipe != true { report(error) }
      hasReported = true
    } else {
      hasReported = false
    }
    terminal?.show(
      result,
      label: result.decision.label.flatMap { model.label($0) },
      nanoseconds: now
    )
  }

  /// Opens files again that may have been moved away.
  func reopen() { lines?.reopen() }

  /// Takes those who want to connect; call it where no results come too.
  func accept(now: Int64) { socket?.accept(now) }

  /// Results that an output could not take.
  var dropped: UInt64 { (lines?.dropped ?? 0) + (socket?.skipped ?? 0) }

  /// Whether nobody reads standard output any more.
  var isOver: Bool {
    if lines?.isClosedPipe == true { return true }
    if let error = terminal?.error { return error != 0 && cl_is_closed_pipe(error) != 0 }
    return false
  }

  /// Ends all threads of outputs.
  func stop() {
    terminal?.end()
    socket?.close()
    frames?.stop()
    mqtt?.stop(withinMilliseconds: 700)
  }

  private func report(_ error: Int32) {
    var text = TextBuilder("a line cannot be written, ")
    text.append(TextBuilder(cString: cl_error_text(error)))
    log.error(.results, text)
  }
}

/// What standard output shows.
public enum ConsoleStyle: Sendable, Equatable {
  /// Nothing.
  case none
  /// A line for each change, alive on a terminal.
  case people
  /// Result lines.
  case json
}
