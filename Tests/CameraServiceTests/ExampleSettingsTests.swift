import Foundation
import PlainText
import Testing

@testable import CameraService

/// The commented example that is installed as /etc/edgecnn/cnncamd.conf.
@Suite struct ExampleSettingsTests {
  private static let configs = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("firmware-configs")

  private let text: String

  init() throws {
    let file = Self.configs.appendingPathComponent("camera/cnncamd.conf")
    text = try String(contentsOf: file, encoding: .utf8)
  }

  /// Keys by section, those behind "#" too, and which of them have a value.
  private var keys: [String: [String: Bool]] {
    var keys: [String: [String: Bool]] = [:]
    var section = ""
    for line in text.split(separator: "\n") {
      if line.hasPrefix("[") { section = String(line.dropFirst().dropLast()) }
      guard let match = line.wholeMatch(of: /#?([a-z_]+) =(.*)/) else { continue }
      keys[section, default: [:]][String(match.1)] = !match.2.allSatisfy { $0 == " " }
    }
    return keys
  }

  @Test func `settings of boards are in order`() throws {
    let folder = Self.configs.appendingPathComponent("boards")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".conf") }
    #expect(files.count >= 6)
    for file in files {
      let settings = try Settings(path: folder.appendingPathComponent(file).path)
      try settings.check()
    }
  }

  @Test func `the file as it is is in order`() throws {
    let settings = try Settings(Array(text.utf8), name: "cnncamd.conf")
    try settings.check()
    #expect(settings.model.path == "/etc/edgecnn/model.bin")
  }

  @Test func `every key has its paragraph, and no paragraph is about another key`() {
    let names = Settings.keys
    #expect(names.count == keys.count)
    for (section, known) in names {
      #expect(Set(keys[section, default: [:]].keys) == Set(known), "[\(section)]")
    }
  }

  @Test func `values behind a comment sign can be used as they are`() throws {
    var section = ""
    for line in text.split(separator: "\n") {
      if line.hasPrefix("[") { section = String(line) }
      guard let match = line.wholeMatch(of: /#([a-z_]+ = .+)/) else { continue }
      _ = try Settings(Array("\(section)\n\(match.1)\n".utf8), name: "cnncamd.conf")
    }
  }
}
