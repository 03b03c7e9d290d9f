internal import PlainText

/// Whose results these are, for people who look at a list of devices.
public struct MQTTDevice: Sendable {
  /// What people call it.
  public var name: String
  /// What it is; the network's name does well.
  public var model: String
  /// The daemon's version.
  public var softwareVersion: String

  /// A device.
  public init(name: String, model: String, softwareVersion: String) {
    self.name = name
    self.model = model
    self.softwareVersion = softwareVersion
  }
}

/// What Home Assistant reads, retained, to know a device and what can be seen and done there.
///
/// Its documentation of MQTT discovery defines topics and keys: https://www.home-assistant.io/integrations/mqtt
struct HomeAssistantDiscovery {
  /// A message; an empty one removes what an earlier one of its topic announced.
  struct Announcement {
    /// Ended by a zero byte.
    var topic: [CChar]
    /// A JSON object, or nothing.
    var payload: TextBuilder
  }

  private let discoveryPrefix: String
  private let topics: MQTTTopics
  private let device: MQTTDevice
  private let identifier: String

  /// The messages for a device with these topics.
  init(discoveryPrefix: String, topics: MQTTTopics, device: MQTTDevice) {
    self.discoveryPrefix = discoveryPrefix
    self.topics = topics
    self.device = device
    var text = TextBuilder("edgecnn_")
    topics.identifier.withUnsafeBufferPointer { text.append(bytes: $0) }
    identifier = text.string
  }

  /// All of them; pictures and buttons exist only where the daemon takes commands.
  func announcements(withCommands: Bool) -> [Announcement] {
    var all = [label, score, problem, connectivity]
    let commanded = [snapshot, button("snapshot", "Take snapshot"), button("reload", "Reload")]
    for announcement in commanded {
      all.append(
        withCommands
          ? announcement : Announcement(topic: announcement.topic, payload: TextBuilder())
      )
    }
    return all
  }

  private var label: Announcement {
    announcement("sensor", "label", "Label") { text in
      field("state_topic", .label, &text)
      text.append(",\"icon\":\"mdi:tag-outline\"")
    }
  }

  private var score: Announcement {
    announcement("sensor", "score", "Score") { text in
      field("state_topic", .result, &text)
      text.append(
        ",\"value_template\":\"{{ (value_json.score * 100) | round(1) }}\",\"unit_of_measurement\":\"%\""
      )
      text.append(",\"state_class\":\"measurement\",\"icon\":\"mdi:percent-outline\"")
    }
  }

  private var problem: Announcement {
    announcement("binary_sensor", "problem", "Camera") { text in
      field("state_topic", .camera, &text)
      text.append(",\"value_template\":\"{{ 'ON' if value == 'lost' else 'OFF' }}\"")
      text.append(",\"device_class\":\"problem\",\"entity_category\":\"diagnostic\"")
    }
  }

  private var connectivity: Announcement {
    announcement("binary_sensor", "connectivity", "Connection", isAvailable: false) { text in
      field("state_topic", .status, &text)
      text.append(",\"payload_on\":\"online\",\"payload_off\":\"offline\"")
      text.append(",\"device_class\":\"connectivity\",\"entity_category\":\"diagnostic\"")
    }
  }

  private var snapshot: Announcement {
    announcement("camera", "picture", "Picture") { text in field("topic", .snapshot, &text) }
  }

  private func button(_ command: StaticString, _ name: StaticString) -> Announcement {
    announcement("button", command, name) { text in
      field("command_topic", .command, &text)
      text.append(",\"payload_press\":\"")
      text.append(command)
      text.append("\"")
    }
  }

  /// Appends a comma, a key and a topic.
  private func field(_ key: StaticString, _ topic: MQTTTopic, _ text: inout TextBuilder) {
    var value = TextBuilder()
    topics.prefix.withUnsafeBufferPointer { value.append(bytes: $0) }
    value.append("/")
    value.append(topic.words)
    field(key, value.string, &text)
  }

  private func field(_ key: StaticString, _ value: String, _ text: inout TextBuilder) {
    text.append(",\"")
    text.append(key)
    text.append("\":")
    text.append(json: value)
  }

  private func announcement(
    _ component: StaticString,
    _ object: StaticString,
    _ name: StaticString,
    isAvailable: Bool = true,
    _ body: (inout TextBuilder) -> Void
  ) -> Announcement {
    var topic = TextBuilder(string: discoveryPrefix)
    topic.append("/")
    topic.append(component)
    topic.append("/", identifier)
    topic.append("/")
    topic.append(object)
    topic.append("/config")
    topic.append(byte: 0)
    var payload = TextBuilder("{\"name\":\"")
    payload.append(name)
    payload.append("\",\"unique_id\":\"", identifier)
    payload.append("_")
    payload.append(object)
    payload.append("\"")
    body(&payload)
    if isAvailable { field("availability_topic", .status, &payload) }
    payload.append(",\"device\":{\"identifiers\":[\"", identifier)
    payload.append("\"],\"manufacturer\":\"EdgeCNN\"")
    field("name", device.name, &payload)
    field("model", device.model, &payload)
    field("sw_version", device.softwareVersion, &payload)
    payload.append("},\"origin\":{\"name\":\"cnncamd\"")
    field("sw_version", device.softwareVersion, &payload)
    payload.append("}}")
    return Announcement(topic: topic.bytes.map { CChar(bitPattern: $0) }, payload: payload)
  }
}
