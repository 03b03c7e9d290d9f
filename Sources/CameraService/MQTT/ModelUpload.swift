internal import PlainText

/// A model that comes in pieces: one at a time, its pieces in order, some perhaps twice.
struct ModelUpload {
  /// Letters, digits, `-`, `_` and `.` of a name.
  private static let mostIDBytes = 32

  /// Where the pieces go.
  let delivery: ModelDelivery
  private var id: [UInt8] = []
  private var byteCount = 0
  private var state = TextBuilder()
  private var version: UInt64 = 0
  private var deliveryNumber: UInt64

  /// Nothing has come.
  init(delivery: ModelDelivery) {
    self.delivery = delivery
    deliveryNumber = delivery.status().number
  }

  /// What became of it as a JSON object, if that is newer than version `last`.
  mutating func state(after last: UInt64) -> (TextBuilder, version: UInt64)? {
    let status = delivery.status()
    if status.number != deliveryNumber {
      deliveryNumber = status.number
      switch status.0 {
      case .none: break
      case .verifying: say("verifying")
      case .taken(let hash): say("taken", hash: hash)
      case .refused(let reason): refuse(reason)
      }
    }
    return version > last ? (state, version) : nil
  }

  /// Announces a model: `ID BYTES`, and perhaps its XXH64.
  mutating func begin(_ words: MQTTWords) {
    id = Self.isID(words.bytes(0)) ? words.bytes(0) : []
    byteCount = 0
    let hash = words.hash(2)
    guard !id.isEmpty, let count = words.number(1), words.count < 3 || hash != nil, words.count < 4
    else {
      return refuse(
        TextBuilder("model/begin: expected ID BYTES, and perhaps 16 hexadecimal digits of XXH64")
      )
    }
    byteCount = count
    take(delivery.begin(count, hash))
  }

  /// A piece of it.
  mutating func append(_ bytes: UnsafeRawBufferPointer, id: [UInt8], offset: Int?) {
    guard isCurrent(id, "model/chunk") else { return }
    guard let offset else {
      return refuse(TextBuilder("model/chunk: expected the topic model/chunk/ID/OFFSET"))
    }
    guard offset <= byteCount, bytes.count <= byteCount - offset else {
      var reason = TextBuilder("model/chunk: bytes ")
      reason.append("", offset)
      reason.append(" to ", offset + bytes.count)
      reason.append(", expected none beyond ", byteCount)
      return refuse(reason)
    }
    take(delivery.append(bytes, offset))
  }

  /// Its end: `ID`.
  mutating func finish(_ words: MQTTWords) {
    guard isCurrent(words.bytes(0), "model/commit") else { return }
    if case .refused(let reason) = delivery.finish() { return refuse(reason) }
    // From now on the delivery's status says what happens. A commit that comes twice finds nothing to commit.
    id = []
  }

  private mutating func isCurrent(_ other: [UInt8], _ topic: StaticString) -> Bool {
    guard id.isEmpty || other != id else { return true }
    var reason = TextBuilder(topic)
    reason.append(": no model ")
    for byte in other.prefix(Self.mostIDBytes) { reason.append(byte: byte) }
    reason.append(" has begun; begin with model/begin")
    refuse(reason)
    return false
  }

  private mutating func take(_ answer: ModelDelivery.Answer) {
    switch answer {
    case .received(let count): say("receiving", received: count)
    case .refused(let reason): refuse(reason)
    }
  }

  private mutating func refuse(_ reason: TextBuilder) { say("refused", reason: reason) }

  private mutating func say(
    _ words: StaticString,
    received: Int? = nil,
    hash: UInt64? = nil,
    reason: TextBuilder? = nil
  ) {
    var text = TextBuilder("{\"state\":\"")
    text.append(words)
    text.append("\"")
    if !id.isEmpty {
      text.append(",\"id\":\"")
      for byte in id { text.append(byte: byte) }
      text.append("\"")
    }
    if let received {
      text.append(",\"received\":", received)
      text.append(",\"bytes\":", byteCount)
    }
    if let hash {
      text.append(",\"model\":\"")
      text.append(hash, radix: 16, digits: 16)
      text.append("\"")
    }
    if let reason {
      text.append(",\"reason\":")
      text.append(json: reason.string)
    }
    text.append("}")
    state = text
    version += 1
  }

  private static func isID(_ bytes: [UInt8]) -> Bool {
    guard (1...mostIDBytes).contains(bytes.count) else { return false }
    for byte in bytes {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: break
      default: return false
      }
    }
    return true
  }
}
