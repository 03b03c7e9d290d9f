internal import PlainText

/// An answer without end: what it has still to say, and what it has said.
struct WebStream {
  /// What is streamed.
  enum Kind {
    case events, pictures
  }

  /// Nil while nobody uses it.
  private(set) var kind: Kind?
  /// Said in this order: the head, then the body.
  private var head: [UInt8] = []
  private var body: [UInt8] = []
  private var said = 0
  private var lastResult: UInt64 = 0
  private var lastPicture: UInt64 = 0
  private var lastState: UInt64 = 0
  /// When something was last said: monotonic clock, nanoseconds.
  private var lastTime: Int64 = 0
  /// When the next picture is due.
  private var nextPicture: Int64 = 0

  /// Silence after which a comment is sent, so that whoever stands between does not end the connection, nanoseconds.
  private static let silence: Int64 = 15_000_000_000

  /// What multipart/x-mixed-replace puts between parts.
  static let pictureType: StaticString = "multipart/x-mixed-replace; boundary=picture"

  /// Begins; memory of earlier users is used again.
  mutating func begin(_ kind: Kind, now: Int64) {
    let (oldHead, oldBody) = (head, body)
    self = WebStream()
    (head, body) = (oldHead, oldBody)
    self.kind = kind
    body.removeAll(keepingCapacity: true)
    // A browser that has lost the stream asks for it again after a second.
    Self.set(&head, kind == .events ? "retry: 1000\n\n" : "--picture\r\n")
    lastTime = now
  }

  /// Ends, and gives back what large pictures took.
  mutating func end() { self = WebStream() }

  /// Fills in what comes next; 0 for nothing yet.
  ///
  /// At least one byte must fit.
  mutating func read(
    into target: UnsafeMutableBufferPointer<UInt8>,
    _ board: Bulletin,
    _ status: WebStatus,
    pictureInterval: Int64,
    now: Int64
  ) -> Int {
    if said == head.count + body.count {
      let hasMore: Bool
      switch kind {
      case .events: hasMore = nextEvent(board, status, now)
      case .pictures: hasMore = nextPicture(board, now, pictureInterval)
      case nil: hasMore = false
      }
      guard hasMore else { return 0 }
      said = 0
      lastTime = now
    }
    return copy(into: target)
  }

  private mutating func copy(into target: UnsafeMutableBufferPointer<UInt8>) -> Int {
    var count = 0
    if said < head.count {
      count = min(head.count - said, target.count)
      for place in 0..<count { target[place] = head[said + place] }
    }
    let from = said + count - head.count
    if from >= 0 {
      let more = min(body.count - from, target.count - count)
      body.withUnsafeBytes { bytes in
        UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(target)[count...])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[from..<(from + more)]))
      }
      count += more
    }
    said += count
    return count
  }

  /// A change of the service's state first, then the newest result; those between were for faster readers.
  private mutating func nextEvent(_ board: Bulletin, _ status: WebStatus, _ now: Int64) -> Bool {
    let numbers = board.numbers
    // The service's first state is number 0, and worth an event too.
    if numbers.state + 1 != lastState {
      lastState = numbers.state + 1
      var text = TextBuilder()
      status.append(to: &text, board)
      Self.set(&head, "event: status\ndata: ")
      body.removeAll(keepingCapacity: true)
      body.append(contentsOf: text.bytes)
    } else if let number = board.copyResult(after: lastResult, into: &body) {
      lastResult = number
      Self.set(&head, "event: result\ndata: ")
    } else if now - lastTime > Self.silence {
      Self.set(&head, ":")
      body.removeAll(keepingCapacity: true)
    } else {
      return false
    }
    body.append(0x0A)
    body.append(0x0A)
    return true
  }

  private mutating func nextPicture(_ board: Bulletin, _ now: Int64, _ interval: Int64) -> Bool {
    guard now >= nextPicture, let number = board.copyPicture(after: lastPicture, into: &body) else {
      return false
    }
    lastPicture = number
    // A fifth of an interval is forgiven, so that a camera of the same rate does not lose every other picture.
    nextPicture = max(nextPicture + interval, now + interval - interval / 5)
    Self.set(&head, "Content-Type: image/jpeg\r\nContent-Length: ")
    var length = TextBuilder()
    length.append(Int64(body.count))
    head.append(contentsOf: length.bytes)
    Self.add(&head, "\r\n\r\n")
    // Browsers show a picture when they see the boundary behind it.
    Self.add(&body, "\r\n--picture\r\n")
    return true
  }

  private static func set(_ bytes: inout [UInt8], _ words: StaticString) {
    bytes.removeAll(keepingCapacity: true)
    add(&bytes, words)
  }

  private static func add(_ bytes: inout [UInt8], _ words: StaticString) {
    bytes.append(
      contentsOf: UnsafeBufferPointer(start: words.utf8Start, count: words.utf8CodeUnitCount)
    )
  }
}
