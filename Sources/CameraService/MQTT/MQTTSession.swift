internal import CLinux
internal import CMQTT
internal import PlainText

/// The MQTT thread: connects, delivers what the publisher has, hands commands on, and begins again when the connection ends.
///
/// Nothing of a connection survives it but what has not been delivered: the queue is sent again from its oldest message.
final class MQTTSession {
  /// Messages that the broker has not acknowledged, at most; what libmosquitto holds is bounded by it.
  private static let window = 16
  private static let answerNanoseconds: Int64 = 10_000_000_000
  private static let goodbyeNanoseconds: Int64 = 300_000_000
  /// How often a reason that stays the same is worth a line in the log.
  private static let complaintNanoseconds: Int64 = 3_600_000_000_000

  /// A message of the queue that the broker has not acknowledged, or not all before it.
  private struct Flight {
    var message: Int32
    var number: UInt64
    var isDelivered: Bool
  }

  /// What the broker has of a state: the version that was handed over, and its message until that is acknowledged.
  private struct StateFlight {
    var version: UInt64 = 0
    var message: Int32?
  }

  private let publisher: MQTTPublisher
  private let discovery: HomeAssistantDiscovery
  private var commands: MQTTCommands
  private let scratch: UnsafeMutableRawPointer?
  private var label: [UInt8] = []
  private var backoff: ConnectionBackoff
  private var lastComplaint = TextBuilder()
  private var lastComplaintTime: Int64 = 0

  // Of the connection.
  private var answer: Int32?
  private var flights: [Flight] = []
  private var nextNumber: UInt64 = 0
  /// The last message that was acknowledged before its number was known.
  private var earlyMessage: Int32 = 0
  private var (labelFlight, cameraFlight, modelFlight) = (
    StateFlight(), StateFlight(), StateFlight()
  )
  private var farewell = StateFlight()

  init(publisher: MQTTPublisher, device: MQTTDevice, delivery: ModelDelivery?) {
    self.publisher = publisher
    commands = MQTTCommands(delivery: delivery)
    discovery = HomeAssistantDiscovery(
      discoveryPrefix: publisher.settings.discoveryPrefix,
      topics: publisher.topics,
      device: device
    )
    scratch = cl_allocate(publisher.settings.queueBytes)
    backoff = ConnectionBackoff(
      seed: UInt64(bitPattern: cl_wall_nanoseconds()),
      firstMilliseconds: Int64(publisher.settings.reconnectMilliseconds)
    )
    flights.reserveCapacity(Self.window)
  }

  deinit { cl_release(scratch, publisher.settings.queueBytes) }

  /// Runs until the publisher is to stop.
  func run() {
    defer { publisher.end() }
    guard scratch != nil, let client = makeClient() else {
      publisher.log.error(.mqtt, TextBuilder("no memory for a connection"))
      return
    }
    while !publisher.isToStop {
      let start = cl_nanoseconds()
      let outcome = connect(client)
      client.close()
      publisher.setConnected(false)
      backoff.noteConnection(milliseconds: (cl_nanoseconds() - start) / 1_000_000)
      switch outcome {
      case .ok: return
      case .failed(let reason): wait(client, reason, afterRefusal: false)
      case .refused(let reason): wait(client, reason, afterRefusal: true)
      }
    }
  }

  private func makeClient() -> MQTTClient? {
    MQTTClient.make(
      publisher.settings,
      topics: publisher.topics,
      wakeEvent: publisher.wakeEvent,
      events: cmq_events(
        answered: { context, refusal in MQTTSession.of(context)?.answer = refusal },
        acknowledged: { context, message in MQTTSession.of(context)?.acknowledge(message) },
        received: { context, topic, payload, size, isRetained in
          guard let topic else { return }
          let payload = UnsafeRawBufferPointer(start: payload, count: size)
          MQTTSession.of(context)?.receive(topic, payload, isRetained: isRetained != 0)
        }
      ),
      context: Unmanaged.passUnretained(self).toOpaque()
    )
  }

  private static func of(_ context: UnsafeMutableRawPointer?) -> MQTTSession? {
    guard let context else { return nil }
    return Unmanaged<MQTTSession>.fromOpaque(context).takeUnretainedValue()
  }

  /// Says why there is no connection, unless it has been said, and waits.
  private func wait(_ client: MQTTClient, _ reason: TextBuilder, afterRefusal isRefusal: Bool) {
    let milliseconds = backoff.next(afterRefusal: isRefusal)
    let now = cl_nanoseconds()
    if reason.bytes != lastComplaint.bytes || now - lastComplaintTime > Self.complaintNanoseconds {
      (lastComplaint, lastComplaintTime) = (reason, now)
      var line = client.place
      line.append(": ")
      line.append(reason)
      line.append("; trying again from time to time")
      publisher.log.write(isRefusal ? .error : .warning, .mqtt, line)
    }
    publisher.rest(until: now + milliseconds * 1_000_000)
  }
}

/// A connection.
extension MQTTSession {
  /// Connects, and stays until the connection ends: as it was asked to (`ok`), or for a reason.
  private func connect(_ client: MQTTClient) -> MQTTClient.Outcome {
    answer = nil
    flights.removeAll(keepingCapacity: true)
    (labelFlight, cameraFlight, modelFlight) = (StateFlight(), StateFlight(), StateFlight())
    farewell = StateFlight()
    var outcome = client.connect()
    let deadline = cl_nanoseconds() + Self.answerNanoseconds
    while outcome.isOK && answer == nil {
      if publisher.isToStop { return .ok }
      guard cl_nanoseconds() < deadline else {
        return .failed(TextBuilder("no answer within 10 s"))
      }
      outcome = client.work(milliseconds: 1000)
    }
    // The broker closes the connection after a refusal: its answer says more than that.
    if let answer, answer != 0 { return Self.refusal(answer) }
    return outcome.isOK ? deliver(client) : outcome
  }

  private static func refusal(_ answer: Int32) -> MQTTClient.Outcome {
    switch answer {
    case 1: .refused(TextBuilder("the broker does not speak MQTT 3.1.1"))
    case 2: .refused(TextBuilder("the broker refuses the client_id"))
    case 3: .failed(TextBuilder("the broker is not available"))
    case 4: .refused(TextBuilder("wrong user or password; see user and password_file"))
    default: .refused(TextBuilder("not authorized; see user and password_file"))
    }
  }

  /// Delivers until the connection ends or the publisher is to stop.
  private func deliver(_ client: MQTTClient) -> MQTTClient.Outcome {
    var outcome = greet(client)
    var line = TextBuilder("connected to ")
    line.append(client.place)
    publisher.log.info(.mqtt, line)
    lastComplaint = TextBuilder()
    nextNumber = 0
    publisher.setConnected(true)
    var deadline: Int64?
    while outcome.isOK {
      outcome = handOver(client)
      guard outcome.isOK else { break }
      if publisher.isToStop {
        let end = deadline ?? cl_nanoseconds() + Self.goodbyeNanoseconds
        deadline = end
        if sayGoodbye(client, by: end) { return .ok }
        outcome = client.work(milliseconds: 20)
      } else {
        outcome = client.work(milliseconds: commands.isWaiting ? 50 : 1000)
      }
    }
    return outcome
  }

  /// What every connection begins with.
  private func greet(_ client: MQTTClient) -> MQTTClient.Outcome {
    let settings = publisher.settings
    var message: Int32 = 0
    var outcome = publish(client, .status, TextBuilder("online").bytes, &message)
    if !settings.discoveryPrefix.isEmpty {
      for announcement in discovery.announcements(withCommands: settings.commands)
      where outcome.isOK {
        outcome = announcement.payload.bytes.withUnsafeBytes { payload in
          client.publish(announcement.topic, payload, qos: 1, isRetained: true, message: &message)
        }
      }
    }
    guard settings.commands else { return outcome }
    for topic in [MQTTTopic.command, .modelBegin, .modelCommit] where outcome.isOK {
      outcome = client.subscribe(publisher.topics[topic])
    }
    return outcome.isOK
      ? client.subscribe(publisher.topics.topic(.modelChunk, "+/+")) : outcome
  }

  /// Waits for the queue to be empty, tells who looks that the daemon is offline, and leaves; true once that is done.
  private func sayGoodbye(_ client: MQTTClient, by deadline: Int64) -> Bool {
    let now = cl_nanoseconds()
    if farewell.version == 0 && (now > deadline || publisher.isDrained) {
      var message: Int32 = 0
      _ = publish(client, .status, TextBuilder("offline").bytes, &message)
      farewell = StateFlight(version: 1, message: message)
    }
    guard farewell.version == 1 else { return false }
    guard farewell.message == nil || now > deadline + Self.goodbyeNanoseconds else { return false }
    client.sayGoodbye()
    return true
  }
}

/// What is handed over and acknowledged. No variable may be held while a message is handed over: that may acknowledge another.
extension MQTTSession {
  /// Hands over what is new, as far as the window allows.
  private func handOver(_ client: MQTTClient) -> MQTTClient.Outcome {
    var outcome = handOverStates(client)
    while outcome.isOK && flights.count < Self.window {
      guard let scratch, let next = publisher.copyMessage(from: nextNumber, to: scratch) else {
        break
      }
      nextNumber = next.number + 1
      outcome = handOver(client, next.number, next.entry)
    }
    return outcome
  }

  private func handOver(
    _ client: MQTTClient,
    _ number: UInt64,
    _ entry: MessageQueue.Entry
  ) -> MQTTClient.Outcome {
    guard let topic = MQTTTopic(rawValue: entry.topic) else { return .ok }
    earlyMessage = 0
    let settings = publisher.settings
    var message: Int32 = 0
    let outcome = client.publish(
      publisher.topics[topic],
      UnsafeRawBufferPointer(start: scratch, count: entry.count),
      qos: settings.qos,
      isRetained: settings.retain && topic == .result,
      message: &message
    )
    guard outcome.isOK else { return outcome }
    flights.append(Flight(message: message, number: number, isDelivered: earlyMessage == message))
    land()
    return .ok
  }

  private func handOverStates(_ client: MQTTClient) -> MQTTClient.Outcome {
    var (outcome, message) = (MQTTClient.Outcome.ok, Int32(0))
    if labelFlight.message == nil,
      let version = publisher.copyLabel(after: labelFlight.version, into: &label)
    {
      outcome = publish(client, .label, label, &message)
      labelFlight = StateFlight(version: version, message: message)
    }
    let (camera, version) = cameraState
    if outcome.isOK, cameraFlight.message == nil, version != cameraFlight.version {
      outcome = publish(client, .camera, TextBuilder(camera).bytes, &message)
      cameraFlight = StateFlight(version: version, message: message)
    }
    if outcome.isOK, modelFlight.message == nil,
      let (text, version) = commands.modelState(after: modelFlight.version)
    {
      outcome = publish(client, .modelState, text.bytes, &message)
      modelFlight = StateFlight(version: version, message: message)
    }
    if outcome.isOK, let picture = commands.takePicture(publisher.bulletin) {
      outcome = picture.withUnsafeBytes { bytes in
        let topic = publisher.topics[.snapshot]
        return client.publish(topic, bytes, qos: 0, isRetained: false, message: &message)
      }
    }
    return outcome
  }

  /// What the camera is in a word, and a number for it.
  private var cameraState: (words: StaticString, version: UInt64) {
    switch publisher.bulletin.state {
    case .starting: ("starting", 1)
    case .running: ("running", 2)
    case .cameraLost: ("lost", 3)
    }
  }

  /// Publishes a state: retained, with QoS 1.
  private func publish(
    _ client: MQTTClient,
    _ topic: MQTTTopic,
    _ bytes: [UInt8],
    _ message: inout Int32
  ) -> MQTTClient.Outcome {
    bytes.withUnsafeBytes { payload in
      let topic = publisher.topics[topic]
      return client.publish(topic, payload, qos: 1, isRetained: true, message: &message)
    }
  }

  private func acknowledge(_ message: Int32) {
    if farewell.message == message { farewell.message = nil }
    if labelFlight.message == message { labelFlight.message = nil }
    if cameraFlight.message == message { cameraFlight.message = nil }
    if modelFlight.message == message { modelFlight.message = nil }
    guard let index = flights.firstIndex(where: { $0.message == message }) else {
      earlyMessage = message
      return
    }
    flights[index].isDelivered = true
    land()
  }

  /// Takes messages from the queue that the broker has, in order.
  private func land() {
    while let flight = flights.first, flight.isDelivered {
      publisher.delivered(through: flight.number)
      flights.removeFirst()
    }
  }

  private func receive(
    _ topic: UnsafePointer<CChar>,
    _ payload: UnsafeRawBufferPointer,
    isRetained: Bool
  ) {
    guard let suffix = publisher.topics.suffix(of: topic) else { return }
    commands.take(suffix, payload, isRetained: isRetained, for: publisher)
  }
}
