internal import Foundation
internal import SwiftProtobuf

/// An ONNX file as it was read: nothing about its network is known yet.
struct ONNXFile {
  /// The path as typed.
  let path: String
  /// Size in bytes, without companions.
  let byteCount: Int
  /// Version of ONNX's operator set.
  let opset: Int
  /// Program that wrote the file.
  let producer: String
  /// Name of the graph.
  let name: String
  /// Nodes in the file's order.
  let nodes: [ONNXNode]
  /// Parameters by name; read when they are needed.
  let initializers: [String: ONNXTensorRecord]
  /// Inputs that are not parameters.
  let inputs: [ONNXValueInfo]
  /// Outputs, in order.
  let outputs: [ONNXValueInfo]
  /// Names and types of intermediate values, as far as the file states them.
  let valueInfo: [String: ONNXValueInfo]

  /// Reads the file at `path`.
  ///
  /// - Throws: `ImportError` when it cannot be read, is cut short, or its operator set is too old.
  init(path: String) throws(ImportError) {
    self.path = path
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
    } catch {
      throw .unreadable(path: path, reason: error.localizedDescription)
    }
    byteCount = data.count
    let model: ONNXModel
    do {
      var options = BinaryDecodingOptions()
      options.messageDepthLimit = 32
      model = try ONNXModel(serializedBytes: data, options: options)
    } catch BinaryDecodingError.truncated {
      throw .malformed(
        path: path,
        place: "",
        problem: "the ONNX records end too early; is the file complete?"
      )
    } catch {
      throw .malformed(
        path: path,
        place: "",
        problem: "the ONNX records cannot be read; is the file damaged?"
      )
    }
    guard model.hasGraph, !model.graph.node.isEmpty else {
      throw .malformed(path: path, place: "", problem: "no nodes, expected a network")
    }
    let versions = model.opsetImport.filter { ["", "ai.onnx"].contains($0.domain) }
    let version = versions.map(\.version).max() ?? 1
    guard (7...1000).contains(version) else {
      throw .malformed(
        path: path,
        place: "",
        problem: "operator set \(version), expected 7 or later; export the model again"
      )
    }
    opset = Int(version)
    producer = model.producerName
    let graph = model.graph
    name = graph.name
    nodes = graph.node.map(ONNXNode.init)
    initializers = Dictionary(
      graph.initializer.map { ($0.name, $0) },
      uniquingKeysWith: { first, _ in first }
    )
    let names = Set(graph.initializer.map(\.name))
    inputs = graph.input.filter { !names.contains($0.name) }
    outputs = graph.output
    valueInfo = Dictionary(
      (graph.valueInfo + graph.input + graph.output).map { ($0.name, $0) },
      uniquingKeysWith: { first, _ in first }
    )
  }

  /// Whether these first bytes of a file are ONNX's: a version number, then known fields up to a graph.
  static func recognizes(_ head: [UInt8]) -> Bool {
    var reader = FieldReader(head)
    guard let first = reader.tag(), first == (field: 1, wireType: 0), let version = reader.varint(),
      (1...99).contains(version)
    else { return false }
    while let tag = reader.tag() {
      switch tag {
      case (5, 0):
        guard reader.varint() != nil else { return false }
      case (7, 2):
        guard let length = reader.varint(), length > 0 else { return false }
        // The graph's own first field.
        guard let inner = reader.tag() else { return false }
        return inner.wireType == 2 && [1, 2, 5, 10, 11, 12, 13, 14, 15].contains(inner.field)
      case (2, 2), (3, 2), (4, 2), (6, 2), (8, 2), (14, 2), (20, 2), (25, 2):
        guard let length = reader.varint(), reader.skip(length) else { return false }
      default: return false
      }
    }
    return false
  }
}

/// Walks the fields of a protobuf message, as far as recognition needs it.
private struct FieldReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func varint() -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 63, by: 7) {
      guard position < bytes.count else { return nil }
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7f) << UInt64(shift)
      if byte < 0x80 { return value }
    }
    return nil
  }

  mutating func tag() -> (field: UInt64, wireType: UInt64)? {
    varint().map { ($0 >> 3, $0 & 7) }
  }

  mutating func skip(_ count: UInt64) -> Bool {
    guard count <= UInt64(bytes.count - position) else { return false }
    position += Int(count)
    return true
  }
}
