import Foundation
import GraphIR
import Importers
import Testing

/// State_dicts that `Tests/Fixtures/pytorch/make_architectures.py FOLDER` wrote.
enum TorchvisionFolder {
  static let path = ProcessInfo.processInfo.environment["EDGECNN_TORCHVISION"]

  static let names: [String] = {
    guard let path, let files = try? FileManager.default.contentsOfDirectory(atPath: path) else {
      return []
    }
    return files.filter { $0.hasSuffix(".pth") }.map { String($0.dropLast(4)) }.sorted()
  }()
}

/// torchvision's networks with random weights, against the logits that torchvision gave.
@Suite(.enabled(if: TorchvisionFolder.path != nil, "needs EDGECNN_TORCHVISION=FOLDER"))
struct PyTorchArchitectureTests {
  @Test(arguments: TorchvisionFolder.names)
  func `an architecture of torchvision gives its logits`(_ name: String) throws {
    let folder = try #require(TorchvisionFolder.path)
    let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name).f32"))
    let numbers = data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    let size = Int(numbers[0])
    var request = ImportRequest(path: "\(folder)/\(name).pth")
    request.inputSize = (size, size)
    let model = try ModelImporters.importModel(request)
    let input = Tensor(shape: [1, size, size, 3], values: Array(numbers[2..<2 + size * size * 3]))
    let expected = Array(numbers[(2 + size * size * 3)...])
    let outputs = try FloatEvaluator(model.graph).run([input])[0].values
    let difference = largestDifference(outputs, expected)
    let range = expected.map { abs($0) }.max() ?? 1
    print("\(name): \(model.format), largest difference \(difference) of \(range)")
    #expect(difference <= 1e-3 * max(1, range))
    #expect(topClass(outputs) == topClass(expected))
  }
}
