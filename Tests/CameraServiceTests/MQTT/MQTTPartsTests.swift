import Foundation
import PlainText
import Testing

@testable import CameraService

@Suite struct MQTTPartsTests {
  @Test(arguments: [
    ("edgecnn/%H", "edgecnn/pi", "edgecnn_pi"), ("a/b//", "a/b", "a_b"),
    ("%H%H%", "pipi%", "pipi_"), ("Halle 1/Tür", "Halle 1/Tür", "Halle_1_T__r"),
  ])
  func `The machine's name stands for %H in a prefix`(
    prefix: String,
    expanded: String,
    identifier: String
  ) {
    let topics = MQTTTopics(prefix: prefix, hostName: "pi")
    #expect(String(decoding: topics.prefix, as: UTF8.self) == expanded)
    #expect(String(decoding: topics.identifier, as: UTF8.self) == identifier)
    #expect(text(topics[.modelState]) == expanded + "/model/state")
    #expect(text(topics.topic(.modelChunk, "+/+")) == expanded + "/model/chunk/+/+")
  }

  private func text(_ characters: [CChar]) -> String {
    String(decoding: characters.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  @Test(arguments: [
    ("a/b/command", "command"), ("a/b/model/chunk/x/0", "model/chunk/x/0"), ("a/b", nil),
    ("a/bc/command", nil), ("", nil), ("a/b/", ""),
  ])
  func `What stands behind the prefix is found, where it is there`(topic: String, suffix: String?) {
    let topics = MQTTTopics(prefix: "a/b", hostName: "pi")
    let found = topic.withCString { topics.suffix(of: $0).map { String(cString: $0) } }
    #expect(found == suffix)
  }

  private func backoff(_ seed: UInt64) -> ConnectionBackoff {
    ConnectionBackoff(seed: seed, firstMilliseconds: 1000)
  }

  @Test func `Patience grows with every failure and is never the same for two`() {
    var (first, second) = (backoff(1), backoff(2))
    var differences = 0
    for failure in 0..<100 {
      let exact = min(Int64(1000) << Int64(min(failure, 10)), 64_000)
      let (one, other) = (first.next(afterRefusal: false), second.next(afterRefusal: false))
      #expect((exact * 3 / 4...exact * 5 / 4).contains(one))
      #expect((exact * 3 / 4...exact * 5 / 4).contains(other))
      if one != other { differences += 1 }
    }
    #expect(differences > 90)
    first.noteConnection(milliseconds: 9_000)
    #expect(first.next(afterRefusal: false) >= 48_000)
    first.noteConnection(milliseconds: 11_000)
    #expect(first.next(afterRefusal: false) <= 1_250)
    first.noteConnection(milliseconds: 11_000)
    #expect((22_500...37_500).contains(first.next(afterRefusal: true)))
    #expect((45_000...75_000).contains(first.next(afterRefusal: true)))
  }

  @Test(arguments: [
    ("a bc  d\n", ["a", "bc", "d"]), ("", []), (" ", []), ("x", ["x"]), ("a\0b", ["a", "b"]),
  ])
  func `Words are what stands between blanks`(text: String, words: [String]) {
    let found = MQTTWords(Array(text.utf8), separatedBy: 0x20)
    #expect((0..<found.count).map { found.text($0).string } == words)
    #expect(found.bytes(words.count) == [])
    #expect(found.number(words.count) == nil)
  }

  @Test(arguments: [
    ("0", 0), ("42", 42), ("999999999999999", 999_999_999_999_999), ("1000000000000000", nil),
    ("-1", nil), ("1a", nil), ("+1", nil),
  ])
  func `Numbers have up to 15 digits`(text: String, number: Int?) {
    #expect(MQTTWords(Array(text.utf8), separatedBy: 0x20).number(0) == number)
  }

  @Test(arguments: [
    ("0123456789abcdef", 0x0123_4567_89ab_cdef), ("FFFFFFFFFFFFFFFF", UInt64.max),
    ("123", nil), ("0123456789abcdeg", nil), ("0123456789abcdef0", nil),
  ])
  func `Hashes have 16 digits`(text: String, hash: UInt64?) {
    #expect(MQTTWords(Array(text.utf8), separatedBy: 0x20).hash(0) == hash)
  }

  @Test func `A state is news when it is another`() {
    var state = MQTTState(reserving: 8)
    let take = { (text: String) in
      Array(text.utf8).withUnsafeBufferPointer { state.set($0) }
    }
    #expect(take(""))
    #expect(!take(""))
    #expect(take("stop"))
    #expect(!take("stop"))
    #expect(take("stoq"))
    #expect(state.version == 3)
  }

  @Test func `Any bytes from the broker are taken in or refused, and the daemon goes on`() throws {
    let publisher = try MQTTPublisher.make(
      MQTTSettings(),
      bulletin: Bulletin(),
      log: Log(level: .debug, isJournal: false, clock: { 0 }, sink: { _ in })
    )
    let inbox = FakeInbox()
    var commands = MQTTCommands(delivery: inbox.delivery)
    var random = SeededRandom(seed: 7)
    let topics = [
      "command", "model/begin", "model/commit", "model/chunk/x/0", "model/chunk/x/9", "model/chunk",
      "model//x", "model/chunk/x/99999999999999999999", "", "/", "model/chunk/x/-1", "other",
    ]
    let words = [
      "x 100", "x", "reload", "snapshot", "model ", "x 99999999999999999999 12", "y 5 z",
    ]
    for _ in 0..<20_000 {
      let topic = topics[random.next(upTo: topics.count)]
      var payload = Array(words[random.next(upTo: words.count)].utf8)
      for _ in 0..<random.next(upTo: 4) where !payload.isEmpty {
        payload[random.next(upTo: payload.count)] = UInt8(random.next(upTo: 256))
      }
      topic.withCString { topic in
        payload.withUnsafeBytes {
          commands.take(topic, $0, isRetained: false, for: publisher)
        }
      }
      if let (text, _) = commands.modelState(after: 0) {
        _ = try JSONSerialization.jsonObject(with: Data(text.bytes))
      }
    }
    #expect(publisher.takeReload())
  }
}
