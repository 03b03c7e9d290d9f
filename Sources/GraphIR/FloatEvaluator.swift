/// Runs a graph in float32: the reference for importers, passes and quantization.
public struct FloatEvaluator: Sendable {
  private let graph: Graph
  /// For each node, the values that nobody reads after it.
  private let releases: [[ValueID]]

  /// Prepares to run a verified graph.
  public init(_ graph: Graph) {
    self.graph = graph
    var lastReader: [ValueID: Int] = [:]
    for (index, node) in graph.nodes.enumerated() {
      lastReader[node.output] = index
      for input in node.inputs { lastReader[input] = index }
    }
    for output in graph.outputs { lastReader[output] = nil }
    for constant in graph.constants.keys { lastReader[constant] = nil }
    var releases = [[ValueID]](repeating: [], count: graph.nodes.count)
    for (value, index) in lastReader { releases[index].append(value) }
    self.releases = releases
  }

  /// Outputs for the given inputs, in the graph's order.
  ///
  /// `observe` sees every node's result as it is computed; memory holds only what is still to be read.
  ///
  /// - Throws: `GraphError` when an input's shape is not the graph's.
  public func run(
    _ inputs: [Tensor],
    observe: (_ node: Node, _ result: Tensor) -> Void = { _, _ in }
  ) throws(GraphError) -> [Tensor] {
    guard inputs.count == graph.inputs.count else {
      throw GraphError("\(inputs.count) inputs given, expected \(graph.inputs.count)")
    }
    var values = graph.constants
    for (id, tensor) in zip(graph.inputs, inputs) {
      guard tensor.shape == graph.shape(of: id) else {
        throw GraphError(
          "input \"\(graph[id].name)\" has shape \(tensor.shape), expected \(graph.shape(of: id))"
        )
      }
      values[id] = tensor
    }
    for (index, node) in graph.nodes.enumerated() {
      var operands: [Tensor] = []
      for input in node.inputs {
        guard let operand = values[input] else {
          throw GraphError("reads \"\(graph[input].name)\" before it is computed", node: node.name)
        }
        operands.append(operand)
      }
      let result = node.operation.definition.evaluate(operands)
      observe(node, result)
      values[node.output] = result
      for value in releases[index] { values[value] = nil }
    }
    var results: [Tensor] = []
    for output in graph.outputs {
      guard let result = values[output] else {
        throw GraphError("output \"\(graph[output].name)\" is never computed")
      }
      results.append(result)
    }
    return results
  }
}
