import Foundation
import ModelFormat
import ScratchFolders
import Testing

/// `cnnconvert` as its users type it.
@Suite struct ConvertCommandTests {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  static let signs = root.appendingPathComponent("Tools/example/signs")
  static let model = signs.appendingPathComponent("model.ckpt").path
  static let calibration = signs.appendingPathComponent("calibration").path
  static let labels = signs.appendingPathComponent("labels.txt").path

  private func convert(_ arguments: [String]) throws -> CommandProcess {
    try CommandProcess("cnnconvert", arguments)
  }

  @Test func `the bundled checkpoint becomes the same file twice, which runs and tells its layers`()
    throws
  {
    let folder = try ScratchFolder()
    let paths = ["a.bin", "b.bin"].map { folder.url.appendingPathComponent($0).path }
    let report = folder.url.appendingPathComponent("report.json").path
    for (path, threads) in zip(paths, ["1", "2"]) {
      let run = try convert([
        Self.model, "-o", path, "--calibrate", Self.calibration, "--labels", Self.labels,
        "--threads", threads, "--report", report,
      ])
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.errors == "")
      #expect(run.output.contains("TensorFlow"))
    }
    let bytes = try paths.map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
    #expect(bytes[0] == bytes[1])
    let json = try JSONSerialization.jsonObject(
      with: try Data(contentsOf: URL(fileURLWithPath: report))
    )
    #expect((json as? [String: Any])?["layers"] != nil)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).count == 3)

    let file = try ModelFile(copying: [UInt8](bytes[0]))
    #expect(file.labelCount == 12)
    #expect(file.label(0) == "stop")
    #expect(file.goldenCount == 2)

    let selftest = try CommandProcess("cnnrun", ["--selftest", paths[0]])
    #expect(selftest.status == 0, "\(selftest.errors)")
    let inspect = try convert(["inspect", paths[0]])
    #expect(inspect.status == 0)
    #expect(inspect.output.contains("source.name            model.ckpt"))
    #expect(inspect.output.contains("32 × 32 × 3"))
    #expect(
      inspect.output.contains(
        "quantization\n  ranges     percentile:99.99, adaptive rounding, analytic bias correction, 48 images\n  agreement  float and int8 name the same class for 48 of 48 images (100.0 %, 95 % interval 92.6 … 100.0)\n\n  layer          SQNR dB  range dB  weights dB  clipped %  in use %  widest channel\n"
      )
    )
  }

  @Test func `a page is written that needs nothing else, and the file is the same without it`()
    throws
  {
    let folder = try ScratchFolder()
    let paths = ["a.bin", "b.bin"].map { folder.url.appendingPathComponent($0).path }
    let page = folder.url.appendingPathComponent("report.html")
    for (path, report) in zip(paths, [[], ["--report", page.path]]) {
      let run = try convert(
        [Self.model, "-o", path, "--calibrate", Self.calibration, "--labels", Self.labels] + report
      )
      #expect(run.status == 0, "\(run.errors)")
    }
    #expect(FileManager.default.contents(atPath: paths[0]) != nil)
    #expect(
      FileManager.default.contents(atPath: paths[0])
        == FileManager.default.contents(atPath: paths[1])
    )
    let html = try String(contentsOf: page, encoding: .utf8)
    #expect(html.hasPrefix("<!DOCTYPE html>"))
    #expect(html.contains("conv1/Relu"))
    #expect(html.contains("Speed, predicted"))
    #expect(!html.contains("http:") && !html.contains("https:"))
  }

  @Test func `a budget that int8 keeps at once costs one attempt, judged by every fourth image`()
    throws
  {
    let folder = try ScratchFolder()
    let run = try convert([
      Self.model, "-o", folder.url.appendingPathComponent("a.bin").path, "--calibrate",
      Self.calibration, "--labels", Self.labels, "--max-drop", "0",
    ])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("taken"))
  }

  @Test func `explain converts nothing and says what is there`() throws {
    let run = try convert(["explain", Self.model])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("convolution"))
  }

  @Test func `without images it says that calibration would be better`() throws {
    let folder = try ScratchFolder()
    let run = try convert([Self.model, "-o", folder.url.appendingPathComponent("m.bin").path])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("no calibration images"))
  }

  @Test(
    arguments: [
      (["nowhere.ckpt"], 1, "nowhere.ckpt: cannot be read: no such file"),
      (
        [model, "-o", "/nowhere/m.bin"], 1,
        "/nowhere/m.bin: cannot be written: No such file or directory"
      ),
      ([model, "-o", "/tmp"], 1, "/tmp: is a folder, expected a file name"),
      ([model, "--calibrate", "nowhere"], 1, "nowhere: no such file or folder"),
      ([labels], 1, "labels.txt: not a model this converter knows, found"),
      ([], 2, "Missing expected argument '<model>'"),
      (
        [model, "--report", "report.txt"], 2,
        "--report: \"report.txt\" ends in neither .html nor .json; .html is a page for people, .json the same numbers for programs"
      ),
      ([model, "--golden", "5000"], 2, "--golden: 5000, expected 0…1024"),
      ([model, "--mean", "1,2"], 2, "--mean: \"1,2\", expected a number or three"),
      ([model, "--observer", "median"], 2, "The value 'median' is invalid for '--observer"),
      ([model, "--max-drop", "101"], 2, "--max-drop: 101.0, expected points, 0…100"),
      ([model, "--max-drop", "1"], 2, "--max-drop: expected --calibrate too"),
      ([model, "--validate", "x"], 2, "--validate: expected --max-drop too"),
      ([model, "--input-size", "0x3"], 2, "--input-size"),
      ([model, "--crop-fraction", "2"], 2, "--crop-fraction: 2.0, expected above 0"),
      (["inspect", labels], 1, "labels.txt: "),
    ] as [([String], Int32, String)]
  )
  func `wrong use is one clear line`(arguments: [String], status: Int32, message: String) throws {
    let folder = try ScratchFolder()
    var arguments = arguments
    if !arguments.contains("-o"), arguments.first == Self.model {
      arguments += ["-o", folder.url.appendingPathComponent("m.bin").path]
    }
    let run = try convert(arguments)
    #expect(run.status == status)
    #expect(run.errors.contains(message), "\(run.errors)")
    if status == 1 { #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)") }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
  }

  @Test(arguments: [11, 13])
  func `a count of labels that does not fit is refused and leaves no file`(count: Int) throws {
    let folder = try ScratchFolder()
    let names = (0..<count).map { "class \($0)" }.joined(separator: "\n")
    let path = try folder.write(Array(names.utf8), "labels.txt")
    let output = folder.url.appendingPathComponent("m.bin").path
    let run = try convert([
      Self.model, "-o", output, "--labels", path, "--calibrate", Self.calibration,
    ])
    #expect(run.status == 1)
    #expect(
      run.errors.contains(
        "labels: \(count) names for 12 classes; does one of them count a background class?"
      )
    )
    #expect(!FileManager.default.fileExists(atPath: output))
  }

  @Test(arguments: ["model.ckpt.index", "model.ckpt.data-00000-of-00001", "model.ckpt.meta"])
  func `a missing companion is named`(missing: String) throws {
    let folder = try ScratchFolder()
    for suffix in [".index", ".data-00000-of-00001", ".meta"] where "model.ckpt" + suffix != missing
    {
      try FileManager.default.copyItem(
        atPath: Self.model + suffix,
        toPath: folder.url.appendingPathComponent("model.ckpt" + suffix).path
      )
    }
    let run = try convert([
      folder.url.appendingPathComponent("model.ckpt").path, "-o",
      folder.url.appendingPathComponent("m.bin").path,
    ])
    #expect(run.status == 1)
    #expect(run.errors.split(separator: "\n").count == 1)
    #expect(run.errors.contains("model.ckpt"), "\(run.errors)")
  }
}
