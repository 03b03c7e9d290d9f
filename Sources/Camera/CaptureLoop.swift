internal import CLinux
internal import CVideo
internal import PlainText

/// What the capture thread does: find, open, stream, and again.
struct CaptureLoop {
  /// The first and the longest pause before the camera is looked for again.
  private static let shortestPause = 100
  private static let longestPause = 500
  /// How long another camera is not taken for the known one.
  private static let patienceNanoseconds: Int64 = 10_000_000_000
  /// Some cameras take seconds until their first frame.
  private static let startNanoseconds: Int64 = 3_000_000_000
  /// A driver's clock that is further from ours than this is not the one that it says.
  private static let clockNanoseconds: Int64 = 5_000_000_000

  /// Lives as long as its thread, for whose end it waits.
  private let owner: Unmanaged<CameraStream>
  private let options: CameraOptions
  private var search: CameraSearch
  private var pause = CaptureLoop.shortestPause
  private var lostAt: Int64?
  private var hasStreamed = false
  private var isBandwidthShort = false
  private var news = CaptureNews()
  private var hasWarned = false

  // Of the session.
  private var goodFrames = 0
  private var badSinceGood = 0
  private var lastSequence: UInt32 = 0
  private var jpegsHaveEnds = false

  init(_ stream: CameraStream) {
    owner = .passUnretained(stream)
    options = stream.options
    search = CameraSearch(device: options.device)
  }

  private var stream: CameraStream { owner.takeUnretainedValue() }

  mutating func run() {
    while !stream.isEnding {
      if let session = open() {
        let ending = capture(session)
        stream.close()
        session.node.close()
        settle(ending, session)
      }
      if stream.isEnding { return }
      rest()
    }
  }

  /// Waits before the next try; a new node in /dev ends the pause.
  private mutating func rest() {
    if cv_wait_for_nodes(stream.watch, Int32(pause)) & Int32(CV_NODES) != 0 {
      // udev gives it to its group a moment after the kernel has made it.
      pause = Self.shortestPause
    } else {
      pause = min(pause * 2, Self.longestPause)
    }
  }

  // MARK: Opening

  private mutating func open() -> CameraSession? {
    let now = cl_nanoseconds()
    let isPatient = lostAt.map { now - $0 < Self.patienceNanoseconds } ?? true
    switch search.find(isPatient: isPatient) {
    case .absent:
      _ = news.isLastingTrouble(isDenied: false, nanoseconds: now)
      tellAbsence()
      return nil
    case .failed(let path, let error):
      stream.count { $0.openFailures += 1 }
      let isDenied = Int(cv_cause_of(error)) == CV_DENIED
      guard news.isLastingTrouble(isDenied: isDenied, nanoseconds: now) else {
        pause = Self.shortestPause
        return nil
      }
      var text = TextBuilder(string: path)
      text.append(": ")
      text.append(reason: error)
      tell(isDenied ? .error : .warning, .lost, text)
      return nil
    case .found(let node, let isStranger):
      _ = news.isLastingTrouble(isDenied: false, nanoseconds: now)
      if isStranger {
        var text = TextBuilder(string: node.path)
        text.append(": another camera than before: ", node.identity.name)
        tell(.warning, .unchanged, text)
      }
      return start(node)
    }
  }

  private mutating func start(_ node: CameraNode) -> CameraSession? {
    var warnings: [TextBuilder] = []
    let (session, refusal) = CameraSession.start(
      node,
      options,
      isBandwidthShort: isBandwidthShort,
      warnings: &warnings
    )
    guard let session else {
      node.close()
      search.giveUp()
      stream.count { $0.openFailures += 1 }
      if let refusal {
        isBandwidthShort = isBandwidthShort || refusal.cause == CV_NO_ROOM
        tell(.warning, .lost, refusal.message)
      }
      return nil
    }
    if !hasWarned {
      for warning in warnings { tell(.warning, .unchanged, warning) }
      hasWarned = true
    }
    goodFrames = 0
    badSinceGood = 0
    jpegsHaveEnds = false
    stream.open(session)
    return session
  }

  private mutating func tellAbsence() {
    var text = TextBuilder()
    if let known = search.known {
      text.append("waiting for ", known.name)
      text.append(" (", known.bus)
      text.append(")")
    } else if options.device.utf8.isEmpty {
      text.append("no camera found; waiting for one")
    } else {
      text.append("no camera ", options.device)
      text.append(" found; waiting for it")
    }
    tell(.warning, .lost, text)
  }

  // MARK: Streaming

  /// Why a session ended.
  private enum Ending {
    case stopped
    case frozen
    case changed
    case failed(Int32)
  }

  private mutating func capture(_ session: CameraSession) -> Ending {
    var lastGood = cl_nanoseconds()
    while true {
      let left = (lastGood + longestWait(session) - cl_nanoseconds()) / 1_000_000
      if left <= 0 { return .frozen }
      let seen = Int(cv_wait(stream.watch, session.node.handle, Int32(clamping: left + 1)))
      if stream.isEnding { return .stopped }
      let queueError = stream.troubleOfQueue
      if queueError != 0 { return .failed(queueError) }
      if seen & CV_CHANGE != 0 && cv_take_source_change(session.node.handle) != 0 {
        return .changed
      }
      if seen & (CV_FRAME | CV_TROUBLE) != 0 {
        let before = goodFrames
        let (taken, error) = drain(session)
        if error != 0 { return .failed(error) }
        if taken == 0 && seen & CV_TROUBLE != 0 { return .failed(cv_broken_stream()) }
        if goodFrames > before { lastGood = cl_nanoseconds() }
      } else if seen & CV_CHANGE != 0 {
        // An event that we know nothing of and cannot take: look again a little later.
        cl_sleep(5_000_000)
      }
    }
  }

  /// Nanoseconds without a good frame after which the camera is frozen: it may be slow on purpose, and slow to start.
  private func longestWait(_ session: CameraSession) -> Int64 {
    let configured = Int64(options.frozenMilliseconds) * 1_000_000
    let frames = session.milliHertz > 0 ? 10_000_000_000_000 / Int64(session.milliHertz) : 0
    return max(configured, frames, goodFrames > 0 ? 0 : Self.startNanoseconds)
  }

  /// Takes all frames that the driver has; an errno value where it fails.
  private mutating func drain(_ session: CameraSession) -> (taken: Int, error: Int32) {
    var taken = 0
    var buffer = cv_buffer()
    // A driver cannot have more, unless it is faster than this loop.
    while taken < CV_MAX_BUFFERS {
      let error = cv_dequeue(session.node.handle, &buffer)
      if error != 0 { return (taken, Int(cv_cause_of(error)) == CV_AGAIN ? 0 : error) }
      taken += 1
      accept(buffer, session)
    }
    return (taken, 0)
  }

  private mutating func accept(_ buffer: cv_buffer, _ session: CameraSession) {
    let missed = goodFrames > 0 ? Int(buffer.sequence &- lastSequence &- 1) : 0
    lastSequence = buffer.sequence
    stream.count {
      $0.captured += 1
      // A count that jumps back began anew.
      if missed < 1000 { $0.missed += missed }
    }
    guard isWhole(buffer, session) else {
      badSinceGood += 1
      stream.reject(buffer.index)
      return
    }
    if goodFrames == 0 { greet(session) }
    goodFrames += 1
    badSinceGood = 0
    stream.offer(
      CameraStream.Waiting(
        buffer: buffer.index,
        bytes: Int(buffer.bytes),
        sequence: buffer.sequence,
        timestamp: timestamp(of: buffer)
      )
    )
  }

  private mutating func isWhole(_ buffer: cv_buffer, _ session: CameraSession) -> Bool {
    if buffer.is_flagged != 0 {
      stream.count { $0.flagged += 1 }
      return false
    }
    let bytes = UnsafeRawBufferPointer(
      start: cv_data(session.node.handle, buffer.index),
      count: Int(buffer.bytes)
    )
    guard session.holdsAllRows(bytes) else {
      stream.count { $0.short += 1 }
      return false
    }
    guard session.format == .jpeg else { return true }
    let bounds = JPEGBounds(bytes)
    // Some cameras never write the end; of others it is missing where the frame is cut.
    jpegsHaveEnds = jpegsHaveEnds || bounds.hasEnd
    if bounds.hasStart && (bounds.hasEnd || !jpegsHaveEnds) { return true }
    stream.count { $0.bad += 1 }
    return false
  }

  private func timestamp(of buffer: cv_buffer) -> Int64 {
    let now = cl_nanoseconds()
    let taken = buffer.timestamp_nanoseconds
    return taken <= now && taken > now - Self.clockNanoseconds ? taken : now
  }

  /// The first frame of a session: now it is known to work.
  private mutating func greet(_ session: CameraSession) {
    search.settle(on: session.node.identity)
    pause = Self.shortestPause
    lostAt = nil
    if hasStreamed { stream.count { $0.reconnects += 1 } }
    hasStreamed = true
    var text = TextBuilder("capturing ")
    text.append(session.words)
    tell(.info, .running, text)
  }

  // MARK: Afterwards

  private mutating func settle(_ ending: Ending, _ session: CameraSession) {
    if case .stopped = ending { return }
    if goodFrames == 0 { search.giveUp() }
    if lostAt == nil { lostAt = cl_nanoseconds() }
    var text = TextBuilder(string: session.node.path)
    text.append(": ")
    switch ending {
    case .stopped:
      break
    case .frozen:
      stream.count { $0.frozen += 1 }
      text.append(goodFrames > 0 ? "no good frame for " : "no good frame at all for ")
      text.append("", Int(longestWait(session) / 1_000_000))
      text.append(" ms")
      if badSinceGood > 0 { text.append(", bad ones ", badSinceGood) }
      text.append("; starting the camera anew")
    case .changed:
      stream.count { $0.formatChanges += 1 }
      text.append("the signal changed; starting the camera anew")
    case .failed(let error) where Int(cv_cause_of(error)) == CV_ABSENT:
      stream.count { $0.unplugged += 1 }
      text.append("the camera is gone")
    case .failed(let error):
      stream.count { $0.ioErrors += 1 }
      text.append(reason: error)
      text.append("; starting the camera anew")
    }
    tell(.warning, .lost, text)
  }

  private mutating func tell(
    _ severity: SourceEvent.Severity,
    _ state: SourceEvent.State,
    _ text: TextBuilder
  ) {
    guard news.isNews(text) else { return }
    stream.tell(SourceEvent(severity: severity, state: state, message: text.string))
  }
}
