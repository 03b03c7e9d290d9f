/// Finds the JPEG images in a stream of bytes, and what their headers announce, without decoding.
///
/// Segments are passed over by their lengths, so that a preview within one is not taken for an image; inside the compressed data
/// only a marker can end an image. An image that is cut off by the next one's start ends there. Everything that is not part of an
/// image is skipped. Positions are those in the caller's buffer, which `discard` moves.
struct JPEGScanner {
  /// What was found.
  enum Finding: Equatable {
    /// The bytes of an image, from its start to behind its end.
    case image(Range<Int>)
    /// The bytes end before an image does.
    case more
  }

  private enum Place {
    case outside
    case segments
    case scan
  }

  /// Columns that the image announces, 0 where none was found.
  private(set) var width = 0
  /// Rows that it announces, 0 where none was found.
  private(set) var height = 0
  /// Components of its pixels, 0 where none was found.
  private(set) var components = 0
  /// Where the next byte is looked at; segments may reach past the bytes there are.
  private var position = 0
  private var start = 0
  private var place = Place.outside
  private var hasScan = false

  /// Bytes at the front of the buffer that are not needed any more.
  var discardable: Int { place == .outside ? position : start }

  /// The caller has dropped `count` bytes at the front of its buffer, at most those that are discardable.
  mutating func discard(_ count: Int) {
    position -= count
    start -= count
  }

  /// Gives up the image that has begun; what follows it is still found.
  mutating func giveUp() {
    position = start + 2
    place = .outside
  }

  /// Looks at the bytes from where it stopped; `isEnd` says that no more will follow.
  mutating func scan(_ bytes: UnsafeRawBufferPointer, isEnd: Bool) -> Finding {
    while true {
      let isReady =
        switch place {
        case .outside: findStart(bytes)
        case .segments: passSegment(bytes)
        case .scan: passScan(bytes)
        }
      if isReady && place == .outside && start < position { return end(at: position) }
      if !isReady {
        guard isEnd, place != .outside, hasScan else { return .more }
        return end(at: bytes.count)
      }
    }
  }

  private mutating func end(at end: Int) -> Finding {
    let image = start..<end
    position = end
    start = end
    place = .outside
    return .image(image)
  }

  private mutating func begin(at index: Int) {
    start = index
    position = index + 2
    place = .segments
    (width, height, components, hasScan) = (0, 0, 0, false)
  }

  @_optimize(speed)
  private mutating func findStart(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var index = position
    while index + 2 < bytes.count {
      if bytes[index] == 0xFF && bytes[index + 1] == 0xD8 && bytes[index + 2] == 0xFF {
        begin(at: index)
        return true
      }
      index += 1
    }
    position = max(position, index)
    start = position
    return false
  }

  /// Passes one marker with its segment; false where it is not all there.
  private mutating func passSegment(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard position + 1 < bytes.count else { return false }
    let marker = bytes[position + 1]
    guard bytes[position] == 0xFF else {
      giveUp()
      start = position
      return true
    }
    switch marker {
    case 0xFF:
      position += 1
    case 0x00, 0x01, 0xD0...0xD7:
      position += 2
    case 0xD8:
      begin(at: position)
    case 0xD9:
      position += 2
      place = .outside
    default:
      // The header of a frame is 8 bytes behind the marker; all others have a length of 2.
      guard position + 10 <= bytes.count else { return false }
      let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
      if (0xC0...0xCF).contains(marker) && marker != 0xC4 && marker != 0xC8 && marker != 0xCC {
        height = Int(bytes[position + 5]) << 8 | Int(bytes[position + 6])
        width = Int(bytes[position + 7]) << 8 | Int(bytes[position + 8])
        components = Int(bytes[position + 9])
      }
      position += 2 + max(length, 2)
      if marker == 0xDA {
        hasScan = true
        place = .scan
      }
    }
    return true
  }

  /// Passes compressed data up to a marker that is no part of it.
  @_optimize(speed)
  private mutating func passScan(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var index = position
    while index + 1 < bytes.count {
      if bytes[index] != 0xFF {
        index += 1
        continue
      }
      let next = bytes[index + 1]
      switch next {
      case 0x00, 0xD0...0xD7:
        index += 2
      case 0xFF:
        index += 1
      case 0xD8:
        // The image was cut off: it ends where the next one begins.
        position = index
        place = .outside
        return true
      default:
        position = index
        place = .segments
        return true
      }
    }
    position = max(position, index)
    return false
  }
}
