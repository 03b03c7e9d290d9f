import Foundation
import ImageCodecs
import Importers
import ModelFormat
import Pixels
import Testing

/// The road signs that the repository carries: both checkpoints, from file to class.
@Suite struct BundledExampleTests {
  static let signs = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Tools/example/signs")

  /// Checkpoint, input side, mean and std.
  static let models: [(String, Int, [Float], [Float])] = [
    ("signs.ckpt", 96, RealModelTests.imagenetMean, RealModelTests.imagenetStd),
    ("model.ckpt", 32, [0], [1]),
  ]

  func pixels(_ path: URL, side: Int) throws -> [UInt8] {
    var contract = InputContract()
    (contract.height, contract.width, contract.filter) = (side, side, .bilinear)
    let image = try ImageDecoder.decode([UInt8](try Data(contentsOf: path)))
    var plan = try PixelPlan(
      sourceHeight: image.height,
      sourceWidth: image.width,
      contract: contract
    )
    var bytes = [UInt8](repeating: 0, count: side * side * 3)
    bytes.withUnsafeMutableBufferPointer { plan.convert(image.rgb, into: $0, pixelStride: 3) }
    return bytes
  }

  func table(_ name: String) throws -> [(file: String, label: Int)] {
    try String(contentsOf: Self.signs.appendingPathComponent(name), encoding: .utf8)
      .split(separator: "\n").compactMap { line in
        let fields = line.split(separator: "\t")
        return Int(fields[1]).map { (String(fields[0]), $0) }
      }
  }

  @Test(arguments: models)
  func `95 of 100 reference images are right in float, and int8 is within one of it`(
    model: (file: String, side: Int, mean: [Float], std: [Float])
  ) throws {
    let calibration = try table("calibration/labels.tsv").map {
      try pixels(Self.signs.appendingPathComponent("calibration/\($0.file)"), side: model.side)
    }
    let conversion = try Conversion(
      ImportRequest(path: Self.signs.appendingPathComponent(model.file).path),
      mean: model.mean,
      std: model.std,
      calibration: calibration
    )
    let references = try table("images/labels.tsv")
    #expect(references.count == 60)
    var floatRight = 0
    var int8Right = 0
    for reference in references {
      let image = try pixels(
        Self.signs.appendingPathComponent("images/\(reference.file)"),
        side: model.side
      )
      if try conversion.floatClass(image) == reference.label { floatRight += 1 }
      if conversion.topClass(image) == reference.label { int8Right += 1 }
    }
    #expect(floatRight >= 57)
    #expect(int8Right >= floatRight - 1)
  }
}
