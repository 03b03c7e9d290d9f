internal import CLinux
internal import PlainText

/// The images of a Motion-JPEG stream, from a file or a pipe, one after another.
///
/// One buffer holds the image that is read; it grows to the largest one, at most `mostBytes`, and never shrinks.
struct StreamFrames {
  /// What comes next.
  enum Item {
    case image(UnsafeRawBufferPointer, width: Int, height: Int)
    /// Nothing has come in time.
    case nothing
    /// One line about what was skipped, or why it ended.
    case trouble(String)
    case ended
  }

  /// An image may have this many bytes.
  static let mostBytes = 64 << 20
  private static let firstBytes = 1 << 20

  private let descriptor: Int32
  /// Where the next byte is read of a file that can be read anywhere; nil for a pipe.
  private var offset: UInt64?
  private let isLooping: Bool
  private var buffer: UnsafeMutableRawBufferPointer
  private var filled = 0
  private var isAtEnd = false
  private var scanner = JPEGScanner()
  /// Whether the file gave an image since its start.
  private var hasImages = false
  private var hasFailed = false

  /// Images from standard input.
  static var standardInput: StreamFrames {
    StreamFrames(descriptor: 0, offset: nil, isLooping: false)
  }

  /// Images of a file.
  static func file(_ path: String, isLooping: Bool) throws(FileSourceError) -> StreamFrames {
    var descriptor: Int32 = -1
    let error = path.withTerminatedBytes { cl_open_to_read($0, &descriptor) }
    guard error == 0 else { throw .system(path: path, error: error) }
    return StreamFrames(descriptor: descriptor, offset: 0, isLooping: isLooping)
  }

  /// Images of an open file from `offset` on, or, without one, of a pipe.
  init(descriptor: Int32, offset: UInt64?, isLooping: Bool) {
    self.descriptor = descriptor
    self.offset = offset
    self.isLooping = isLooping
    buffer = .allocate(byteCount: Self.firstBytes, alignment: 64)
  }

  /// Closes the file and gives the memory back.
  func close() {
    if descriptor > 0 { _ = cl_close_file(descriptor) }
    buffer.deallocate()
  }

  /// The next image, valid until the next call; waits for a pipe until `deadline` on the monotonic clock.
  mutating func next(deadline: Int64) -> Item {
    while true {
      let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<filled])
      if case .image(let range) = scanner.scan(bytes, isEnd: isAtEnd) {
        hasImages = true
        return .image(
          UnsafeRawBufferPointer(rebasing: bytes[range]),
          width: scanner.width,
          height: scanner.height
        )
      }
      if isAtEnd {
        if !hasImages && !hasFailed {
          hasFailed = true
          return .trouble("no JPEG image in it, expected some one after another")
        }
        guard isLooping, hasImages, offset != nil else { return .ended }
        restart()
        continue
      }
      if !makeRoom() { return .trouble("an image of more than 67108864 bytes is skipped") }
      switch read(until: deadline) {
      case 0: continue
      case Self.isLate: return .nothing
      case let error:
        isAtEnd = true
        hasImages = false
        hasFailed = true
        return .trouble(TextBuilder(cString: cl_error_text(error)).string)
      }
    }
  }

  private mutating func restart() {
    scanner = JPEGScanner()
    offset = 0
    filled = 0
    isAtEnd = false
    hasImages = false
  }

  /// Moves what is needed to the front of the buffer, or takes a larger one; false where an image is too large.
  private mutating func makeRoom() -> Bool {
    let unneeded = min(scanner.discardable, filled)
    if unneeded > 0 {
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[unneeded..<filled]))
      filled -= unneeded
      scanner.discard(unneeded)
    }
    if filled < buffer.count { return true }
    guard buffer.count < Self.mostBytes else {
      scanner.giveUp()
      return false
    }
    let larger = UnsafeMutableRawBufferPointer.allocate(
      byteCount: buffer.count * 2,
      alignment: 64
    )
    larger.copyMemory(from: UnsafeRawBufferPointer(buffer))
    buffer.deallocate()
    buffer = larger
    return true
  }

  private static let isLate: Int32 = -1

  /// Reads what there is: 0, `isLate`, or an errno value.
  private mutating func read(until deadline: Int64) -> Int32 {
    let room = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
    var count = 0
    var error: Int32
    if let place = offset {
      error = cl_read_at(descriptor, room.baseAddress, min(room.count, 1 << 18), place, &count)
      offset = place + UInt64(count)
    } else {
      var item = cl_poll_item(
        descriptor: descriptor,
        wanted: Int16(CL_POLL_READ),
        found: 0
      )
      let left = (deadline - cl_nanoseconds() + 999_999) / 1_000_000
      guard cl_poll(&item, 1, Int32(clamping: max(left, 0))) > 0 else { return Self.isLate }
      error = cl_read_next(descriptor, room.baseAddress, room.count, &count)
    }
    guard error == 0 else { return error }
    isAtEnd = count == 0
    filled += count
    return 0
  }
}
