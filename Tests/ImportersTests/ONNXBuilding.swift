import Foundation
import GraphIR
import SwiftProtobuf
import Testing

@testable import Importers

/// A small ONNX model made in a test, so that it can be wrong on purpose.
struct ONNXTestModel {
  var record = ONNXModel()

  init(opset: Int64 = 13, input: [Int64] = [1, 2, 4, 4], output: String = "y") {
    record.irVersion = 8
    record.graph.name = "test"
    var version = ONNXOperatorSet()
    version.version = opset
    record.opsetImport = [version]
    record.graph.input = [Self.value("x", input)]
    record.graph.output = [Self.value(output, nil)]
  }

  static func value(_ name: String, _ shape: [Int64]?) -> ONNXValueInfo {
    var info = ONNXValueInfo()
    info.name = name
    info.type.tensorType.elemType = 1
    if let shape {
      info.type.tensorType.shape.dim = shape.map { extent in
        var dimension = ONNXDimension()
        if extent > 0 { dimension.dimValue = extent } else { dimension.dimParam = "open" }
        return dimension
      }
    }
    return info
  }

  mutating func node(
    _ type: String,
    _ inputs: [String],
    _ outputs: [String],
    name: String = "",
    domain: String = "",
    ints: [String: [Int64]] = [:],
    numbers: [String: Int64] = [:]
  ) {
    var node = ONNXNodeRecord()
    node.opType = type
    node.input = inputs
    node.output = outputs
    node.name = name
    node.domain = domain
    node.attribute =
      ints.sorted { $0.key < $1.key }.map { name, values in
        var attribute = ONNXAttribute()
        attribute.name = name
        attribute.type = 7
        attribute.ints = values
        return attribute
      }
      + numbers.sorted { $0.key < $1.key }.map { name, value in
        var attribute = ONNXAttribute()
        attribute.name = name
        attribute.type = 2
        attribute.i = value
        return attribute
      }
    record.graph.node.append(node)
  }

  mutating func floats(_ name: String, _ shape: [Int64], _ values: [Float]) {
    var tensor = ONNXTensorRecord()
    tensor.name = name
    tensor.dims = shape
    tensor.dataType = 1
    tensor.floatData = values
    record.graph.initializer.append(tensor)
  }

  mutating func integers(_ name: String, _ values: [Int64]) {
    var tensor = ONNXTensorRecord()
    tensor.name = name
    tensor.dims = [Int64(values.count)]
    tensor.dataType = 7
    tensor.int64Data = values
    record.graph.initializer.append(tensor)
  }

  /// Writes the model into a folder of its own and imports it; messages name it `model.onnx`.
  func importModel(
    _ change: (inout ImportRequest) -> Void = { _ in },
    parameters: [String: Tensor]? = nil
  ) throws -> ImportedModel {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("onnx-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let url = folder.appendingPathComponent("model.onnx")
    try Data(record.serializedBytes() as [UInt8]).write(to: url)
    var request = ImportRequest(path: url.path)
    change(&request)
    if let parameters {
      return try ONNXImporter.importModel(request, parameters: parameters)
    }
    return try ModelImporters.importModel(request)
  }

  /// The message of the error that importing ends with, without the folder.
  func message(_ change: (inout ImportRequest) -> Void = { _ in }) -> String {
    do {
      _ = try importModel(change)
      return "imported"
    } catch {
      let text = "\(error)"
      guard let range = text.range(of: "model.onnx") else { return text }
      return String(text[range.lowerBound...])
    }
  }
}
