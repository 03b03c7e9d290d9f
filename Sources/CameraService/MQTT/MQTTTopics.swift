internal import PlainText

/// What the daemon publishes under and listens to: the prefix and a word or two.
enum MQTTTopic: UInt8, CaseIterable {
  /// Results, JSON.
  case result
  /// What happened, JSON.
  case event
  /// A picture, JPEG.
  case snapshot
  /// `online` or `offline`.
  case status
  /// The label of the last result.
  case label
  /// `running`, `starting` or `lost`.
  case camera
  /// What became of a model that was sent, JSON.
  case modelState
  /// Commands to the daemon.
  case command
  /// Announces a model.
  case modelBegin
  /// All that begins with it is a piece of a model.
  case modelChunk
  /// Ends a model.
  case modelCommit

  var words: StaticString {
    switch self {
    case .result: "result"
    case .event: "event"
    case .snapshot: "snapshot"
    case .status: "status"
    case .label: "label"
    case .camera: "camera"
    case .modelState: "model/state"
    case .command: "command"
    case .modelBegin: "model/begin"
    case .modelChunk: "model/chunk"
    case .modelCommit: "model/commit"
    }
  }
}

/// The topics below a prefix, as libmosquitto takes them.
struct MQTTTopics: Sendable {
  /// The prefix, without a slash at its end.
  let prefix: [UInt8]
  private let terminated: [[CChar]]

  /// The topics below `prefix`, in which `%H` is `hostName`.
  init(prefix: String, hostName: String) {
    let bytes = Self.expanded(prefix, hostName)
    self.prefix = bytes
    terminated = MQTTTopic.allCases.map { topic in
      Self.terminated(bytes, topic.words)
    }
  }

  /// The topic, ended by a zero byte.
  subscript(topic: MQTTTopic) -> [CChar] { terminated[Int(topic.rawValue)] }

  /// The same with another level behind it.
  func topic(_ topic: MQTTTopic, _ level: StaticString) -> [CChar] {
    var characters = self[topic]
    characters.removeLast()
    var text = TextBuilder("/")
    text.append(level)
    for byte in text.bytes { characters.append(CChar(bitPattern: byte)) }
    characters.append(0)
    return characters
  }

  /// What a topic of the broker is below the prefix, nil if it is not below it.
  func suffix(of topic: UnsafePointer<CChar>) -> UnsafePointer<CChar>? {
    for (place, byte) in prefix.enumerated()
    where topic[place] != CChar(bitPattern: byte) { return nil }
    guard topic[prefix.count] == 0x2F else { return nil }
    return topic + prefix.count + 1
  }

  /// The prefix in letters, digits and `_`, for names that may have nothing else.
  var identifier: [UInt8] {
    prefix.map { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: byte
      default: 0x5F
      }
    }
  }

  private static func terminated(_ prefix: [UInt8], _ words: StaticString) -> [CChar] {
    var text = TextBuilder()
    prefix.withUnsafeBufferPointer { text.append(bytes: $0) }
    text.append("/")
    text.append(words)
    text.append(byte: 0)
    return text.bytes.map { CChar(bitPattern: $0) }
  }

  /// The prefix with the machine's name in it and without slashes at its end.
  private static func expanded(_ prefix: String, _ hostName: String) -> [UInt8] {
    let bytes = TextBuilder(string: prefix).bytes
    var text = TextBuilder()
    var place = 0
    while place < bytes.count {
      if bytes[place] == 0x25, place + 1 < bytes.count, bytes[place + 1] == 0x48 {
        text.append(string: hostName)
        place += 2
      } else {
        text.append(byte: bytes[place])
        place += 1
      }
    }
    var end = text.bytes.count
    while end > 0 && text.bytes[end - 1] == 0x2F { end -= 1 }
    return Array(text.bytes[..<end])
  }
}
