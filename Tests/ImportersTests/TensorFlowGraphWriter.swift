import Containers
import Foundation
import GraphIR
import Importers
import SwiftProtobuf

/// Writes small GraphDefs node by node.
struct TensorFlowGraphWriter {
  var graph = TFGraphRecord()

  @discardableResult
  mutating func node(
    _ operation: String,
    _ name: String,
    _ inputs: [String] = [],
    _ attributes: [String: TFAttribute] = [:]
  ) -> String {
    var node = TFNodeRecord()
    node.name = name
    node.op = operation
    node.input = inputs
    node.attr = attributes
    graph.node.append(node)
    return name
  }

  @discardableResult
  mutating func placeholder(
    _ name: String,
    _ shape: [Int]?,
    type: TensorFlowDataType = .float32
  ) -> String {
    node("Placeholder", name, [], ["dtype": .type(type), "shape": .shape(shape)])
  }

  @discardableResult
  mutating func floats(_ name: String, _ shape: [Int], _ values: [Float]) -> String {
    var tensor = TFTensorValue()
    tensor.dtype = 1
    tensor.tensorShape = Self.shape(shape)
    tensor.floatVal = values
    return constant(name, tensor)
  }

  @discardableResult
  mutating func integers(_ name: String, _ shape: [Int], _ values: [Int]) -> String {
    var tensor = TFTensorValue()
    tensor.dtype = 3
    tensor.tensorShape = Self.shape(shape)
    tensor.intVal = values.map { Int32($0) }
    return constant(name, tensor)
  }

  private mutating func constant(_ name: String, _ tensor: TFTensorValue) -> String {
    var value = TFAttribute()
    value.tensor = tensor
    return node("Const", name, [], ["value": value, "dtype": .number(tensor.dtype)])
  }

  /// A 1 × 1 convolution `[1, 1, inputs, outputs]`, with weights 1, 2, 3….
  @discardableResult
  mutating func convolution(
    _ name: String,
    _ input: String,
    _ inputs: Int,
    _ outputs: Int,
    format: String = "NHWC"
  ) -> String {
    let weights = (0..<inputs * outputs).map { Float($0 + 1) }
    floats(name + "/weights", [1, 1, inputs, outputs], weights)
    return node(
      "Conv2D",
      name,
      [input, name + "/weights"],
      ["strides": .list([1, 1, 1, 1]), "padding": .text("SAME"), "data_format": .text(format)]
    )
  }

  static func shape(_ extents: [Int]?) -> TFTensorShape {
    var shape = TFTensorShape()
    shape.unknownRank = extents == nil
    shape.dim = (extents ?? []).map { extent in
      var dimension = TFDimension()
      dimension.size = Int64(extent)
      return dimension
    }
    return shape
  }

  // MARK: Use

  /// The graph imported from a file of its own.
  func imported(_ change: (inout ImportRequest) -> Void = { _ in }) throws -> ImportedModel {
    try Self.imported([UInt8](graph.serializedData()), change)
  }

  static func imported(
    _ bytes: [UInt8],
    _ change: (inout ImportRequest) -> Void = { _ in }
  ) throws -> ImportedModel {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("tensorflow-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("model.pb")
    try Data(bytes).write(to: file)
    var request = ImportRequest(path: file.path)
    change(&request)
    return try ModelImporters.importModel(request)
  }

  /// The output for an input of values 1, 2, 3….
  func output(_ change: (inout ImportRequest) -> Void = { _ in }) throws -> Tensor {
    let model = try imported(change)
    let shape = model.graph.shape(of: model.graph.inputs[0])
    let input = Tensor(shape: shape, values: (0..<shape.reduce(1, *)).map { Float($0 + 1) })
    return try FloatEvaluator(model.graph).run([input])[0]
  }

  /// Text of the error, without the folder.
  func message(_ change: (inout ImportRequest) -> Void = { _ in }) -> String {
    do {
      _ = try imported(change)
      return "no error"
    } catch {
      let text = "\(error)"
      guard let name = text.range(of: "model.pb") else { return text }
      return String(text[name.lowerBound...])
    }
  }
}

extension TFAttribute {
  static func type(_ type: TensorFlowDataType) -> TFAttribute { number(type.rawValue) }

  static func number(_ type: Int32) -> TFAttribute {
    var attribute = TFAttribute()
    attribute.type = type
    return attribute
  }

  static func text(_ text: String) -> TFAttribute {
    var attribute = TFAttribute()
    attribute.s = Data(text.utf8)
    return attribute
  }

  static func flag(_ flag: Bool) -> TFAttribute {
    var attribute = TFAttribute()
    attribute.b = flag
    return attribute
  }

  static func integer(_ value: Int) -> TFAttribute {
    var attribute = TFAttribute()
    attribute.i = Int64(value)
    return attribute
  }

  static func float(_ value: Float) -> TFAttribute {
    var attribute = TFAttribute()
    attribute.f = value
    return attribute
  }

  static func list(_ values: [Int]) -> TFAttribute {
    var attribute = TFAttribute()
    attribute.list.i = values.map { Int64($0) }
    return attribute
  }

  static func shape(_ extents: [Int]?) -> TFAttribute {
    var attribute = TFAttribute()
    attribute.shape = TensorFlowGraphWriter.shape(extents)
    return attribute
  }
}
