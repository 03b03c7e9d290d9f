internal import CLinux
internal import CVideo
internal import Pixels
internal import Threads

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
  private let monitor = Monitor()
  private var thread: BackgroundThread?

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

  private init(_ options: CameraOptions, _ watch: OpaquePointer) {
    self.options = options
    self.watch = watch
    events.reserveCapacity(Self.eventRoom)
  }

  /// Starts to look for the camera, whether there is one or not; `nil` where the system has no thread or descriptor for it.
  public static func start(_ options: CameraOptions) -> CameraStream? {
    var watch: OpaquePointer?
    guard cv_watch_create(&watch) == 0, let watch else { return nil }
    let stream = CameraStream(options, watch)
    do throws(ThreadError) {
      // `deinit` ends the thread.
      stream.thread = try BackgroundThread("camera") { [unowned(unsafe) stream] in
        var loop = CaptureLoop(stream)
        loop.run()
      }
      return stream
    } catch {
      return nil
    }
  }

  deinit {
    stop()
    cv_watch_destroy(watch)
    converted.deallocate()
  }

  /// Closes the camera; what `next` gave must not be read any more.
  public func stop() {
    release()
    monitor.locked { isStopping = true }
    cv_watch_wake(watch)
    thread.take()?.join()
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
    monitor.locked {
      guard let buffer = held else { return }
      held = nil
      giveBack(buffer)
      monitor.notify()
    }
  }

  /// The frame could not be decoded.
  public func countBadPicture() { monitor.locked { tally.bad += 1 } }

  /// What happened so far.
  public var counters: CameraCounters { monitor.locked { tally } }

  /// The camera that streams now; `nil` where none does.
  public var description: CameraDescription? {
    monitor.locked {
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
    monitor.locked { takeInside(until: deadline) }
  }

  private func takeInside(until deadline: Int64) -> Taken {
    while true {
      if isStopping { return .ended }
      if !events.isEmpty { return .event(events.removeFirst()) }
      if let session, let frame = waiting {
        waiting = nil
        held = frame.buffer
        return .frame(describe(frame, of: session), isConverted: session.isConverted)
      }
      if cl_nanoseconds() >= deadline { return .nothing }
      monitor.waitInside(until: deadline)
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
    guard let handle = monitor.locked({ session?.node.handle }) else { return nil }
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

  var isEnding: Bool { monitor.locked { isStopping } }

  /// A camera streams.
  func open(_ session: CameraSession) {
    monitor.locked {
      self.session = session
      if let last = lastSession, last.looksLike(session) { return }
      lastSession = session
      generation += 1
    }
  }

  /// The camera will be closed: waits until the consumer has given back what it reads.
  func close() {
    monitor.locked {
      waiting = nil
      while held != nil { monitor.waitInside(until: -1) }
      session = nil
      queueError = 0
    }
  }

  /// Why a buffer did not go back to the driver; 0 where all did.
  var troubleOfQueue: Int32 { monitor.locked { queueError } }

  /// A good frame: it replaces the one that waits.
  func offer(_ frame: Waiting) {
    monitor.locked {
      if let old = waiting {
        tally.dropped += 1
        giveBack(old.buffer)
      }
      waiting = frame
      monitor.notify()
    }
  }

  /// A frame that nobody wants.
  func reject(_ buffer: UInt32) { monitor.locked { giveBack(buffer) } }

  func count(_ change: (inout CameraCounters) -> Void) { monitor.locked { change(&tally) } }

  func tell(_ event: SourceEvent) {
    monitor.locked {
      if events.count == Self.eventRoom { events.removeFirst() }
      events.append(event)
      monitor.notify()
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
}
