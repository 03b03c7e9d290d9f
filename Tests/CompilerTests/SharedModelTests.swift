import Compiler
import Foundation
import GraphIR
import GraphPasses
import Importers
import ModelFormat
import Quantization
import Runtime
import Testing

/// Trained models beside the package, where they are present.
private let sharedModels = URL(filePath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().appending(path: "shared/models")

private func isPresent(_ path: String) -> Bool {
  FileManager.default.fileExists(atPath: sharedModels.appending(path: path).path)
}

/// Images in CIFAR-10's binary format: a label, then 32 × 32 red, green and blue.
private struct CIFARImages: Sendable {
  static let recordSize = 3073
  let bytes: [UInt8]

  init(_ path: String) throws {
    bytes = [UInt8](try Data(contentsOf: sharedModels.appending(path: path)))
  }

  /// Dense H × W × C.
  func pixels(_ index: Int) -> [UInt8] {
    let start = index * Self.recordSize + 1
    return (0..<3072).map { bytes[start + $0 % 3 * 1024 + $0 / 3] }
  }

  func tensor(_ index: Int) -> Tensor {
    Tensor(shape: [1, 32, 32, 3], values: pixels(index).map { Float($0) })
  }
}

@Suite("Trained models")
struct SharedModelTests {
  static let network = "derived/resnet20-cifar10-reserialised/resnet20_cifar10.onnx"

  @Test(.enabled(if: isPresent(network)))
  func `ResNet-20 in int8 agrees with float on the top class`() throws {
    var model = try ModelImporters.importModel(
      ImportRequest(path: sharedModels.appending(path: Self.network).path)
    )
    try InputAndOutput.prependPreprocessing(
      mean: [123.675, 116.28, 103.53],
      std: [58.395, 57.12, 57.375],
      isBGR: false,
      to: &model.graph
    )
    _ = try PassPipeline.optimize(&model.graph)
    let calibration = try CIFARImages("images/cifar10/calib_train_1500.bin")
    let compiled = try ModelCompiler.compile(
      model.graph,
      options: CompileOptions(),
      calibration: CalibrationImages(count: 40) { calibration.tensor($0 * 37) }
    )
    let file = try ModelFile(copying: compiled.bytes)
    let network = try Network(file)
    let test = try CIFARImages("images/cifar10/test_open_2000.bin")
    let evaluator = FloatEvaluator(model.graph)
    var agreeing = 0
    for index in 0..<100 {
      network.setInput(test.pixels(index))
      network.run()
      let float = try evaluator.run([test.tensor(index)])[0]
      let int8 = Tensor(shape: float.shape, values: network.outputValues)
      if int8.indexOfLargest == float.indexOfLargest { agreeing += 1 }
    }
    #expect(agreeing >= 96)
    for layer in compiled.report.layers {
      #expect(layer.noiseRatio ?? .infinity > 12, "\(layer.name)")
    }
  }
}
