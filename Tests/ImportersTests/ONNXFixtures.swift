import Foundation
import GraphIR
import Importers
import Testing

/// The small files that Tools/fixtures/make_onnx_fixtures.py wrote, and what ONNX Runtime computed from them.
struct ONNXFixture: Sendable, CustomTestStringConvertible {
  struct Output: Decodable, Sendable {
    let name: String
    let shape: [Int]
    let values: [Float]
  }

  let name: String
  let input: [Int]
  let outputs: [Output]

  var testDescription: String { name }
  var path: String { Self.folder.appendingPathComponent(name + ".onnx").path }

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures/onnx")

  static let all: [ONNXFixture] = {
    struct Record: Decodable {
      let input: [Int]
      let outputs: [Output]
    }
    let url = folder.appendingPathComponent("expected.json")
    guard let data = try? Data(contentsOf: url),
      let records = try? JSONDecoder().decode([String: Record].self, from: data)
    else { return [] }
    return records.map { ONNXFixture(name: $0, input: $1.input, outputs: $1.outputs) }
      .sorted { $0.name < $1.name }
  }()

  static func named(_ name: String) throws -> ONNXFixture {
    try #require(all.first { $0.name == name })
  }

  /// The values that the script fed, in the file's axis order.
  static func ramp(_ count: Int) -> [Float] {
    (0..<count).map { Float(($0 * 7919 + 13) % 257) / 64 - 2 }
  }
}

/// Runs an imported model on the first batch element of the ramp, given in the file's axis order `shape`.
func evaluateONNX(_ model: ImportedModel, shape: [Int], values: [Float]) throws -> [Tensor] {
  let stored = model.graph.shape(of: model.graph.inputs[0])
  var input = Tensor(shape: [1] + shape.dropFirst(), values: values)
  if input.shape.count == 4, stored != input.shape || shape[1] == shape[3] {
    input = input.transposed([0, 2, 3, 1])
  }
  return try FloatEvaluator(model.graph).run([input.reshaped(stored)])
}
