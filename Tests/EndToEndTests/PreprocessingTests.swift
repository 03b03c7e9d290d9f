import Foundation
import GraphIR
import GraphPasses
import Importers
import ModelFormat
import Testing

@testable import Quantization

/// Trained networks, fed as in training and as people feed them by mistake.
@Suite(.serialized) struct PreprocessingTests {
  static let torchvision = PixelMap(
    mean: RealModelTests.imagenetMean,
    std: RealModelTests.imagenetStd
  )
  static let unit = PixelMap(mean: [0], std: [255])
  static let maps: [(name: String, map: PixelMap)] = [
    ("torchvision", torchvision), ("unit", unit), ("raw", PixelMap(mean: [0], std: [1])),
    ("tf-inception", PixelMap(mean: [127.5], std: [127.5])),
    ("caffe", PixelMap(mean: [104, 117, 123], std: [1], isBGR: true)),
    (
      "torchvision of pixels 0…1",
      PixelMap(mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225])
    ), ("divided twice", PixelMap(mean: [0], std: [65025])),
    (
      "torchvision, BGR",
      PixelMap(mean: torchvision.mean, std: torchvision.std, isBGR: true)
    ),
  ]

  /// What the check says of a model's images where they are prepared by `map`.
  static func finding(
    _ path: String,
    _ images: [[UInt8]],
    _ map: PixelMap
  ) throws -> (finding: PreprocessingCheck.Finding?, distance: Double) {
    var graph = try ModelImporters.importModel(ImportRequest(path: path)).graph
    _ = try FloatNetwork.prepare(
      &graph,
      mean: map.mean,
      std: map.std,
      isBGR: map.isBGR,
      endsInProbabilities: true
    )
    let shape = graph.shape(of: graph.inputs[0])
    let calibration = CalibrationImages(count: images.count) {
      Tensor(shape: shape, values: images[$0].map(Float.init))
    }
    let check = try #require(PreprocessingCheck(graph, map: map))
    let some = try (0..<64).map { try calibration.load($0 * images.count / 64) }
    return (check.run(calibration), try #require(check.distance(some, as: map)))
  }

  static func test(_ path: String, _ images: [[UInt8]]) throws {
    for (name, map) in maps {
      let (finding, distance) = try finding(path, images, map)
      print(
        "\((path as NSString).lastPathComponent), \(name): \(distance), \(finding?.otherDistance ?? .nan) \(finding?.likely ?? "–")"
      )
      switch name {
      case "torchvision": #expect(finding == nil)
      case "torchvision, BGR":
        #expect(finding?.likely == "red and blue seem exchanged: try --color rgb")
      case "torchvision of pixels 0…1":
        #expect(finding?.likely == "mean and std seem to be of pixels 0…1: multiply them by 255")
      default: #expect(finding?.likely.hasSuffix(": try --preset torchvision") == true)
      }
    }
  }

  @Test func `the bundled signs`() throws {
    let bundled = BundledExampleTests()
    let signs = BundledExampleTests.signs
    let images = try bundled.table("calibration/labels.tsv").map {
      try bundled.pixels(signs.appendingPathComponent("calibration/\($0.file)"), side: 96)
    }
    try Self.test(signs.appendingPathComponent("signs.ckpt").path, images)
  }

  @Test(.enabled(if: SharedModels.isPresent, "needs ../shared"))
  func `a residual network for CIFAR-10`() throws {
    let images = try ImageSet.cifar().prefix(calibration: 100, test: 1).calibration
    try Self.test(
      SharedModels.path("pytorch/cifar-resnet20/resnet20-12fca82f.th"),
      images
    )
  }
}
