import Foundation
import ScratchFolders
import Testing

/// `cnnconvert compare` and what a conversion says of bad images, on the bundled signs.
@Suite struct CompareCommandTests {
  private static let images = ConvertCommandTests.signs.appendingPathComponent("images").path
  private static let calibration = ConvertCommandTests.calibration
  private static let checkpoint = ConvertCommandTests.signs.appendingPathComponent("signs.ckpt")
    .path

  private static func convert(_ arguments: [String]) throws -> CommandProcess {
    try CommandProcess("cnnconvert", arguments)
  }

  /// The bundled checkpoint, converted.
  private static func model(
    _ folder: ScratchFolder,
    _ name: String,
    _ options: [String] = []
  ) throws -> String {
    let path = folder.url.appendingPathComponent(name).path
    let run = try convert(
      [ConvertCommandTests.model, "-o", path, "--calibrate", calibration, "--quiet"] + options
    )
    #expect(run.status == 0, "\(run.errors)")
    return path
  }

  @Test func `a model and its flat file do not part`() throws {
    let folder = try ScratchFolder()
    let model = try Self.model(folder, "signs.bin")
    let run = try Self.convert([
      "compare", ConvertCommandTests.model, model, "--images", Self.images, "--count", "8",
      "--json",
    ])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors == "")
    #expect(run.output.contains("\nsame class for 8 of 8 images; no layer parts\n"))
    let line = try #require(run.output.split(separator: "\n").last)
    let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    #expect(object?["images"] as? Int == 8)
    #expect(object?["parting"] == nil)
    let layers = try #require(object?["layers"] as? [[String: Any]])
    #expect(layers.count > 3)
    #expect(layers.allSatisfy { $0["ratio"] as? Double ?? 0 > 8 })
  }

  @Test func `flat files that exchange red and blue part at the input`() throws {
    let folder = try ScratchFolder()
    let run = try Self.convert([
      "compare", try Self.model(folder, "rgb.bin"),
      try Self.model(folder, "bgr.bin", ["--color", "bgr"]), "--images", Self.images, "--json",
    ])
    #expect(run.status == 3, "\(run.errors)")
    #expect(run.output.contains("they part at the input: "))
    #expect(run.output.contains("\"cause\":\"preprocessing\""))
  }

  @Test(
    arguments: [
      (["compare", "a.bin", "b.bin"], 2, "--images"),
      (
        ["compare", "a.bin", "b.bin", "--images", "x", "--count=-1"], 2, "--count: -1, expected"
      ),
      (["compare", "a.bin", "b.bin", "--images", "x", "--drop", "1e9"], 2, "expected dB from"),
      (["compare", "nowhere.bin", "b.bin", "--images", "x"], 1, "nowhere.bin: cannot be read"),
    ] as [([String], Int32, String)]
  )
  func `mistakes are told`(arguments: [String], status: Int32, message: String) throws {
    let run = try Self.convert(arguments)
    #expect(run.status == status)
    #expect(run.errors.contains(message), "\(run.errors)")
  }

  @Test func `images that cannot be read are named up to ten, and counted`() throws {
    let folder = try ScratchFolder()
    for index in 10..<24 { try folder.write([1, 2, 3], "images/\(index).jpg") }
    for (index, name) in try FileManager.default.contentsOfDirectory(atPath: Self.calibration)
      .filter({ $0.hasSuffix(".jpg") || $0.hasSuffix(".png") }).prefix(2).enumerated()
    {
      try FileManager.default.copyItem(
        atPath: Self.calibration + "/" + name,
        toPath: folder.path + "/images/\(index)." + (name as NSString).pathExtension
      )
    }
    let run = try Self.convert([
      ConvertCommandTests.model, "-o", folder.url.appendingPathComponent("m.bin").path, "--quiet",
      "--calibrate", folder.path + "/images",
    ])
    #expect(run.status == 0)
    let lines = run.errors.split(separator: "\n")
    #expect(lines.count == 11, "\(run.errors)")
    #expect(
      lines.first
        == "cnnconvert: warning: \(folder.path)/images/10.jpg: not an image: starts with 01 02 03, expected JPEG, PNG, PGM (P5) or PPM (P6); left out"
    )
    #expect(lines.last == "cnnconvert: warning: 14 of 16 images left out")
  }

  @Test func `an empty folder is refused`() throws {
    let folder = try ScratchFolder()
    let run = try Self.convert([
      ConvertCommandTests.model, "-o", folder.url.appendingPathComponent("m.bin").path,
      "--calibrate", folder.path, "--quiet",
    ])
    #expect(run.status == 1)
    #expect(
      run.errors
        == "cnnconvert: error: \(folder.path): no readable images, found 0, expected JPEG or PNG\n"
    )
  }

  @Test func `a missing mean is noticed, and named`() throws {
    let folder = try ScratchFolder()
    let run = try Self.convert([
      Self.checkpoint, "-o", folder.url.appendingPathComponent("m.bin").path, "--calibrate",
      Self.calibration, "--preset", "unit", "--quiet",
    ])
    #expect(run.status == 0)
    #expect(
      run.errors
        == "cnnconvert: warning: images look wrongly preprocessed: layer \"features.0.0.activation\" gives other values than its batch normalization saw in training; mean and std seem to be missing: try --preset torchvision\n"
    )
  }
}
