import Foundation
import ModelSamples
import ScratchFolders
import Testing

/// cnncamd as its users run it, on a machine that may have no camera.
struct CameraCommandTests {
  private let folder: ScratchFolder
  private let model: String

  init() throws {
    folder = try ScratchFolder()
    model = try folder.write(ColorModel.bytes(), "model.bin")
  }

  @Test(arguments: [
    ([], "cnncamd: no model and no settings given; try cnncamd --help\n"),
    (["--jsn"], "cnncamd: unknown option --jsn, did you mean --json?\n"),
    (["--config"], "cnncamd: --config: value missing\n"),
    (["--json=yes", "m"], "cnncamd: --json takes no value\n"),
    (["a", "b"], "cnncamd: b: a second model, expected one; a camera is given by --device\n"),
    (
      ["m", "--set", "results"],
      "cnncamd: --set results: expected section.key=value, such as results.smoothing=1s\n"
    ),
    (
      ["m", "--set", "results.smoothing=soon"],
      "cnncamd: command line: [results] smoothing: found \"soon\", expected a time from 0s to 60s\n"
    ),
    (
      ["--config", "/nowhere.conf"],
      "cnncamd: /nowhere.conf: cannot be read, No such file or directory\n"
    ),
    (
      ["m", "--device", "a", "--source", "b"],
      "cnncamd: [camera] device and source: expected one of them\n"
    ),
  ])
  func `a mistake is one line and status 2`(_ arguments: [String], _ expected: String) throws {
    let run = try CommandProcess("cnncamd", arguments)
    #expect(run.status == 2)
    #expect(run.errors == expected)
    #expect(run.output.isEmpty)
  }

  @Test func `help and version are on standard output`() throws {
    let help = try CommandProcess("cnncamd", ["--help"])
    #expect(help.status == 0 && help.errors.isEmpty)
    #expect(help.output.contains("cnncamd --check-config FILE"))
    #expect(help.output.split(separator: "\n").allSatisfy { $0.count <= 130 })
    #expect(try CommandProcess("cnncamd", ["--version"]).output == "cnncamd 0.1.0\n")
  }

  @Test func `a settings file is checked`() throws {
    let good = try folder.write(Array("[model]\npath = m.bin\n".utf8), "good.conf")
    #expect(try CommandProcess("cnncamd", ["--check-config", good]).output == good + ": ok\n")
    let bad = try folder.write(Array("[model]\npath = m.bin\n\nthreds = 2\n".utf8), "bad.conf")
    let run = try CommandProcess("cnncamd", ["--check-config", bad])
    #expect(run.status == 2)
    #expect(
      run.errors == "cnncamd: \(bad):4: [model] threds: unknown key, did you mean threads?\n"
    )
    let empty = try folder.write([], "empty.conf")
    #expect(
      try CommandProcess("cnncamd", ["--check-config", empty]).errors
        == "cnncamd: [model] path: missing, expected the model to run\n"
    )
  }

  @Test func `a model that is none is an error at the start`() throws {
    let none = try folder.write([1, 2, 3], "none.bin")
    let run = try CommandProcess("cnncamd", [none, "--set", "http.enabled=no"])
    #expect(run.status == 1)
    #expect(run.errors.hasPrefix("cnncamd: error: model: "))
    #expect(run.errors.contains(none))
    #expect(run.errors.split(separator: "\n").count == 1)
  }

  @Test func `systemd is told of the start and the end, which takes less than a second`() throws {
    let path = folder.url.appendingPathComponent("notify").path
    let listener = try DatagramListener(path: path)
    let service = try RunningCommand(
      "cnncamd",
      [model, "--device", "no such camera", "--set", "http.enabled=no"],
      environment: ["NOTIFY_SOCKET": path]
    )
    var words: [String] = []
    while !words.contains("READY=1"), let word = listener.receive(seconds: 20) {
      words.append(word)
    }
    #expect(words.contains("READY=1"))
    #expect(!words.contains("WATCHDOG=1"))
    let start = Date()
    service.terminate()
    let status = service.wait()
    #expect(Date().timeIntervalSince(start) < 1)
    #expect(status == 0)
    while let word = listener.receive(seconds: 1) { words.append(word) }
    #expect(words.last == "STOPPING=1")
  }

  /// A folder with a red and a green picture, or with two of `color`.
  private func pictures(of color: [UInt8]? = nil) throws -> String {
    let pictures = folder.url.appendingPathComponent("pictures")
    try FileManager.default.createDirectory(at: pictures, withIntermediateDirectories: true)
    try Data(ColorModel.picture(color ?? [255, 0, 0])).write(
      to: pictures.appendingPathComponent("1.ppm")
    )
    try Data(ColorModel.picture(color ?? [0, 255, 0])).write(
      to: pictures.appendingPathComponent("2.ppm")
    )
    return pictures.path
  }

  private struct Result: Decodable {
    let sequence: Int
    let `class`: Int?
    let label: String?
    let score: Double
    let changed: Bool
    let model: String
    let camera: String
  }

  private func results(_ text: String) throws -> [Result] {
    try text.split(separator: "\n").map {
      try JSONDecoder().decode(Result.self, from: Data($0.utf8))
    }
  }

  @Test func `a folder of pictures is played to its end, a result a picture`() throws {
    let run = try CommandProcess(
      "cnncamd",
      [
        model, "--source", try pictures(), "--json", "--set", "http.enabled=no", "--set",
        "camera.loop=no", "--set", "camera.rate=0", "--set", "results.smoothing=0",
      ]
    )
    #expect(run.status == 0)
    let found = try results(run.output)
    #expect(found.map(\.label) == ["red", "gr\"een"])
    #expect(found.map(\.class) == [0, 1])
    #expect(found.map(\.changed) == [true, true])
    #expect(found.allSatisfy { $0.model.count == 16 && $0.camera.hasSuffix("pictures") })
  }

  @Test func `the watchdog is told after classified frames, and a moved file is opened anew`()
    throws
  {
    let path = folder.url.appendingPathComponent("notify").path
    let lines = folder.url.appendingPathComponent("lines").path
    let listener = try DatagramListener(path: path)
    let service = try RunningCommand(
      "cnncamd",
      [
        model, "--source", try pictures(), "--quiet", "--set", "http.port=0", "--set",
        "results.file=\(lines)", "--set", "camera.rate=50",
      ],
      environment: ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "200000"]
    )
    var words: [String] = []
    while words.filter({ $0 == "WATCHDOG=1" }).count < 3, let word = listener.receive(seconds: 20) {
      words.append(word)
    }
    #expect(words.filter { $0 == "WATCHDOG=1" }.count == 3)
    let ready = try #require(words.firstIndex(of: "READY=1"))
    #expect(ready < (words.firstIndex(of: "WATCHDOG=1") ?? 0))
    try FileManager.default.moveItem(atPath: lines, toPath: lines + ".1")
    service.send(SIGHUP)
    #expect(
      service.waits(seconds: 10) {
        (try? FileManager.default.attributesOfItem(atPath: lines)[.size] as? Int) ?? 0 > 0
      }
    )
    #expect(service.errors.contains("cnncamd: http: page at http://127.0.0.1:"))
    service.terminate()
    #expect(service.wait() == 0)
    let before = try results(String(contentsOfFile: lines + ".1", encoding: .utf8))
    let after = try results(String(contentsOfFile: lines, encoding: .utf8))
    // Not a line is lost between the two files.
    let last = try #require(before.last?.sequence)
    #expect(try #require(after.first?.sequence) > last)
    #expect(after.count > 0)
  }

  @Test func `hard frames are kept as pictures with their results`() throws {
    let kept = folder.url.appendingPathComponent("kept").path
    let run = try CommandProcess(
      "cnncamd",
      [
        model, "--source", try pictures(of: [100, 110, 90]), "--quiet", "--set", "http.enabled=no",
        "--set",
        "camera.loop=no", "--set", "camera.rate=20", "--set", "frames.folder=\(kept)", "--set",
        "frames.below=1", "--set", "frames.margin=1", "--set", "frames.interval=0",
      ]
    )
    #expect(run.status == 0)
    let names = try FileManager.default.contentsOfDirectory(atPath: kept).sorted()
    let pictures = names.filter { $0.hasSuffix(".jpg") }
    #expect(!pictures.isEmpty)
    for picture in pictures {
      let bytes = try Data(contentsOf: URL(fileURLWithPath: kept + "/" + picture))
      #expect(bytes.prefix(2) == Data([0xFF, 0xD8]) && bytes.suffix(2) == Data([0xFF, 0xD9]))
      let json = kept + "/" + picture.replacing(".jpg", with: ".json")
      #expect(try results(String(contentsOfFile: json, encoding: .utf8)).count == 1)
    }
  }

  @Test func `a reader that goes away ends it silently`() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let command = tests.deletingLastPathComponent().appendingPathComponent("cnncamd").path
    let errors = try folder.write([], "pipe-errors")
    let status = folder.url.appendingPathComponent("status").path
    let options = "--source \(try pictures()) --json --set http.enabled=no --set camera.rate=100"
    process.arguments = [
      "-c", "{ \(command) \(model) \(options) 2>\(errors); echo $? >\(status); } | head -n 3",
    ]
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(try String(contentsOfFile: status, encoding: .utf8) == "1\n")
    #expect(!(try String(contentsOfFile: errors, encoding: .utf8)).contains("error"))
  }
}
