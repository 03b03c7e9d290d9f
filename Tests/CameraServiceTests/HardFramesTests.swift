import Foundation
import Testing

@testable import CameraService

@Suite struct HardFramesTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
    "edgecnn-frames-" + UUID().uuidString
  )

  private func settings(count: Int = 1000, bytes: Int = 1 << 20) -> FrameSettings {
    var settings = FrameSettings()
    settings.folder = folder.path
    settings.maximumCount = count
    settings.maximumBytes = bytes
    return settings
  }

  /// Hands frames of these sizes over, each when the one before is written, and returns the names of the folder.
  private func keep(_ settings: FrameSettings, _ sizes: [Int], metrics: Metrics = Metrics())
    -> [String]
  {
    let frames = HardFrames(settings, log: Log(level: .error), metrics: metrics)
    frames.start()
    for (index, size) in sizes.enumerated() {
      let before = metrics.value(.framesSaved)
      let picture = [UInt8](repeating: UInt8(index), count: size)
      picture.withUnsafeBufferPointer { jpeg in
        Array("{}".utf8).withUnsafeBufferPointer { json in
          frames.take(
            jpeg,
            json,
            wallNanoseconds: 1_763_847_563_000_000_000 + Int64(index) * 1_000_000_000,
            sequence: UInt32(index),
            nanoseconds: Int64(index)
          )
        }
      }
      let deadline = Date().addingTimeInterval(10)
      while metrics.value(.framesSaved) == before && Date() < deadline { usleep(1000) }
      // The thread is ready for the next one a moment after it has counted.
      usleep(20_000)
    }
    frames.stop()
    let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
    return (names ?? []).sorted()
  }

  @Test func `a frame is a picture and its result, named by its time`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let names = keep(settings(), [100])
    #expect(names == ["20251122T213923000Z-0.jpg", "20251122T213923000Z-0.json"])
    let json = try String(contentsOf: folder.appendingPathComponent(names[1]), encoding: .utf8)
    #expect(json == "{}\n")
    let jpeg = try Data(contentsOf: folder.appendingPathComponent(names[0]))
    #expect(jpeg == Data(repeating: 0, count: 100))
  }

  @Test func `the oldest make room by number`() {
    defer { try? FileManager.default.removeItem(at: folder) }
    let names = keep(settings(count: 2), [10, 10, 10, 10])
    #expect(names.map { String($0.dropFirst(20)) } == ["2.jpg", "2.json", "3.jpg", "3.json"])
  }

  @Test func `the oldest make room by size`() {
    defer { try? FileManager.default.removeItem(at: folder) }
    let names = keep(settings(bytes: 70_000), [30_000, 30_000, 30_000])
    #expect(names.map { String($0.dropFirst(20)) } == ["1.jpg", "1.json", "2.jpg", "2.json"])
  }

  @Test func `what is in the folder from before counts, what is not ours is left alone`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    _ = keep(settings(), [10, 10])
    try Data("x".utf8).write(to: folder.appendingPathComponent("notes.txt"))
    let names = keep(settings(count: 2), [10])
    // The second run starts its count and its clock again: its frame is the oldest by name.
    #expect(names.contains("notes.txt"))
    #expect(names.filter { $0.hasSuffix(".jpg") }.count == 2)
    #expect(names.filter { $0.hasSuffix(".json") }.count == 2)
  }

  @Test func `a folder that cannot be made does no harm`() throws {
    try Data("file".utf8).write(to: folder)
    defer { try? FileManager.default.removeItem(at: folder) }
    let metrics = Metrics()
    let frames = HardFrames(settings(), log: Log(level: .error), metrics: metrics)
    frames.start()
    frames.stop()
    #expect(metrics.value(.framesSaved) == 0)
  }
}
