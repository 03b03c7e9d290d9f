import Foundation
import ModelFormat
import ModelSamples
import ScratchFolders
import Testing

struct RunCommandTests {
  private let folder: ScratchFolder
  private let model: String
  private let red: String
  private let mixed: String

  init() throws {
    folder = try ScratchFolder()
    model = try folder.write(ColorModel.bytes(), "model.bin")
    red = try folder.write(ColorModel.picture([255, 0, 0]), "red.ppm")
    mixed = try folder.write(ColorModel.picture([100, 110, 90], side: 9), "mixed.ppm")
  }

  private func cnnrun(_ arguments: String..., environment: [String: String] = [:]) throws
    -> CommandProcess
  {
    try CommandProcess("cnnrun", arguments, environment: environment)
  }

  private struct Line: Decodable {
    struct Class: Decodable, Equatable {
      let `class`: Int
      let label: String?
      let score: Double
    }
    let image: String
    let top: [Class]
    let milliseconds: Double
  }

  private func lines(_ text: String) throws -> [Line] {
    try text.split(separator: "\n").map {
      try JSONDecoder().decode(Line.self, from: Data($0.utf8))
    }
  }

  @Test func `an image is classified in text`() throws {
    let run = try cnnrun(model, mixed)
    #expect(run.status == 0 && run.errors.isEmpty)
    let text = run.output.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(text[0].hasPrefix(mixed + "  (") && text[0].hasSuffix(" ms)"))
    // Sums ÷ 100 are 16, 17.6 and 14.4; e^-1.6 : 1 : e^-3.2 of 1.2427.
    #expect(text[1...] == ["  80.5 %  1  gr\"een", "  16.2 %  0  red", "   3.3 %  2  blåu\t", ""])
  }

  @Test func `every image gets a line of JSON`() throws {
    let found = try lines(cnnrun("--json", model, red, mixed).output)
    try #require(found.count == 2)
    #expect(found[0].image == red && found[1].image == mixed)
    #expect(found[0].top.first == .init(class: 0, label: "red", score: 1))
    #expect(found[1].top.map(\.class) == [1, 0, 2])
    #expect(found[1].top.map(\.label) == ["gr\"een", "red", "blåu\t"])
    #expect(abs(found[1].top[0].score - 0.804_726) < 2e-6)
    #expect(found.allSatisfy { $0.milliseconds > 0 })
  }

  @Test func `the JSON is exactly what the README says`() throws {
    let run = try cnnrun(model, red, "--json", "--top=1")
    let prefix = "{\"image\":\"\(red)\",\"top\":[{\"class\":0,\"label\":\"red\",\"score\":1.0}],"
    #expect(run.output.hasPrefix(prefix + "\"milliseconds\":"))
    #expect(run.output.hasSuffix("}\n"))
  }

  @Test func `names are escaped in JSON`() throws {
    let odd = try folder.write(ColorModel.picture([9, 9, 9]), "a \"b\"\\\u{1}\n.ppm")
    let run = try cnnrun(model, odd, "--json")
    #expect(run.output.filter { $0 == "\n" }.count == 1)
    #expect(try lines(run.output)[0].image == odd)
  }

  @Test(arguments: [["--top", "2"], ["--top=2"]])
  func `options may come before or after the files`(option: [String]) throws {
    for order in [option + [model, red], [model] + option + [red], [model, red] + option] {
      let run = try CommandProcess("cnnrun", order + ["--json"])
      #expect(try lines(run.output)[0].top.count == 2)
    }
  }

  @Test func `a file may have the name of an option behind two dashes`() throws {
    let run = try cnnrun("--json", "--", model, red)
    #expect(run.status == 0)
    let missing = try cnnrun("--", model, "--json")
    #expect(missing.errors == "cnnrun: --json: cannot be read, No such file or directory\n")
  }

  @Test func `an unreadable image is reported and the others still run`() throws {
    let text = try folder.write(Array("no image".utf8), "text.jpg")
    let empty = try folder.write([], "empty.png")
    let run = try cnnrun(model, text, folder.url.path, red, empty, "absent.jpg", "--json")
    #expect(run.status == 1)
    #expect(try lines(run.output).map(\.image) == [red])
    #expect(
      run.errors == """
        cnnrun: \(text): not an image: starts with 6e 6f 20 69 6d 61 67 65, expected JPEG, PNG, \
        PGM (P5) or PPM (P6)
        cnnrun: \(folder.url.path): cannot be read, Is a directory
        cnnrun: \(empty): the file is empty, expected a JPEG, PNG, PGM or PPM image
        cnnrun: absent.jpg: cannot be read, No such file or directory

        """
    )
  }

  @Test func `a file that ends early is classified with a warning`() throws {
    let cut = try folder.write(ColorModel.picture([255, 0, 0]).dropLast(7), "cut.ppm")
    let run = try cnnrun(model, cut, "--json")
    #expect(run.status == 0)
    #expect(try lines(run.output)[0].top[0].class == 0)
    #expect(
      run.errors
        == "cnnrun: \(cut): warning: the file ends early, the rest of the image is a guess\n"
    )
  }

  @Test func `raw input is the model's own bytes`() throws {
    let raw = try folder.write((0..<16).flatMap { _ in [100, 110, 90] as [UInt8] }, "raw")
    let found = try lines(cnnrun("--raw", "--json", model, raw).output)
    let image = try lines(cnnrun("--json", model, mixed).output)
    #expect(found[0].top == image[0].top)
    let short = try folder.write([1, 2, 3], "short")
    let run = try cnnrun("--raw", model, short)
    #expect(run.status == 1)
    #expect(run.errors == "cnnrun: \(short): 3 bytes, expected 48 of raw input\n")
  }

  @Test func `threads and kernel sets give the same scores`() throws {
    let list = try cnnrun("--list-kernels", "--json").output
    struct Kernels: Decodable {
      let used: String
      let available: [String]
    }
    let kernels = try JSONDecoder().decode(Kernels.self, from: Data(list.utf8))
    #expect(kernels.available.contains(kernels.used) && kernels.available.last == "portable")
    let expected = try lines(cnnrun("--json", model, mixed).output)[0].top
    for name in kernels.available {
      for threads in ["1", "2"] {
        let run = try cnnrun("--json", "--kernels", name, "--threads", threads, model, mixed)
        #expect(try lines(run.output)[0].top == expected, "\(name), \(threads) threads")
      }
    }
  }

  @Test func `the environment chooses kernels`() throws {
    let run = try cnnrun("--list-kernels", environment: ["EDGECNN_KERNELS": "portable"])
    #expect(run.output.split(separator: "\n").last?.hasSuffix("used") == true)
    let wrong = try cnnrun(model, red, environment: ["EDGECNN_KERNELS": "mmx"])
    #expect(wrong.status == 1)
    #expect(
      wrong.errors.hasPrefix("cnnrun: kernel set \"mmx\": not in this build, expected one of ")
    )
  }

  @Test func `a self-test says which sets agree`() throws {
    let run = try cnnrun("--selftest", model)
    #expect(run.status == 0 && run.errors.isEmpty)
    let text = run.output.split(separator: "\n")
    for threads in ["1 thread ", "2 threads", "4 threads"] {
      #expect(text.contains { $0.hasPrefix("portable") && $0.hasSuffix("\(threads)  ok") })
    }
    #expect(text.last?.hasPrefix("2 golden vectors, 2 layers: the same bits on ") == true)
    // Of every vector's hashes of layers, and of its output, low bytes first.
    let hashes = try ColorModel.contents().goldens.flatMap { $0.hashes + [XXH64.hash($0.output)] }
    let hash = XXH64.hash(hashes.flatMap { h in (0..<8).map { UInt8(h >> (8 * $0) & 255) } })
    #expect(text.last?.hasSuffix(" kernel sets, hash 0x" + String(hash, radix: 16)) == true)
  }

  @Test(arguments: [(0, "add up"), (1, "choose")])
  func `a self-test names the layer that differs`(layer: Int, name: String) throws {
    let damaged = try folder.write(ColorModel.bytes(damagedLayer: layer), "damaged.bin")
    let run = try cnnrun("--selftest", damaged, "--kernels", "portable")
    #expect(run.status == 1)
    #expect(
      run.output
        == """
        portable  1 thread   DIFFERS
        portable  2 threads  DIFFERS
        portable  4 threads  DIFFERS

        """
    )
    let place = "cnnrun: \(damaged): kernels portable, 1 threads, golden vector 1: "
    #expect(run.errors.hasPrefix(place + "operator \(layer) (\(name)) has hash "))
  }

  private struct Bench: Decodable {
    struct Layer: Decodable {
      let name: String
      let kind: String
      let ms: Double
      let share: Double
      let gmac_per_s: Double?
    }
    let min_ms: Double
    let median_ms: Double
    let p99_ms: Double
    let start_up_ms: Double
    let checksum_ms: Double
    let checks_ms: Double
    let planning_ms: Double
    let threads: Int
    let kernels: String
    let runs: Int
    let layers: [Layer]?
  }

  @Test(arguments: [["--bench", "7"], ["--bench=7"]])
  func `a benchmark prints its times`(option: [String]) throws {
    let run = try CommandProcess("cnnrun", option + [model, "--json", "--kernels=portable"])
    #expect(run.status == 0 && run.output.filter { $0 == "\n" }.count == 1)
    let bench = try JSONDecoder().decode(Bench.self, from: Data(run.output.utf8))
    #expect(bench.min_ms > 0 && bench.min_ms <= bench.median_ms)
    #expect(bench.median_ms <= bench.p99_ms)
    #expect(bench.threads == 1 && bench.kernels == "portable" && bench.runs == 7)
    #expect(bench.layers == nil)
    #expect(bench.checksum_ms > 0 && bench.planning_ms > 0 && bench.checks_ms >= 0)
    #expect(bench.start_up_ms > max(bench.planning_ms, bench.checks_ms))
    let text = try cnnrun("--bench", model, "--threads", "2", "--kernels", "portable").output
    #expect(text.hasPrefix("\(model): 100 runs, 2 threads, portable\nmin "))
    let last = try #require(text.split(separator: "\n").last)
    #expect(
      last.wholeMatch(
        of: /start-up: [0-9.]+ ms \(checksum [0-9.]+, other checks [0-9.]+, planning [0-9.]+\)/
      ) != nil
    )
  }

  @Test func `a profile has every layer`() throws {
    let run = try cnnrun("--bench", "5", "--profile", model, "--json")
    let bench = try JSONDecoder().decode(Bench.self, from: Data(run.output.utf8))
    let layers = try #require(bench.layers)
    #expect(layers.map(\.name) == ["add up", "choose"])
    #expect(layers.map(\.kind) == ["convolution", "softmax"])
    #expect(abs(layers.map(\.share).reduce(0, +) - 1) < 1e-4)
    #expect(layers[0].gmac_per_s != nil && layers[1].gmac_per_s == nil)
    let text = try cnnrun("--bench", "5", "--profile", model).output
    #expect(text.contains("layer") && text.contains("GMAC/s") && text.contains("choose"))
  }

  static let mistakes: [(arguments: [String], message: String)] = [
    ([], "no model given; try cnnrun --help"),
    (["m.bin"], "m.bin: no image given, expected cnnrun model.bin IMAGE..."),
    (["m.bin", "a.jpg", "--treads", "2"], "unknown option --treads, did you mean --threads?"),
    (["--self-test", "m.bin"], "unknown option --self-test, did you mean --selftest?"),
    (["-x"], "unknown option -x; try cnnrun --help"),
    (["m.bin", "a.jpg", "--top"], "--top: value missing"),
    (["m.bin", "a.jpg", "--top", "0"], "--top 0: expected 1 to 1000000"),
    (["m.bin", "a.jpg", "--threads=many"], "--threads many: expected 1 to 64"),
    (["--json=yes", "m.bin", "a.jpg"], "--json takes no value"),
    (
      ["--bench", "--selftest", "m.bin"],
      "--selftest, --bench and --list-kernels exclude each other"
    ),
    (["--bench", "m.bin", "a.jpg"], "--bench: 2 files given, expected one model"),
    (["--selftest"], "--selftest: 0 files given, expected one model"),
    (["m.bin", "a.jpg", "--profile"], "--profile is for --bench"),
  ]

  @Test(arguments: mistakes)
  func `a mistake in the command line is explained`(
    arguments: [String],
    message: String
  ) throws {
    let run = try CommandProcess("cnnrun", arguments)
    #expect(run.status == 2)
    #expect(run.output.isEmpty)
    #expect(run.errors == "cnnrun: " + message + "\n")
  }

  @Test func `help and version are printed`() throws {
    #expect(try cnnrun("--help").output.contains("cnnrun --selftest model.bin"))
    #expect(try cnnrun("--version").output.hasPrefix("cnnrun "))
    #expect(try cnnrun("--version").status == 0)
  }

  @Test(arguments: ["--selftest", "--bench", "--json"])
  func `a file that is no model is refused`(option: String) throws {
    let words = option == "--json" ? [red, red] : [red]
    let run = try CommandProcess("cnnrun", [option] + words)
    #expect(run.status == 1)
    #expect(run.errors.hasPrefix("cnnrun: \(red): header: "))
    #expect(run.errors.filter { $0 == "\n" }.count == 1)
  }

  @Test func `a full disk is reported`() throws {
    let run = try CommandProcess("cnnrun", ["--help"], outputPath: "/dev/full")
    #expect(run.status == 1)
    #expect(run.errors == "cnnrun: standard output: No space left on device\n")
  }

  @Test(arguments: ["", "trap '' PIPE; "])
  func `a pipe that nobody reads ends the program quietly`(trap: String) throws {
    let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let command = tests.deletingLastPathComponent().appendingPathComponent("cnnrun").path
    let script = "\(trap)'\(command)' --help 2>'\(folder.url.path)/errors' | true"
    let shell = Process()
    shell.executableURL = URL(fileURLWithPath: "/bin/sh")
    shell.arguments = ["-c", script]
    try shell.run()
    shell.waitUntilExit()
    #expect(try Data(contentsOf: folder.url.appendingPathComponent("errors")).isEmpty)
  }
}
