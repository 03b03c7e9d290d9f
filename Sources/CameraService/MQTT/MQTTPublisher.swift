internal import CLinux
public import PlainText
internal import Threads

/// Why MQTT cannot be started: one line.
public struct MQTTError: Error {
  /// What is wrong and what to do.
  public let message: TextBuilder
}

/// What MQTT has done since the start.
public struct MQTTCounts: Sendable {
  /// Whether the broker has taken the daemon in.
  public var isConnected = false
  /// Times that it did.
  public var connections: UInt64 = 0
  /// Messages that the broker has.
  public var delivered: UInt64 = 0
  /// Messages that were given up because newer ones needed the room, before the broker had them.
  public var dropped: UInt64 = 0
  /// Messages that wait.
  public var waiting = 0
}

/// Results, states and events on their way to an MQTT broker.
///
/// What is published is put in a queue of bounded size, from which a thread of its own delivers, in order and with QoS 1 at least
/// once. The callers of `publish` wait for nobody and, after the first call, take no memory. While the broker is away the oldest
/// messages make room for new ones; of labels and states, only the newest counts.
public final class MQTTPublisher: @unchecked Sendable {
  let settings: MQTTSettings
  let topics: MQTTTopics
  let log: Log
  let bulletin: Bulletin
  /// Wakes the thread.
  let wakeEvent: Int32

  private let monitor = Monitor()
  private var thread: BackgroundThread?

  // In the monitor only.
  private var queue: MessageQueue
  private var label = MQTTState(reserving: 256)
  private var counts = MQTTCounts()
  private var isStopping = false
  private var hasEnded = false
  private var isReloadWanted = false
  private var nextResultTime: Int64 = 0

  private init(
    settings: MQTTSettings,
    topics: MQTTTopics,
    bulletin: Bulletin,
    log: Log,
    wakeEvent: Int32,
    queue: consuming MessageQueue
  ) {
    self.settings = settings
    self.topics = topics
    self.bulletin = bulletin
    self.log = log
    self.wakeEvent = wakeEvent
    self.queue = queue
  }

  deinit { cl_close_file(wakeEvent) }

  /// Starts the thread, which connects and goes on connecting until `stop`.
  ///
  /// Models that come as messages go to `delivery`; without it none are taken. `bulletin` says whether the camera is there, and
  /// gives pictures. Throws where memory or descriptors are short.
  public static func start(
    _ settings: MQTTSettings,
    device: MQTTDevice,
    delivery: ModelDelivery?,
    bulletin: Bulletin,
    log: Log
  ) throws(MQTTError) -> MQTTPublisher {
    let publisher = try make(settings, bulletin: bulletin, log: log)
    let session = MQTTSession(publisher: publisher, device: device, delivery: delivery)
    do throws(ThreadError) {
      publisher.thread = try BackgroundThread("mqtt") { session.run() }
    } catch {
      throw MQTTError(message: TextBuilder(cString: cl_error_text(error.code)))
    }
    return publisher
  }

  /// A publisher without its thread.
  static func make(
    _ settings: MQTTSettings,
    bulletin: Bulletin,
    log: Log
  ) throws(MQTTError) -> MQTTPublisher {
    guard
      let queue = MessageQueue.make(messages: settings.queueMessages, bytes: settings.queueBytes)
    else { throw MQTTError(message: TextBuilder("no memory for the queue")) }
    let event = cl_event_create()
    guard event >= 0 else { throw MQTTError(message: TextBuilder("no file descriptor left")) }
    return MQTTPublisher(
      settings: settings,
      topics: MQTTTopics(prefix: settings.prefix, hostName: hostName),
      bulletin: bulletin,
      log: log,
      wakeEvent: event,
      queue: queue
    )
  }

  private static var hostName: String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { name in
      guard let base = name.baseAddress else { return "" }
      cl_host_name(base, 256)
      return TextBuilder(cString: base).string
    }
  }
}

/// For the frame loop.
extension MQTTPublisher {
  /// Puts a result in the queue, if it is one of those that the settings want published, and notes its label.
  ///
  /// `result` is a JSON object, `label` nil before there is one; `isChange` says that the class is another than that of the result
  /// before.
  public func publish(result: TextBuilder, label newLabel: String?, isChange: Bool) {
    let isNews = monitor.locked {
      var isNews = false
      if let newLabel {
        isNews = newLabel.utf8.withContiguousStorageIfAvailable { label.set($0) } ?? false
      }
      guard isDue(isChange) else { return isNews }
      result.bytes.withUnsafeBytes { queue.append(topic: MQTTTopic.result.rawValue, $0) }
      return true
    }
    if isNews { cl_event_signal(wakeEvent) }
  }

  private func isDue(_ isChange: Bool) -> Bool {
    switch settings.publication {
    case .all: return true
    case .changes: return isChange
    case .interval:
      let now = cl_nanoseconds()
      guard isChange || now >= nextResultTime else { return false }
      nextResultTime = now + Int64(settings.intervalSeconds) * 1_000_000_000
      return true
    }
  }

  /// Puts word of something that happened in the queue, a JSON object.
  public func publish(event: TextBuilder) {
    monitor.locked {
      event.bytes.withUnsafeBytes { queue.append(topic: MQTTTopic.event.rawValue, $0) }
    }
    cl_event_signal(wakeEvent)
  }

  /// Whether the command `reload` came since the last call.
  public func takeReload() -> Bool {
    monitor.locked {
      defer { isReloadWanted = false }
      return isReloadWanted
    }
  }

  /// What has been done so far.
  public var currentCounts: MQTTCounts {
    monitor.locked {
      var counts = counts
      counts.dropped = queue.dropped
      counts.waiting = queue.count
      return counts
    }
  }

  /// Delivers what waits if that takes no longer than some tenths of a second, says goodbye and ends the thread.
  ///
  /// Where the thread does not end in time, because the host's name is being looked up, it is left alone and ends later.
  public func stop(withinMilliseconds limit: Int) {
    let deadline = cl_nanoseconds() + Int64(limit) * 1_000_000
    let isOver = monitor.locked {
      isStopping = true
      monitor.notify()
      cl_event_signal(wakeEvent)
      while !hasEnded && cl_nanoseconds() < deadline { monitor.waitInside(until: deadline) }
      return hasEnded
    }
    let ended = thread.take()
    if isOver { ended?.join() }
  }
}

/// For the thread.
extension MQTTPublisher {
  /// Whether `stop` has been called.
  var isToStop: Bool { monitor.locked { isStopping } }

  /// Waits until the monotonic clock shows `deadline`, or `stop` is called.
  func rest(until deadline: Int64) {
    monitor.locked {
      while !isStopping && cl_nanoseconds() < deadline { monitor.waitInside(until: deadline) }
    }
  }

  /// The thread's last word.
  func end() {
    monitor.locked {
      hasEnded = true
      counts.isConnected = false
      monitor.notify()
    }
  }

  /// The broker has taken the daemon in, or is gone.
  func setConnected(_ isConnected: Bool) {
    monitor.locked {
      if isConnected { counts.connections += 1 }
      counts.isConnected = isConnected
    }
  }

  /// Whether no message waits.
  var isDrained: Bool { monitor.locked { queue.count == 0 } }

  /// Copies a message's bytes, or those of the oldest after it, to `target`, where there is room for `queueBytes`.
  func copyMessage(
    from number: UInt64,
    to target: UnsafeMutableRawPointer
  ) -> (number: UInt64, entry: MessageQueue.Entry)? {
    monitor.locked {
      let number = max(number, queue.first)
      guard let entry = queue.entry(number) else { return nil }
      queue.copy(entry, to: target)
      return (number, entry)
    }
  }

  /// The broker has all messages up to this one.
  func delivered(through number: UInt64) {
    monitor.locked {
      let before = queue.first
      queue.removeThrough(number)
      counts.delivered += queue.first - before
    }
  }

  /// Copies the label to `target` if it is newer than version `last`, and returns its version.
  func copyLabel(after last: UInt64, into target: inout [UInt8]) -> UInt64? {
    monitor.locked {
      guard label.version > last else { return nil }
      target.removeAll(keepingCapacity: true)
      target.append(contentsOf: label.bytes)
      return label.version
    }
  }

  /// The command `reload` came.
  func requestReload() { monitor.locked { isReloadWanted = true } }
}
