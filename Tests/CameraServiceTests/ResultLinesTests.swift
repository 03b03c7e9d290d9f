import Foundation
import Testing

@testable import CameraService

@Suite struct ResultLinesTests {
  private let path = FileManager.default.temporaryDirectory.appendingPathComponent(
    "edgecnn-lines-" + UUID().uuidString
  ).path

  private func write(_ lines: ResultLines, _ text: String) {
    Array(text.utf8).withUnsafeBufferPointer { lines.write($0) }
  }

  @Test func `lines are added to what is there`() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data("old\n".utf8).write(to: URL(fileURLWithPath: path))
    write(ResultLines(path: path), "new\n")
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "old\nnew\n")
  }

  @Test func `a file that was moved away is made again when asked`() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    let moved = path + ".1"
    defer { try? FileManager.default.removeItem(atPath: moved) }
    let lines = ResultLines(path: path)
    write(lines, "a\n")
    try FileManager.default.moveItem(atPath: path, toPath: moved)
    write(lines, "b\n")
    lines.reopen()
    write(lines, "c\n")
    #expect(try String(contentsOfFile: moved, encoding: .utf8) == "a\nb\n")
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "c\n")
  }

  @Test func `a full disk is counted, and the next line is tried`() {
    let lines = ResultLines(path: "/dev/full")
    write(lines, "a\n")
    write(lines, "b\n")
    #expect(lines.dropped == 2)
    #expect(lines.error == ENOSPC)
  }

  @Test func `a folder that is not there yet is used when it is`() throws {
    let folder = path + ".d"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let lines = ResultLines(path: folder + "/results.jsonl")
    write(lines, "a\n")
    #expect(lines.dropped == 1)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    write(lines, "b\n")
    #expect(lines.dropped == 1)
    #expect(try String(contentsOfFile: folder + "/results.jsonl", encoding: .utf8) == "b\n")
  }
}
