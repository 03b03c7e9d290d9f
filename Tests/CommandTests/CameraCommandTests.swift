import Foundation
import ModelSamples
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
}
