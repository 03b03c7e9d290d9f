public import GraphIR

/// Which values stay float32: probabilities, and logits that a layer can write as floats.
///
/// A convolution or fully connected layer without clamp and residual has its exact accumulators to hand; writing them as floats
/// costs nothing and keeps logits from being rounded to 256 steps.
public enum FloatHeads {
  /// The float values of a graph, its output among them only where its producer can write floats.
  public static func values(of graph: Graph) -> Set<ValueID> {
    var floats: Set<ValueID> = []
    for node in graph.nodes.reversed() {
      let definition = node.operation.definition
      if definition.quantizationRule == .float {
        floats.insert(node.output)
        continue
      }
      let readers = graph.consumers(of: node.output).map { graph.nodes[$0] }
      let isOutput = graph.outputs.contains(node.output)
      guard isOutput || !readers.isEmpty, readers.allSatisfy({ readsFloat($0, floats) }),
        canWriteFloat(node, in: graph)
      else { continue }
      floats.insert(node.output)
    }
    // A reshape is float only where what it reads is; drop those whose producer stays in bytes.
    for node in graph.nodes {
      if case .reshape = node.operation, floats.contains(node.output),
        !floats.contains(node.inputs[0])
      {
        floats.remove(node.output)
      }
    }
    return floats
  }

  private static func readsFloat(_ node: Node, _ floats: Set<ValueID>) -> Bool {
    switch node.operation {
    case .softmax: true
    case .reshape: floats.contains(node.output)
    default: false
    }
  }

  private static func canWriteFloat(_ node: Node, in graph: Graph) -> Bool {
    switch node.operation {
    case .convolution(let op): op.clamp == .none && node.inputs.count == 1 && !op.isDepthwise
    case .fullyConnected(let op): op.clamp == .none
    // Only where all that is not 1 is the channels: there a reshape moves nothing.
    case .reshape:
      !graph.inputs.contains(node.inputs[0])
        && graph.shape(of: node.inputs[0]).last == graph.shape(of: node.output).last
        && graph.shape(of: node.output).last == graph.shape(of: node.output).reduce(1, *)
    default: false
    }
  }
}
