internal import Foundation
public import GraphIR

/// Reads ONNX files, with weights inside or beside them.
public enum ONNXImporter: ModelImporter {
  /// The format's name.
  public static let formatName = "ONNX"

  /// Whether the first bytes are a version number and known fields up to a graph.
  public static func recognizes(_ probe: FileProbe) -> Bool { ONNXFile.recognizes(probe.head) }

  /// The network in the file.
  ///
  /// - Throws: `ImportError` naming every operator that cannot be converted.
  public static func importModel(_ request: ImportRequest) throws(ImportError) -> ImportedModel {
    try importModel(request, parameters: nil)
  }

  /// The network in the file, with its parameters replaced by those of the same name.
  ///
  /// - Throws: `ImportError.parameterMismatch` when the names or shapes are not those of the file.
  public static func importModel(
    _ request: ImportRequest,
    parameters: [String: Tensor]
  ) throws(ImportError) -> ImportedModel {
    try importModel(request, parameters: Optional(parameters))
  }

  private static func importModel(
    _ request: ImportRequest,
    parameters: [String: Tensor]?
  ) throws(ImportError) -> ImportedModel {
    let file = try ONNXFile(path: request.path)
    let plan = try ONNXPlan(file, request: request)
    let input = try ONNXInput(file, request: request, nodes: plan.nodes)
    var converter = ONNXConverter(
      name: file.name,
      opset: file.opset,
      declaredBatch: input.declaredBatch
    )
    for (name, tensor) in try constants(file, plan: plan, parameters: parameters)
    where name != input.name {
      converter.define(name, .constant(tensor))
    }
    let view = input.declare(
      in: &converter.builder.graph,
      nodes: plan.nodes,
      size: request.inputSize
    )
    converter.define(input.name, .activation(view))
    for node in plan.nodes where !node.outputs.contains(input.name) { converter.convert(node) }
    try report(converter.problems, file: file)
    let outputs = try plan.choose(converter.values, file: file, request: request)
    return try assemble(converter, file: file, outputs: outputs.chosen, notes: outputs.notes)
  }

  /// The parameters that the network reads, from the file or from `parameters`.
  private static func constants(
    _ file: ONNXFile,
    plan: ONNXPlan,
    parameters: [String: Tensor]?
  ) throws(ImportError) -> [String: ONNXTensor] {
    var reader = ONNXTensorReader(path: file.path)
    var constants: [String: ONNXTensor] = [:]
    var (missing, wrong): ([String], [String]) = ([], [])
    for name in Set(plan.nodes.flatMap(\.inputs) + plan.outputs).sorted() {
      guard let record = file.initializers[name] else { continue }
      let isFloat = ONNXElementType(rawValue: record.dataType)?.isFloat ?? false
      guard let parameters, isFloat else {
        constants[name] = try reader.tensor(record, place: "initializer \"\(name)\"")
        continue
      }
      guard let tensor = parameters[name] else {
        missing.append(name)
        continue
      }
      let shape = record.dims.map { Int($0) }
      if tensor.shape == shape {
        constants[name] = ONNXTensor(shape: shape, floats: tensor.values)
      } else {
        wrong.append("\(name) \(tensor.shape), expected \(shape)")
      }
    }
    if let parameters {
      // Counters of training steps are no parameters of the network.
      let unexpected = parameters.keys.filter {
        constants[$0] == nil && !$0.hasSuffix("num_batches_tracked")
          && file.initializers[$0] == nil
      }.sorted()
      guard missing.isEmpty, wrong.isEmpty, unexpected.isEmpty else {
        throw .parameterMismatch(
          path: file.path,
          missing: missing,
          unexpected: unexpected,
          wrong: wrong
        )
      }
    }
    return constants
  }

  /// All nodes that cannot be converted at once, else the first that does not make sense.
  private static func report(
    _ problems: [(node: ONNXNode, problem: ONNXProblem)],
    file: ONNXFile
  ) throws(ImportError) {
    if let first = problems.first(where: { $0.problem == .quantized }) {
      throw .malformed(
        path: file.path,
        place: "node \"\(first.node.name)\"",
        problem: "\(first.node.type): the model is already quantized; convert the float model"
      )
    }
    let unsupported = problems.compactMap { node, problem -> UnsupportedOperator? in
      guard case .unsupported(let detail) = problem else { return nil }
      return UnsupportedOperator(type: node.type, node: node.name, detail: detail)
    }
    guard unsupported.isEmpty else {
      throw .unsupported(path: file.path, operators: unsupported)
    }
    if let (node, problem) = problems.first, case .invalid(let text) = problem {
      throw .graph(path: file.path, GraphError("\(node.type): \(text)", node: node.name))
    }
  }

  private static func assemble(
    _ converter: ONNXConverter,
    file: ONNXFile,
    outputs: [(name: String, view: AxisView)],
    notes: [String]
  ) throws(ImportError) -> ImportedModel {
    var graph = converter.builder.graph
    graph.outputs = []
    do throws(GraphError) {
      for (name, view) in outputs {
        let order = AxisView.standardOrder(rank: view.axes.count)
        graph.outputs.append(try view.stored(in: order, of: &graph, name: name))
      }
    } catch {
      throw .graph(path: file.path, error)
    }
    graph.removeDeadNodes()
    let producer = file.producer.isEmpty ? "" : ", written by \(file.producer)"
    var model = ImportedModel(graph: graph, format: "ONNX (operator set \(file.opset)\(producer))")
    model.notes = notes + converter.notes
    model.sourceBytes = file.byteCount
    return model
  }
}
