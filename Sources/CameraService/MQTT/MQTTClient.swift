internal import CLinux
internal import CMQTT
internal import PlainText

/// A client of a broker, as the settings describe it: the seam to libmosquitto.
final class MQTTClient {
  /// What came of a step: nothing wrong, or why the connection is over.
  enum Outcome {
    case ok
    /// It may be better later.
    case failed(TextBuilder)
    /// Somebody has to mend it.
    case refused(TextBuilder)

    var isOK: Bool {
      if case .ok = self { true } else { false }
    }
  }

  private let settings: MQTTSettings
  private let wakeEvent: Int32
  private let client: OpaquePointer

  private init(settings: MQTTSettings, wakeEvent: Int32, client: OpaquePointer) {
    self.settings = settings
    self.wakeEvent = wakeEvent
    self.client = client
  }

  deinit { cmq_destroy(client) }

  /// A client that calls `events` with `context`; nil where there is no memory.
  static func make(
    _ settings: MQTTSettings,
    topics: MQTTTopics,
    wakeEvent: Int32,
    events: cmq_events,
    context: UnsafeMutableRawPointer
  ) -> MQTTClient? {
    var events = events
    guard let pointer = cmq_create(&events, context) else { return nil }
    let client = MQTTClient(settings: settings, wakeEvent: wakeEvent, client: pointer)
    client.set(CMQ_HOST, settings.host)
    client.set(CMQ_CLIENT_ID, settings.clientID)
    client.set(CMQ_USER, settings.user)
    client.set(CMQ_CA_FILE, settings.caFile)
    client.set(CMQ_CERTIFICATE, settings.certificateFile)
    client.set(CMQ_KEY, settings.keyFile)
    if settings.clientID.isEmpty {
      var name = TextBuilder("cnncamd-")
      topics.identifier.withUnsafeBufferPointer { name.append(bytes: $0) }
      client.set(CMQ_CLIENT_ID, name.string)
    }
    cmq_set(pointer, CMQ_WILL_TOPIC, topics[.status])
    client.set(CMQ_WILL_PAYLOAD, "offline")
    return client
  }

  private func set(_ text: cmq_text, _ value: String) {
    guard !value.isEmpty else { return }
    _ = value.withTerminatedBytes { Int32(bitPattern: cmq_set(client, text, $0).rawValue) }
  }

  private var port: Int32 {
    settings.port > 0 ? Int32(settings.port) : settings.tls ? 8883 : 1883
  }

  /// The broker's host and port.
  var place: TextBuilder {
    var text = TextBuilder(string: settings.host)
    text.append(":", Int(port))
    return text
  }

  /// Begins to connect; looks the host up, which may take seconds.
  func connect() -> Outcome {
    if let reason = readPassword() { return .refused(reason) }
    let flags = (settings.tls ? CMQ_TLS : 0) | (settings.anyHostName ? CMQ_ANY_HOST_NAME : 0)
    return outcome(cmq_connect(client, port, Int32(settings.keepaliveSeconds), Int32(flags)))
  }

  /// Drops the connection.
  func close() { cmq_close(client) }

  /// Tells the broker that the connection ends as it should.
  func sayGoodbye() { cmq_say_goodbye(client) }

  /// Waits for the socket or for the event, reads and writes.
  func work(milliseconds: Int32) -> Outcome {
    let wanted = CL_POLL_READ | (cmq_wants_write(client) != 0 ? CL_POLL_WRITE : 0)
    var items = (
      cl_poll_item(descriptor: cmq_descriptor(client), wanted: Int16(wanted), found: 0),
      cl_poll_item(descriptor: wakeEvent, wanted: Int16(CL_POLL_READ), found: 0)
    )
    withUnsafeMutableBytes(of: &items) { bytes in
      _ = cl_poll(bytes.assumingMemoryBound(to: cl_poll_item.self).baseAddress, 2, milliseconds)
    }
    if items.1.found != 0 { cl_event_clear(wakeEvent) }
    let found = Int(items.0.found)
    let isBroken = found & Int(CL_POLL_ERROR | CL_POLL_HANGUP) != 0
    let canRead = isBroken || found & Int(CL_POLL_READ) != 0
    let canWrite = isBroken || found & Int(CL_POLL_WRITE) != 0
    return outcome(cmq_work(client, canRead ? 1 : 0, canWrite ? 1 : 0))
  }

  /// Hands a message over; `message` becomes what it will be acknowledged as.
  func publish(
    _ topic: [CChar],
    _ payload: UnsafeRawBufferPointer,
    qos: Int,
    isRetained: Bool,
    message: inout Int32
  ) -> Outcome {
    outcome(
      cmq_publish(
        client,
        topic,
        payload.baseAddress,
        payload.count,
        Int32(qos),
        isRetained ? 1 : 0,
        &message
      )
    )
  }

  /// Asks for messages with QoS 1.
  func subscribe(_ topic: [CChar]) -> Outcome { outcome(cmq_subscribe(client, topic, 1)) }

  private func outcome(_ outcome: cmq_outcome) -> Outcome {
    guard outcome != CMQ_OK else { return .ok }
    let reason = TextBuilder(cString: cmq_reason(client))
    return outcome == CMQ_UNTRUSTED || outcome == CMQ_UNUSABLE ? .refused(reason) : .failed(reason)
  }

  /// Takes the first line of the password's file; why that cannot be.
  private func readPassword() -> TextBuilder? {
    let path = settings.passwordFile
    guard !path.isEmpty else { return nil }
    var (bytes, size): (UnsafeMutablePointer<UInt8>?, Int) = (nil, 0)
    let error = path.withTerminatedBytes { cl_read_file($0, 4096, &bytes, &size) }
    guard error == 0, let bytes else {
      var reason = TextBuilder(string: path)
      reason.append(": ")
      reason.append(TextBuilder(cString: cl_error_text(error)))
      return reason
    }
    defer { cl_free(bytes) }
    var password = TextBuilder()
    for place in 0..<size {
      if bytes[place] == 0x0A || bytes[place] == 0x0D || bytes[place] == 0 { break }
      password.append(byte: bytes[place])
    }
    set(CMQ_PASSWORD, password.string)
    return nil
  }
}
