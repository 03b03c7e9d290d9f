import CountedMemory
import Foundation
import ImageCodecs
import ModelFormat
import Testing

@testable import Camera

/// Pictures, streams and patterns as if they came from a camera.
struct FileSourceTests {
  /// A folder that is gone after the test.
  final class Folder {
    let path: String

    init() throws {
      let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
      path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
      let file = path + "/" + name
      try Data(bytes).write(to: URL(filePath: file))
      return file
    }
  }

  /// A JPEG of one grey.
  static func jpeg(_ level: UInt8, side: Int = 24) throws -> [UInt8] {
    let grey = [UInt8](repeating: level, count: side * side)
    return try FramePixelsTests.encoded(grey, .grey, side, side)
  }

  static func ppm(_ level: UInt8, side: Int) -> [UInt8] {
    Array("P6 \(side) \(side) 255\n".utf8) + [UInt8](repeating: level, count: side * side * 3)
  }

  /// What a source gives until its end, or `count` frames, at full speed: the bytes of frames, the words of events.
  static func played(
    _ path: String,
    count: Int = 1000,
    isLooping: Bool = false
  ) throws -> (frames: [[UInt8]], events: [String]) {
    let source = try FileSource.open(path, milliHertz: 0, isLooping: isLooping)
    var (frames, events): ([[UInt8]], [String]) = ([], [])
    while frames.count < count {
      switch source.next(timeoutNanoseconds: 1_000_000_000) {
      case .frame(let frame): frames.append(Array(frame.bytes))
      case .event(let event): events.append(event.message)
      case .timedOut, .ended: return (frames, events)
      }
    }
    return (frames, events)
  }

  @Test func `pictures of a folder come in the order of their names`() throws {
    let folder = try Folder()
    let (a, b) = try (Self.jpeg(10), Self.jpeg(200, side: 40))
    _ = try folder.write("b.JPG", b)
    _ = try folder.write("a.jpeg", a)
    _ = try folder.write("c.ppm", Self.ppm(77, side: 5))
    _ = try folder.write("notes.txt", [1, 2, 3])
    _ = try folder.write(".hidden.jpg", a)
    let once = try Self.played(folder.path)
    #expect(once.frames == [a, b, [UInt8](repeating: 77, count: 75)])
    #expect(once.events == ["plays \(folder.path)"])
    let looped = try Self.played(folder.path, count: 7, isLooping: true)
    #expect(looped.frames == once.frames + once.frames + [a])
  }

  @Test func `a generation is a format and a size`() throws {
    let folder = try Folder()
    _ = try folder.write("1.jpg", Self.jpeg(10))
    _ = try folder.write("2.jpg", Self.jpeg(20))
    _ = try folder.write("3.jpg", Self.jpeg(30, side: 32))
    _ = try folder.write("4.ppm", Self.ppm(1, side: 32))
    let source = try FileSource.open(folder.path, milliHertz: 0, isLooping: false)
    var found: [[Int]] = []
    loop: while true {
      switch source.next(timeoutNanoseconds: 0) {
      case .frame(let frame):
        found.append([Int(frame.sequence), frame.generation, frame.width, frame.height])
        #expect(frame.rowStride == (frame.format == .rgb ? 96 : 0))
      case .event: continue
      default: break loop
      }
    }
    #expect(found == [[1, 1, 24, 24], [2, 1, 24, 24], [3, 2, 32, 32], [4, 3, 32, 32]])
    #expect(source.counters.captured == 4 && source.counters.dropped == 0)
    let description = source.description
    #expect(description?.name == folder.path && description?.format == "RGB3")
    #expect(description?.width == 32 && description?.height == 32)
  }

  @Test func `a picture that cannot be read is named and passed over`() throws {
    let folder = try Folder()
    let good = try Self.jpeg(10)
    _ = try folder.write("1.png", [0x89, 0x50, 0x4E])
    _ = try folder.write("2.jpg", good)
    let found = try Self.played(folder.path)
    #expect(found.frames == [good])
    #expect(
      found.events == [
        "\(folder.path)/1.png: png: ends before the first row", "plays \(folder.path)",
      ]
    )
    let bad = try Folder()
    _ = try bad.write("1.png", [7])
    #expect(try Self.played(bad.path, isLooping: true).frames == [])
  }

  @Test func `a stream is split where its images are`() throws {
    let folder = try Folder()
    let images = try [Self.jpeg(10), Self.jpeg(99, side: 64), Self.jpeg(200)]
    let noise: [UInt8] = [0, 1, 0xFF, 0xD8, 0, 0xFF, 0xFF, 0xD9, 7]
    let path = try folder.write(
      "a.mjpeg",
      noise + images[0] + images[1] + noise + images[2] + noise
    )
    #expect(try Self.played(path).frames == images)
    #expect(try Self.played(path, count: 5, isLooping: true).frames.suffix(2) == images.prefix(2))
  }

  @Test func `a preview within a segment is no image`() throws {
    let folder = try Folder()
    let preview = try Self.jpeg(10)
    var image = try Self.jpeg(200)
    let length = preview.count + 2
    image.insert(
      contentsOf: [0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 255)] + preview,
      at: 2
    )
    let path = try folder.write("a.mjpeg", image + image)
    #expect(try Self.played(path).frames == [image, image])
  }

  @Test func `an image that is cut off ends where the next one begins`() throws {
    let folder = try Folder()
    let image = try Self.jpeg(10)
    let cut = Array(image.dropLast(4))
    let path = try folder.write("a.mjpeg", cut + image + cut)
    #expect(try Self.played(path).frames == [cut, image, cut])
  }

  @Test(arguments: [1, 2, 3, 7, 64, 1000])
  func `images are found however the bytes come`(step: Int) throws {
    let images = try [Self.jpeg(10), Self.jpeg(99, side: 64), Self.jpeg(200)]
    let all: [UInt8] = [9, 0xFF, 0xD8, 3] + images[0] + [0xFF] + images[1] + images[2]
    var scanner = JPEGScanner()
    var buffer: [UInt8] = []
    var found: [[UInt8]] = []
    for start in stride(from: 0, to: all.count, by: step) {
      let discardable = min(scanner.discardable, buffer.count)
      buffer.removeFirst(discardable)
      scanner.discard(discardable)
      buffer += all[start..<min(start + step, all.count)]
      while case .image(let range) = buffer.withUnsafeBytes({ scanner.scan($0, isEnd: false) }) {
        found.append(Array(buffer[range]))
        #expect(scanner.width == scanner.height && scanner.components == 1)
      }
    }
    #expect(found == images)
  }

  @Test func `any bytes are searched to their end`() throws {
    var random = SplitMix64(seed: 5)
    let image = try Self.jpeg(99, side: 64)
    for _ in 0..<300 {
      var bytes = image + image
      for _ in 0..<8 {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] =
          [0xFF, 0xD8, 0xD9, 0xDA, 0][
            Int.random(in: 0..<5, using: &random)
          ]
      }
      var scanner = JPEGScanner()
      var count = 0
      while case .image(let range) = bytes.withUnsafeBytes({ scanner.scan($0, isEnd: true) }) {
        #expect(range.lowerBound < range.upperBound && range.upperBound <= bytes.count)
        count += 1
        guard count < 100 else { break }
      }
      #expect(count < 100)
    }
  }

  @Test func `a file without images ends`() throws {
    let folder = try Folder()
    let path = try folder.write("a.mjpeg", [UInt8](repeating: 0xFF, count: 5000))
    let found = try Self.played(path, isLooping: true)
    #expect(found.frames == [])
    #expect(found.events == ["no JPEG image in it, expected some one after another"])
  }

  @Test func `a pipe gives what there is and is waited for`() throws {
    let image = try Self.jpeg(99, side: 64)
    let pipe = Pipe()
    let descriptor = pipe.fileHandleForReading.fileDescriptor
    var stream = StreamFrames(descriptor: descriptor, offset: nil, isLooping: false)
    func next(milliseconds: Int64 = 0) -> [UInt8]? {
      let deadline = milliseconds * 1_000_000 + Int64(clock_gettime_nsec())
      if case .image(let bytes, _, _) = stream.next(deadline: deadline) { return Array(bytes) }
      return nil
    }
    #expect(next() == nil)
    try pipe.fileHandleForWriting.write(contentsOf: Data(image[..<100]))
    #expect(next(milliseconds: 5) == nil)
    try pipe.fileHandleForWriting.write(contentsOf: Data(image[100...] + image[...]))
    #expect(next(milliseconds: 1000) == image)
    #expect(next(milliseconds: 1000) == image)
    #expect(next(milliseconds: 1) == nil)
    try pipe.fileHandleForWriting.close()
    guard case .ended = stream.next(deadline: 0) else {
      Issue.record("expected the end")
      return
    }
  }

  private func clock_gettime_nsec() -> UInt64 { DispatchTime.now().uptimeNanoseconds }

  @Test func `a slow consumer gets the newest frame, and the others are counted`() throws {
    let folder = try Folder()
    for level in 0..<10 { _ = try folder.write("\(level).jpg", Self.jpeg(UInt8(level * 20))) }
    let source = try FileSource.open(folder.path, milliHertz: 100_000)
    var sequences: [UInt32] = []
    var times: [Int64] = []
    while sequences.count < 5 {
      guard case .frame(let frame) = source.next(timeoutNanoseconds: 1_000_000_000) else {
        continue
      }
      sequences.append(frame.sequence)
      times.append(frame.timestampNanoseconds)
      Thread.sleep(forTimeInterval: 0.035)
    }
    for (step, time) in zip(zip(sequences, sequences.dropFirst()), zip(times, times.dropFirst())) {
      #expect(step.1 >= step.0 + 3)
      #expect(time.1 - time.0 == Int64(step.1 - step.0) * 10_000_000)
    }
    let counters = source.counters
    #expect(counters.captured == Int(sequences.last ?? 0))
    #expect(counters.dropped == counters.captured - 5)
  }

  @Test func `a frame is waited for, but no longer than was asked`() throws {
    let source = try FileSource.open("pattern:16x4", milliHertz: 2_000)
    var news: [String] = []
    for _ in 0..<3 {
      switch source.next(timeoutNanoseconds: 1_000_000) {
      case .event(let event): news.append(event.message)
      case .frame(let frame): news.append("\(frame.sequence)")
      case .timedOut: news.append("nothing")
      case .ended: news.append("end")
      }
    }
    #expect(news == ["plays pattern:16x4", "1", "nothing"])
  }

  @Test func `a pattern moves`() throws {
    let found = try Self.played("pattern:64x48", count: 70)
    #expect(found.frames.allSatisfy { $0.count == 64 * 48 * 2 })
    #expect(found.frames[0] != found.frames[1])
    #expect(found.frames[0] == found.frames[64])
    // Two rows a frame.
    #expect(found.frames[1].prefix(128) == found.frames[0].dropFirst(256).prefix(128))
  }

  static let refusals: [(source: String, message: String)] = [
    (
      "/no/such/folder",
      "/no/such/folder: No such file or directory, "
        + "expected a folder of pictures, a Motion-JPEG file, or - for standard input"
    ),
    ("pattern:64", "pattern:64: expected pattern:WIDTHxHEIGHT, an even width, 2x1...8192x8192"),
    (
      "pattern:63x9", "pattern:63x9: expected pattern:WIDTHxHEIGHT, an even width, 2x1...8192x8192"
    ),
    (
      "pattern:64x99999999999999999999",
      "pattern:64x99999999999999999999: expected pattern:WIDTHxHEIGHT, "
        + "an even width, 2x1...8192x8192"
    ),
    ("pattern:axb", "pattern:axb: expected pattern:WIDTHxHEIGHT, an even width, 2x1...8192x8192"),
  ]

  @Test(arguments: refusals)
  func `what cannot be played is refused`(source: String, message: String) {
    var found = ""
    do throws(FileSourceError) {
      _ = try FileSource.open(source)
    } catch {
      found = error.message
    }
    #expect(found == message)
  }

  @Test func `a folder without pictures is refused`() throws {
    let folder = try Folder()
    #expect(throws: FileSourceError.empty(path: folder.path)) {
      try FileSource.open(folder.path)
    }
    #expect(
      FileSourceError.empty(path: "x").message
        == "x: no pictures, expected .jpg, .jpeg, .png, .ppm or .pgm"
    )
  }

  @Test(arguments: ["folder", "stream", "pattern:64x48"])
  func `frames allocate nothing once all have been seen`(kind: String) throws {
    let folder = try Folder()
    let images = try [Self.jpeg(10, side: 32), Self.jpeg(99, side: 32)]
    let stream = try folder.write("all.mjpeg", images[0] + images[1])
    for (index, image) in images.enumerated() { _ = try folder.write("\(index).jpg", image) }
    let path = kind == "folder" ? folder.path : kind == "stream" ? stream : kind
    let source = FrameSource.files(try FileSource.open(path, milliHertz: 0))
    var pixels = FramePixels(contract: FramePixelsTests.contract(16, 16))
    let input = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 16 * 16 * 4)
    defer { input.deallocate() }
    func run(_ count: Int) throws {
      for _ in 0..<count {
        guard case .frame(let frame) = source.next(timeoutNanoseconds: 0) else { continue }
        try pixels.convert(frame, into: input, pixelStride: 4)
        source.release()
      }
    }
    try run(10)
    let before = counted_allocations()
    try run(50)
    #expect(counted_allocations() == before)
    #expect(source.counters.captured >= 59)
  }
}
