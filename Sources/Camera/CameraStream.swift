internal import CLinux
internal import CVideo
internal import Pixels

/// The newest frame of a camera, for years.
///
/// A thread of its own takes every frame from the driver at once, keeps the newest and gives the others back, so that what the
/// consumer gets is never older than its own slowness. After any trouble the thread closes everything, looks for the same camera
/// and starts anew; the consumer sees events and then frames again. One consumer; its calls are `next`, `release`,
/// `countBadPicture`. Counters and description may be asked by any thread. Nothing is allocated for a frame.
public final class CameraStream: @unchecked Sendable {
  /// A frame that waits for the consumer.
  struct Waiting {
    var buffer: UInt32
    var bytes: Int
    var sequence: UInt32
    var timestamp: Int64
  }

  let options: CameraOptions
  let watch: OpaquePointer
  private let monitor: OpaquePointer
  private var thread: OpaquePointer?

  // What both threads touch, in the monitor.
  private var isStopping = false
  private var session: CameraSession?
  private var waiting: Waiting?
  private var held: UInt32?
  private var queueError: Int32 = 0
  private var generation = 0
  private var lastSession: CameraSession?
  private var events: [SourceEvent] = []
  private var tally = CameraCounters()

  // The consumer's: RGB of a frame that had to be converted.
  private var converted = UnsafeMutableRawBufferPointer(start: nil, count: 0)

  private init(_ options: CameraOptions, _ monitor: OpaquePointer, _ watch: OpaquePointer) {
    self.options = options
    self.monitor = monitor
    self.watch = watch
    events.reserveCapacity(Self.eventRoom)
  }

  /// Starts to look for the camera, whether there is one or not; `nil` where the system has no thread or descriptor for it.
  public static func start(_ options: CameraOptions) -> CameraStream? {
    var watch: OpaquePointer?
    guard let monitor = cl_monitor_create() else { return nil }
    guard cv_watch_create(&watch) == 0, let watch else {
      cl_monitor_destroy(monitor)
      return nil
    }
    let stream = CameraStream(options, monitor, watch)
    let context = Unmanaged.passUnretained(stream).toOpaque()
    let error = cl_thread_start(
      "camera",
      { context in
        guard let context else { return }
        let stream = Unmanaged<CameraStream>.fromOpaque(context).takeUnretainedValue()
        var loop = CaptureLoop(stream)
        loop.run()
      },
      context,
      &stream.thread
    )
    return error == 0 ? stream : nil
  }

  deinit {
    stop()
    cl_monitor_destroy(monitor)
    cv_watch_destroy(watch)
    converted.deallocate()
  }

  /// Closes the camera; what `next` gave must not be read any more.
  public func stop() {
    release()
    locked { isStopping = true }
    cv_watch_wake(watch)
    guard let thread else { return }
    cl_thread_join(thread)
    self.thread = nil
  }

  // MARK: The consumer

  /// Waits for news: an event that was not told yet, or else the newest frame.
  ///
  /// A frame that was not released is released first.
  public func next(timeoutNanoseconds: Int64) -> FrameNews {
    release()
    let deadline = cl_nanoseconds() + timeoutNanoseconds
    while true {
      switch take(until: deadline) {
      case .event(let event): return .event(event)
      case .nothing: return .timedOut
      case .ended: return .ended
      case .frame(let frame, let isConverted):
        guard isConverted else { return .frame(frame) }
        if let converted = convert(frame) { return .frame(converted) }
        countBadPicture()
        release()
      }
    }
  }

  /// Gives the frame back, so that the driver can fill its buffer again.
  public func release() {
    cl_monitor_enter(monitor)
    if let buffer = held {
      held = nil
      giveBack(buffer)
      cl_monitor_notify(monitor)
    }
    cl_monitor_leave(monitor)
  }

  /// The frame could not be decoded.
  public func countBadPicture() { locked { tally.bad += 1 } }

  /// What happened so far.
  public var counters: CameraCounters { locked { tally } }

  /// The camera that streams now; `nil` where none does.
  public var description: CameraDescription? {
    locked {
      guard let session else { return nil }
      return CameraDescription(
        name: session.node.identity.name,
        path: session.node.path,
        bus: session.node.identity.bus,
        serial: session.node.identity.serial,
        code: session.code,
        width: session.width,
        height: session.height,
        milliHertz: session.milliHertz
      )
    }
  }

  private enum Taken {
    case event(SourceEvent)
    case frame(Frame, isConverted: Bool)
    case nothing
    case ended
  }

  private func take(until deadline: Int64) -> Taken {
    cl_monitor_enter(monitor)
    defer { cl_monitor_leave(monitor) }
    while true {
      if isStopping { return .ended }
      if !events.isEmpty { return .event(events.removeFirst()) }
      if let session, let frame = waiting {
        waiting = nil
        held = frame.buffer
        return .frame(describe(frame, of: session), isConverted: session.isConverted)
      }
      if cl_nanoseconds() >= deadline { return .nothing }
      _ = cl_monitor_wait(monitor, deadline)
    }
  }

  private func describe(_ frame: Waiting, of session: CameraSession) -> Frame {
    Frame(
      bytes: UnsafeRawBufferPointer(
        start: cv_data(session.node.handle, frame.buffer),
        count: frame.bytes
      ),
      format: session.format,
      width: session.width,
      height: session.height,
      rowStride: session.rowStride,
      encoding: session.encoding,
      sequence: frame.sequence,
      timestampNanoseconds: frame.timestamp,
      generation: generation
    )
  }

  /// RGB of a held frame; the camera stays open as long as the frame is held.
  private func convert(_ frame: Frame) -> Frame? {
    let needed = frame.width * frame.height * 3
    if converted.count < needed {
      converted.deallocate()
      converted = .allocate(byteCount: needed, alignment: 64)
    }
    guard let handle = locked({ session?.node.handle }) else { return nil }
    let error = cv_convert(
      handle,
      frame.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
      UInt32(clamping: frame.bytes.count),
      converted.baseAddress?.assumingMemoryBound(to: UInt8.self),
      needed
    )
    if error != 0 { return nil }
    var result = frame
    result.bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(converted)[..<needed])
    return result
  }

  // MARK: The thread

  /// Events that are kept for a consumer that does not ask.
  private static let eventRoom = 16

  var isEnding: Bool { locked { isStopping } }

  /// A camera streams.
  func open(_ session: CameraSession) {
    locked {
      self.session = session
      if let last = lastSession, last.looksLike(session) { return }
      lastSession = session
      generation += 1
    }
  }

  /// The camera will be closed: waits until the consumer has given back what it reads.
  func close() {
    cl_monitor_enter(monitor)
    waiting = nil
    while held != nil { _ = cl_monitor_wait(monitor, -1) }
    session = nil
    queueError = 0
    cl_monitor_leave(monitor)
  }

  /// Why a buffer did not go back to the driver; 0 where all did.
  var troubleOfQueue: Int32 { locked { queueError } }

  /// A good frame: it replaces the one that waits.
  func offer(_ frame: Waiting) {
    locked {
      if let old = waiting {
        tally.dropped += 1
        giveBack(old.buffer)
      }
      waiting = frame
      cl_monitor_notify(monitor)
    }
  }

  /// A frame that nobody wants.
  func reject(_ buffer: UInt32) { locked { giveBack(buffer) } }

  func count(_ change: (inout CameraCounters) -> Void) { locked { change(&tally) } }

  func tell(_ event: SourceEvent) {
    locked {
      if events.count == Self.eventRoom { events.removeFirst() }
      events.append(event)
      cl_monitor_notify(monitor)
    }
  }

  /// In the monitor.
  private func giveBack(_ buffer: UInt32) {
    guard let session else { return }
    let error = cv_queue(session.node.handle, buffer)
    if error != 0 && queueError == 0 {
      queueError = error
      cv_watch_wake(watch)
    }
  }

  private func locked<Result>(_ body: () -> Result) -> Result {
    cl_monitor_enter(monitor)
    defer { cl_monitor_leave(monitor) }
    return body()
  }
}
