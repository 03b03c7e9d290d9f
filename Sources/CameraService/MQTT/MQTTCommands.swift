internal import CLinux
internal import PlainText

/// What comes from the broker: commands, and models in pieces.
///
/// The README of this folder defines the messages.
struct MQTTCommands {
  private static let pictureNanoseconds: Int64 = 10_000_000_000
  /// The longest command or announcement.
  private static let mostBytes = 4096

  private var upload: ModelUpload?
  /// The number of the picture after which one is wanted, and until when.
  private var wantedPicture: (number: UInt64, deadline: Int64)?

  /// Nothing has come; models are taken where there is somebody to deliver them to.
  init(delivery: ModelDelivery?) {
    if let delivery { upload = ModelUpload(delivery: delivery) }
  }

  /// Whether something is to be looked for more often than once a second.
  var isWaiting: Bool { wantedPicture != nil }

  /// What became of a model that was sent, if that is newer than version `last`.
  mutating func modelState(after last: UInt64) -> (TextBuilder, version: UInt64)? {
    upload?.state(after: last)
  }

  /// The picture that was asked for, once.
  mutating func takePicture(_ bulletin: Bulletin) -> [UInt8]? {
    guard let wanted = wantedPicture else { return nil }
    var picture: [UInt8] = []
    if bulletin.copyPicture(after: wanted.number, into: &picture) != nil {
      wantedPicture = nil
      return picture
    }
    if cl_nanoseconds() > wanted.deadline { wantedPicture = nil }
    return nil
  }

  /// Does what a message says; `topic` is what stands behind the prefix.
  mutating func take(
    _ topic: UnsafePointer<CChar>,
    _ payload: UnsafeRawBufferPointer,
    isRetained: Bool,
    for publisher: MQTTPublisher
  ) {
    let name = TextBuilder(cString: topic)
    guard !isRetained else {
      // It would be obeyed again after every connection.
      var line = TextBuilder("retained message on ")
      line.append(name)
      line.append(" ignored; publish it without retain")
      return publisher.log.warning(.mqtt, line)
    }
    let levels = MQTTWords(name.bytes, separatedBy: 0x2F)
    if levels.count == 1 && levels.isWord(0, "command") {
      guard payload.count <= Self.mostBytes else { return complain("command too long", publisher) }
      return command(MQTTWords(Array(payload), separatedBy: 0x20), publisher)
    }
    guard levels.isWord(0, "model") else { return }
    guard upload != nil else {
      return complain("a model came, but there is no folder to keep it in; see [update]", publisher)
    }
    if levels.count == 4 && levels.isWord(1, "chunk") {
      upload?.append(payload, id: levels.bytes(2), offset: levels.number(3))
    } else if payload.count > Self.mostBytes {
      complain("announcement of a model too long", publisher)
    } else if levels.count == 2 && levels.isWord(1, "begin") {
      upload?.begin(MQTTWords(Array(payload), separatedBy: 0x20))
    } else if levels.count == 2 && levels.isWord(1, "commit") {
      upload?.finish(MQTTWords(Array(payload), separatedBy: 0x20))
    }
  }

  private mutating func command(_ words: MQTTWords, _ publisher: MQTTPublisher) {
    if words.count == 1 && words.isWord(0, "reload") {
      note("reload", publisher)
      publisher.requestReload()
    } else if words.count == 1 && words.isWord(0, "snapshot") {
      note("snapshot", publisher)
      let number = publisher.bulletin.numbers.picture
      wantedPicture = (number, cl_nanoseconds() + Self.pictureNanoseconds)
      publisher.bulletin.requestPicture()
    } else if words.count == 1 && words.isWord(0, "rollback") {
      note("rollback", publisher)
      answer(upload?.delivery.rollBack(), publisher)
    } else if words.count == 2 && words.isWord(0, "model") {
      note("model", publisher)
      answer(upload?.delivery.offer(words.text(1).string), publisher)
    } else {
      var line = TextBuilder("unknown command, expected reload, snapshot, rollback or model PATH: ")
      for byte in words.text.bytes.prefix(80) { line.append(byte: byte) }
      publisher.log.warning(.mqtt, line)
    }
  }

  private func answer(_ reason: TextBuilder?, _ publisher: MQTTPublisher) {
    guard let reason else {
      return complain("there is no folder for models; see [update]", publisher)
    }
    guard !reason.bytes.isEmpty else { return }
    publisher.log.warning(.mqtt, reason)
  }

  private func note(_ command: StaticString, _ publisher: MQTTPublisher) {
    var line = TextBuilder("command ")
    line.append(command)
    publisher.log.info(.mqtt, line)
  }

  private func complain(_ words: StaticString, _ publisher: MQTTPublisher) {
    publisher.log.warning(.mqtt, TextBuilder(words))
  }
}
