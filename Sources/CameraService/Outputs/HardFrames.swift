internal import CLinux
internal import PlainText
internal import Runtime
internal import Threads

/// Keeps frames that the model was unsure of, as pairs of JPEG and JSON in a bounded folder.
///
/// A thread of its own writes: a slow card must not keep frames waiting. While it is busy no other frame is taken.
final class HardFrames: @unchecked Sendable {
  private let settings: FrameSettings
  private let log: Log
  private let metrics: Metrics
  private let monitor = Monitor()
  private var thread: BackgroundThread?
  private var picture: [UInt8] = []
  private var result: [UInt8] = []
  private var stem = TextBuilder()
  private var isBusy = false
  private var isOver = false
  private var lastTaken: Int64?
  /// Kept pictures, oldest first, known to the writing thread alone.
  private var kept: [KeptFrame] = []
  private var keptBytes: UInt64 = 0

  private struct KeptFrame {
    var stem: String
    var bytes: UInt64
  }

  /// Frames to `settings.folder`, which is made where it is not there.
  init(_ settings: FrameSettings, log: Log, metrics: Metrics) {
    self.settings = settings
    self.log = log
    self.metrics = metrics
  }

  /// Starts the thread that writes.
  func start() {
    do throws(ThreadError) {
      // `stop` ends the thread before this object does.
      thread = try BackgroundThread("frames", isLowPriority: true) { [unowned(unsafe) self] in
        work()
      }
    } catch {
      var text = TextBuilder("no thread to keep frames, ")
      text.append(TextBuilder(cString: cl_error_text(error.code)))
      log.error(.frames, text)
    }
  }

  /// Writes what has been taken and ends the thread.
  func stop() {
    monitor.changing { isOver = true }
    thread.take()?.join()
  }

  /// Whether the frame that the model has just seen is to be kept.
  func wants(_ model: ModelInUse, nanoseconds: Int64) -> Bool {
    let best = model.top(1)
    guard !best.isEmpty,
      best[0].value < Float(settings.below) || model.margin < Float(settings.margin)
    else { return false }
    if let lastTaken,
      nanoseconds - lastTaken < Int64(settings.intervalMilliseconds) * 1_000_000
    {
      return false
    }
    return thread != nil && monitor.locked { !isBusy }
  }

  /// Takes a frame that is wanted: a JPEG file and its result.
  func take(
    _ jpeg: UnsafeBufferPointer<UInt8>,
    _ json: UnsafeBufferPointer<UInt8>,
    wallNanoseconds: Int64,
    sequence: UInt32,
    nanoseconds: Int64
  ) {
    // Until it is busy the thread touches nothing of this.
    guard monitor.locked({ !isBusy }) else { return }
    lastTaken = nanoseconds
    picture.removeAll(keepingCapacity: true)
    picture.append(contentsOf: jpeg)
    result.removeAll(keepingCapacity: true)
    result.append(contentsOf: json)
    result.append(0x0A)
    stem.clear()
    WallTime(nanoseconds: wallNanoseconds).appendCompact(to: &stem)
    stem.append("-", Int(sequence))
    monitor.changing { isBusy = true }
  }

  private func work() {
    _ = settings.folder.withTerminatedBytes { cl_make_folder($0) }
    takeInventory()
    while true {
      let isWork = monitor.locked {
        while !isBusy && !isOver { monitor.waitInside(until: -1) }
        return isBusy
      }
      guard isWork else { return }
      // Nobody else touches what was taken until `isBusy` is false again.
      write()
      monitor.locked { isBusy = false }
    }
  }

  /// Learns what is in the folder from before; names that are not ours are left alone.
  private func takeInventory() {
    var found = FolderNames()
    let failure = settings.folder.withTerminatedBytes { path in
      withUnsafeMutablePointer(to: &found) { names in
        cl_list_folder(
          path,
          { context, name in
            guard let context, let name else { return }
            context.assumingMemoryBound(to: FolderNames.self).pointee.add(
              TextBuilder(cString: name)
            )
          },
          names
        )
      }
    }
    guard failure == 0 else { return report(failure) }
    for stem in found.stems.sorted(by: Self.precedes) {
      let stem = Self.text(stem).string
      var status = cl_file_status()
      guard file(stem, ".jpg").withTerminatedBytes({ cl_status_of_file($0, &status) }) == 0 else {
        continue
      }
      kept.append(KeptFrame(stem: stem, bytes: status.size))
      keptBytes += status.size
    }
    makeRoom(for: 0)
  }

  private struct FolderNames {
    var stems: [[UInt8]] = []

    /// Notes a picture of ours: `20261122T213923123Z-N.jpg`.
    mutating func add(_ name: TextBuilder) {
      let bytes = name.bytes
      guard bytes.count > 24, bytes[8] == 0x54, bytes[18] == 0x5A, bytes[19] == 0x2D,
        Array(bytes.suffix(4)) == TextBuilder(".jpg").bytes
      else { return }
      stems.append(Array(bytes.dropLast(4)))
    }
  }

  private static func precedes(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    for (x, y) in zip(a, b) where x != y { return x < y }
    return a.count < b.count
  }

  private static func text(_ bytes: [UInt8]) -> TextBuilder {
    var text = TextBuilder()
    for byte in bytes { text.append(byte: byte) }
    return text
  }

  private func file(_ stem: String, _ ending: StaticString) -> String {
    var text = TextBuilder(string: settings.folder)
    text.append("/", stem)
    text.append(ending)
    return text.string
  }

  private func write() {
    let size = UInt64(picture.count + result.count)
    makeRoom(for: size)
    let stem = self.stem.string
    // The picture last: a pair is there when its picture is.
    var failure = write(result, file(stem, ".json"))
    if failure == 0 { failure = write(picture, file(stem, ".jpg")) }
    guard failure == 0 else {
      for ending in [".json", ".jpg"] as [StaticString] {
        _ = file(stem, ending).withTerminatedBytes { cl_remove_file($0) }
      }
      return report(failure)
    }
    kept.append(KeptFrame(stem: stem, bytes: size))
    keptBytes += size
    metrics.add(.framesSaved)
  }

  private func write(_ bytes: [UInt8], _ path: String) -> Int32 {
    var descriptor: Int32 = -1
    var failure = path.withTerminatedBytes { cl_open_to_write($0, 1, &descriptor) }
    guard failure == 0 else { return failure }
    failure = bytes.withUnsafeBytes { cl_write_at(descriptor, $0.baseAddress, $0.count, 0) }
    let closing = cl_close_file(descriptor)
    return failure == 0 ? closing : failure
  }

  private func makeRoom(for size: UInt64) {
    while let oldest = kept.first,
      kept.count >= settings.maximumCount || keptBytes + size > UInt64(settings.maximumBytes)
    {
      for ending in [".jpg", ".json"] as [StaticString] {
        _ = file(oldest.stem, ending).withTerminatedBytes { cl_remove_file($0) }
      }
      keptBytes -= oldest.bytes
      kept.removeFirst()
    }
  }

  private func report(_ failure: Int32) {
    var text = TextBuilder(string: settings.folder)
    text.append(": a frame cannot be kept, ")
    text.append(TextBuilder(cString: cl_error_text(failure)))
    log.warning(.frames, text)
  }
}
