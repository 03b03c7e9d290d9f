internal import CLinux
internal import Pixels
internal import PlainText

/// Frames of files, a pipe or a test picture, as if they came from a camera.
///
/// At a rate, frames come when they are due; a consumer that is late gets the newest one, and the others are counted as dropped. A
/// pipe comes as fast as it is read, and none of its frames is dropped. At full speed every frame is handed out at once. One thread,
/// the consumer's; the frame path allocates nothing once every picture and every size has been seen.
public final class FileSource {
  /// As a camera would be called.
  public let name: String
  /// What happened so far: captured, dropped and bad.
  public private(set) var counters = CameraCounters()

  private enum Frames {
    case pattern(PatternFrames)
    case pictures(PictureFrames)
    case stream(StreamFrames)
  }

  /// Images that are read only to be passed over; a consumer that is later yet sees the file go slower.
  private static let mostPassedOver = 30

  private var frames: Frames
  /// Nanoseconds from a frame to the next, 0 at full speed.
  private let interval: Int64
  /// When the next frame is due.
  private var due: Int64
  private var sequence: UInt32 = 0
  private var generation = 0
  private var last: (format: FrameFormat, width: Int, height: Int)?
  /// The first frame, while the consumer is told that frames come.
  private var waiting: Frame?
  private var hasTold = false

  /// Opens `source`: a folder of pictures, a picture, a file with JPEG images one after another, `-` for standard input, or a test
  /// picture, `pattern` or `pattern:WIDTHxHEIGHT`.
  ///
  /// `milliHertz` is the rate in thousandths of a frame per second, 0 for full speed. Files begin anew at their end if `isLooping`.
  /// Throws `FileSourceError` where there is nothing to play.
  public static func open(
    _ source: String,
    milliHertz: Int = 30_000,
    isLooping: Bool = true
  ) throws(FileSourceError) -> FileSource {
    let interval = milliHertz > 0 ? 1_000_000_000_000 / Int64(milliHertz) : 0
    if let pattern = try pattern(source) {
      return FileSource(source, .pattern(pattern), interval: interval)
    }
    if source.hasBytes(of: "-") {
      return FileSource("standard input", .stream(.standardInput), interval: 0)
    }
    var status = cl_file_status()
    let error = source.withTerminatedBytes { cl_status_of_file($0, &status) }
    guard error == 0 else { throw .system(path: source, error: error) }
    let frames: Frames
    if status.is_folder != 0 {
      frames = .pictures(try PictureFrames(folder: source, isLooping: isLooping))
    } else if let picture = PictureFrames(file: source, isLooping: isLooping) {
      frames = .pictures(picture)
    } else {
      frames = .stream(try StreamFrames.file(source, isLooping: isLooping))
    }
    return FileSource(source, frames, interval: interval)
  }

  private init(_ name: String, _ frames: Frames, interval: Int64) {
    self.name = name
    self.frames = frames
    self.interval = interval
    due = cl_nanoseconds()
  }

  deinit {
    switch frames {
    case .pattern(let pattern): pattern.deallocate()
    case .pictures(let pictures): pictures.deallocate()
    case .stream(let stream): stream.close()
    }
  }

  /// The pattern that a source names, nil where it names none.
  private static func pattern(_ source: String) throws(FileSourceError) -> PatternFrames? {
    var words: [UInt8] = []
    source.appendBytes(to: &words)
    let name = TextBuilder("pattern").bytes
    guard words.starts(with: name) else { return nil }
    if words.count == name.count { return PatternFrames(width: 1280, height: 720) }
    var numbers = [0]
    guard words[name.count] == 0x3A else { return nil }
    for byte in words.dropFirst(name.count + 1) {
      if byte == 0x78 && numbers.count == 1 {
        numbers.append(0)
      } else if (0x30...0x39).contains(byte) {
        numbers[numbers.count - 1] = min(numbers[numbers.count - 1] * 10 + Int(byte - 0x30), 99_999)
      } else {
        throw .pattern(source)
      }
    }
    guard numbers.count == 2, (2...8192).contains(numbers[0]), numbers[0] % 2 == 0,
      (1...8192).contains(numbers[1])
    else { throw .pattern(source) }
    return PatternFrames(width: numbers[0], height: numbers[1])
  }

  /// Waits for the next frame, as `CameraStream.next` does; its bytes are there until the next call.
  public func next(timeoutNanoseconds: Int64) -> FrameNews {
    let deadline = cl_nanoseconds() + timeoutNanoseconds
    if let frame = waiting {
      waiting = nil
      return .frame(frame)
    }
    if interval > 0 {
      let now = cl_nanoseconds()
      if due > now { cl_sleep(min(due, deadline) - now) }
      if due > deadline { return .timedOut }
      passOver()
    }
    switch frames {
    case .pattern(let pattern):
      return news(frame(pattern.bytes(Int(sequence)), .yuyv, pattern.width, pattern.height))
    case .pictures(var pictures):
      let item = pictures.next()
      frames = .pictures(pictures)
      switch item {
      case .picture(let bytes, let format, let width, let height):
        return news(frame(bytes, format, width, height))
      case .trouble(let words): return .event(event(.warning, .unchanged, words))
      case .ended: return .ended
      }
    case .stream(var stream):
      let item = stream.next(deadline: deadline)
      frames = .stream(stream)
      switch item {
      case .image(let bytes, let width, let height):
        return news(frame(bytes, .jpeg, width, height))
      case .nothing: return .timedOut
      case .trouble(let words): return .event(event(.warning, .unchanged, words))
      case .ended: return .ended
      }
    }
  }

  /// What came last, nil before the first frame.
  public var description: SourceDescription? {
    guard let last else { return nil }
    return SourceDescription(
      name: name,
      format: last.format.name,
      width: last.width,
      height: last.height
    )
  }

  /// The frame could not be decoded.
  public func countBadPicture() { counters.bad += 1 }

  /// A frame; the first one waits until its consumer knows that frames come, and of what kind.
  private func news(_ frame: Frame) -> FrameNews {
    guard !hasTold else { return .frame(frame) }
    hasTold = true
    waiting = frame
    var words = TextBuilder("plays ")
    words.append(string: name)
    return .event(event(.info, .running, words.string))
  }

  private func event(
    _ severity: SourceEvent.Severity,
    _ state: SourceEvent.State,
    _ words: String
  ) -> SourceEvent {
    SourceEvent(severity: severity, state: state, message: words)
  }

  /// Passes over the frames that a slow consumer has missed.
  private func passOver() {
    let late = (cl_nanoseconds() - due) / interval
    guard late > 0 else { return }
    let count = Int(clamping: late)
    switch frames {
    case .pattern: break
    case .pictures(var pictures):
      pictures.skip(count)
      frames = .pictures(pictures)
    case .stream(var stream):
      for _ in 0..<min(count, Self.mostPassedOver) {
        guard case .image = stream.next(deadline: 0) else { break }
      }
      frames = .stream(stream)
    }
    sequence = sequence &+ UInt32(truncatingIfNeeded: late)
    counters.captured += count
    counters.dropped += count
    due += late * interval
  }

  private func frame(
    _ bytes: UnsafeRawBufferPointer,
    _ format: FrameFormat,
    _ width: Int,
    _ height: Int
  ) -> Frame {
    if last == nil || last?.format != format || last?.width != width || last?.height != height {
      generation += 1
      last = (format, width, height)
    }
    let time = interval > 0 ? due : cl_nanoseconds()
    due += interval
    sequence = sequence &+ 1
    counters.captured += 1
    return Frame(
      bytes: bytes,
      format: format,
      width: width,
      height: height,
      rowStride: format.pixelFormat?.rowBytes(width: width, plane: 0) ?? 0,
      sequence: sequence,
      timestampNanoseconds: time,
      generation: generation
    )
  }
}
