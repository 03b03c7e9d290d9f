internal import CLinux

/// Messages in order of arrival, in memory that is taken once; the oldest make room for new ones.
///
/// Every message has a number, one more than that of the message before it. What leaves at the front are messages that have been
/// delivered (`removeThrough`) and, where room is short, the oldest, which are counted.
struct MessageQueue: ~Copyable {
  /// A message without its bytes.
  struct Entry {
    /// What the owner knows its topic by.
    var topic: UInt8
    /// Where its bytes begin.
    var offset: Int
    /// Bytes.
    var count: Int
  }

  private let memory: UnsafeMutableRawPointer
  private let byteCapacity: Int
  private var entries: [Entry]
  /// The number of the oldest message, and one more than that of the newest.
  private(set) var (first, end): (UInt64, UInt64) = (0, 0)
  /// Where the next message's bytes go, unless they do not fit before the end of the memory.
  private var writeOffset = 0
  /// Messages that made room for newer ones, or found none.
  private(set) var dropped: UInt64 = 0

  /// A queue of at most `messages` messages (at least 1) of `bytes` bytes in all (at least 1), nil where there is no memory.
  ///
  /// All of it is resident from the start: what the queue will need is known then, and no frame waits for a page.
  static func make(messages: Int, bytes: Int) -> MessageQueue? {
    guard let memory = cl_allocate(bytes) else { return nil }
    // Zeros would be one page that is shared until something is written.
    memory.initializeMemory(as: UInt8.self, repeating: 1, count: bytes)
    return MessageQueue(memory: memory, messages: messages, bytes: bytes)
  }

  private init(memory: UnsafeMutableRawPointer, messages: Int, bytes: Int) {
    self.memory = memory
    byteCapacity = bytes
    entries = Array(repeating: Entry(topic: 0, offset: 0, count: 0), count: messages)
  }

  deinit { cl_release(memory, byteCapacity) }

  /// Messages in it.
  var count: Int { Int(end - first) }

  private func index(_ number: UInt64) -> Int { Int(number % UInt64(entries.count)) }

  /// Appends a message; where it is larger than the whole queue, counts it as dropped.
  mutating func append(topic: UInt8, _ payload: UnsafeRawBufferPointer) {
    // Every message takes a byte at least, so that those that are there never look like none.
    let size = max(payload.count, 1)
    guard size <= byteCapacity else {
      dropped += 1
      return
    }
    if count == entries.count { dropFirst() }
    var offset = room(size)
    while offset == nil {
      dropFirst()
      offset = room(size)
    }
    guard let offset else { return }
    if let base = payload.baseAddress {
      (memory + offset).copyMemory(from: base, byteCount: payload.count)
    }
    entries[index(end)] = Entry(topic: topic, offset: offset, count: payload.count)
    writeOffset = offset + size
    end += 1
  }

  /// Where so many bytes would spare all messages that are there: behind the newest, else at the start of the memory.
  private func room(_ size: Int) -> Int? {
    guard count > 0 else { return 0 }
    let oldest = entries[index(first)].offset
    if oldest >= writeOffset { return size <= oldest - writeOffset ? writeOffset : nil }
    if size <= byteCapacity - writeOffset { return writeOffset }
    return size <= oldest ? 0 : nil
  }

  private mutating func dropFirst() {
    first += 1
    dropped += 1
  }

  /// The message of this number, if it is still there.
  func entry(_ number: UInt64) -> Entry? {
    number >= first && number < end ? entries[index(number)] : nil
  }

  /// Copies a message's bytes to where there is room for them.
  func copy(_ entry: Entry, to target: UnsafeMutableRawPointer) {
    target.copyMemory(from: memory + entry.offset, byteCount: entry.count)
  }

  /// Removes messages up to this number.
  mutating func removeThrough(_ number: UInt64) {
    guard number >= first else { return }
    first = min(number + 1, end)
  }
}
