import Testing

@testable import CameraService

@Suite struct MessageQueueTests {
  private func payload(_ number: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: number &* 31 &+ $0) }
  }

  private func bytes(_ queue: borrowing MessageQueue, _ number: UInt64) -> [UInt8]? {
    guard let entry = queue.entry(number) else { return nil }
    var bytes = [UInt8](repeating: 0, count: entry.count + 1)
    bytes.withUnsafeMutableBytes { queue.copy(entry, to: $0.baseAddress!) }
    return bytes.dropLast()
  }

  /// Against a list: what is in the queue is what came last, in order and unchanged, and no more was dropped than was needed.
  @Test(arguments: [
    (messages: 1, bytes: 1, largest: 3), (messages: 3, bytes: 100, largest: 40),
    (messages: 1000, bytes: 64, largest: 64), (messages: 7, bytes: 101, largest: 13),
    (messages: 16, bytes: 4096, largest: 500),
  ])
  func `Messages are kept in order while there is room`(messages: Int, bytes: Int, largest: Int)
    throws
  {
    guard var queue = MessageQueue.make(messages: messages, bytes: bytes) else {
      throw WaitError(what: "memory")
    }
    var random = SeededRandom(seed: UInt64(messages * 1000 + bytes))
    var expected: [(number: UInt64, topic: UInt8, payload: [UInt8])] = []
    var refused: UInt64 = 0
    var delivered: UInt64 = 0
    for step in 0..<2_000 {
      if random.next(upTo: 4) == 0, let last = expected.last {
        let number = last.number - UInt64(random.next(upTo: expected.count))
        queue.removeThrough(number)
        let before = expected.count
        expected.removeAll { $0.number <= number }
        delivered += UInt64(before - expected.count)
      } else {
        let count = random.next(upTo: largest + 1)
        let payload = payload(step, count)
        let end = queue.end
        payload.withUnsafeBytes { queue.append(topic: UInt8(step % 7), $0) }
        if max(count, 1) > bytes {
          refused += 1
        } else {
          expected.append((end, UInt8(step % 7), payload))
        }
        // A list of the newest that fit; the queue may have dropped more, as its memory has an end.
        while expected.count > messages
          || expected.reduce(0, { $0 + max($1.payload.count, 1) }) > bytes
        {
          expected.removeFirst()
        }
        let first = queue.first
        let isTight = expected.reduce(0) { $0 + max($1.payload.count, 1) } + largest >= bytes / 2
        #expect(expected.first.map { $0.number == first || isTight } ?? true, "step \(step)")
        expected.removeAll { $0.number < first }
      }
      #expect(queue.count == expected.count)
      for message in expected {
        #expect(queue.entry(message.number)?.topic == message.topic)
        #expect(self.bytes(queue, message.number) == message.payload)
      }
      #expect(queue.entry(queue.end) == nil)
      #expect(queue.dropped + delivered + UInt64(queue.count) == queue.end + refused)
    }
  }

  @Test func `A message that is larger than the queue spares the others`() throws {
    guard var queue = MessageQueue.make(messages: 4, bytes: 10) else {
      throw WaitError(what: "memory")
    }
    payload(0, 4).withUnsafeBytes { queue.append(topic: 0, $0) }
    payload(0, 11).withUnsafeBytes { queue.append(topic: 0, $0) }
    #expect(queue.count == 1)
    #expect(queue.dropped == 1)
  }
}

/// Numbers that a seed determines.
struct SeededRandom {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// A number from 0 to `limit` − 1.
  mutating func next(upTo limit: Int) -> Int {
    // Knuth's MMIX: The Art of Computer Programming 2, 3.3.4.
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(limit))
  }
}
