import Foundation
import ScratchFolders
import Testing

/// `cnneval` as its users type it, on the bundled signs.
@Suite struct EvalCommandTests {
  private static let images = ConvertCommandTests.signs.appendingPathComponent("images/labels.tsv")
    .path

  /// The bundled checkpoint, converted.
  private static func model(_ folder: ScratchFolder) throws -> String {
    let path = folder.url.appendingPathComponent("signs.bin").path
    let run = try CommandProcess(
      "cnnconvert",
      [
        ConvertCommandTests.model, "-o", path, "--calibrate", ConvertCommandTests.calibration,
        "--labels", ConvertCommandTests.labels, "--quiet",
      ]
    )
    #expect(run.status == 0, "\(run.errors)")
    return path
  }

  private static func eval(_ arguments: [String]) throws -> CommandProcess {
    try CommandProcess("cnneval", arguments)
  }

  @Test func `signs are right in int8 and float, and the last line says so in JSON`() throws {
    let folder = try ScratchFolder()
    let model = try Self.model(folder)
    let run = try Self.eval([model, Self.images, "--float", ConvertCommandTests.model, "--json"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors == "")
    let line = try #require(run.output.split(separator: "\n").last)
    let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    #expect(object?["top1"] as? Double == 1)
    #expect(object?["top5"] as? Double == 1)
    #expect(object?["agreement"] as? Double == 1)
    #expect(object?["images"] as? Int == 60)
  }

  @Test func `the bundled signs hold the accuracy that is recorded beside them`() throws {
    let folder = try ScratchFolder()
    let run = try Self.eval([
      try Self.model(folder), Self.images, "--float", ConvertCommandTests.model, "--baseline",
      ConvertCommandTests.signs.appendingPathComponent("baseline.json").path,
    ])
    #expect(run.errors == "")
    #expect(run.status == 0)
  }

  @Test func `a baseline is written, holds, and fails when accuracy is lower`() throws {
    let folder = try ScratchFolder()
    let model = try Self.model(folder)
    let baseline = folder.url.appendingPathComponent("baseline.json").path
    let missing = try Self.eval([model, Self.images, "--baseline", baseline])
    #expect(missing.status == 1)
    #expect(
      missing.errors
        == "cnneval: error: \(baseline): cannot be read; --update-baseline writes it\n"
    )
    #expect(
      try Self.eval([model, Self.images, "--baseline", baseline, "--update-baseline"]).status == 0
    )
    #expect(try Self.eval([model, Self.images, "--baseline", baseline]).status == 0)

    // The same images with two classes exchanged.
    let text = try String(contentsOfFile: Self.images, encoding: .utf8)
    let place = (Self.images as NSString).deletingLastPathComponent
    let lines = text.split(separator: "\n").map { line -> String in
      let cells = line.split(separator: "\t", omittingEmptySubsequences: false)
      let name = cells[1] == "0" ? "1" : cells[1] == "1" ? "0" : String(cells[1])
      return "\(place)/\(cells[0])\t\(name)"
    }
    let wrong = try folder.write(Array(lines.joined(separator: "\n").utf8), "wrong.tsv")
    let run = try Self.eval([model, wrong, "--baseline", baseline])
    #expect(run.status == 1)
    #expect(run.errors.contains("top-1: 83.33 %, expected 100.00 %, at most 0.50 % less\n"))
    #expect(run.output.contains("taken for"))
  }

  @Test func `shards are merged into the result of one run`() throws {
    let folder = try ScratchFolder()
    let model = try Self.model(folder)
    var parts: [String] = []
    for shard in 1...2 {
      parts.append(folder.url.appendingPathComponent("part-\(shard).json").path)
      let run = try Self.eval([
        model, Self.images, "--shard", "\(shard)/2", "--output", parts[shard - 1],
      ])
      #expect(run.status == 0, "\(run.errors)")
    }
    let merged = try Self.eval(["merge"] + parts + ["--json"])
    #expect(merged.status == 0, "\(merged.errors)")
    #expect(merged.output.contains("\"top1\":1.000000,"))
    #expect(merged.output.contains("\"images\":60,"))
    let half = try Self.eval(["merge", parts[1]])
    #expect(half.status == 1)
    #expect(half.errors == "cnneval: error: shard 1 of 2 missing\n")
    let strange = try folder.write(Array("{}".utf8), "strange.json")
    #expect(
      try Self.eval(["merge", strange]).errors
        == "cnneval: error: \(strange): not a result, expected what cnneval --output wrote\n"
    )
  }

  @Test(arguments: [
    (["nowhere.bin", "x"], 1, "cnneval: error: nowhere.bin: cannot be read\n"),
    (["m.bin", "x", "--shard", "3/2"], 2, "3/2"), (["m.bin"], 2, "<images>"),
    (["m.bin", "x", "--update-baseline"], 2, "--update-baseline: expected --baseline FILE too"),
  ])
  func `mistakes are told`(arguments: [String], status: Int, message: String) throws {
    let run = try Self.eval(arguments)
    #expect(run.status == Int32(status))
    #expect(run.errors.contains(message))
  }
}
