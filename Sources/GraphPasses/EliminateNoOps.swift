internal import GraphIR

/// Removes nodes that hand on their input, and merges neighbouring reshapes, transposes and gathers.
struct EliminateNoOps: GraphPass {
  let name = "eliminate no-ops"

  func run(on graph: inout Graph) -> Int {
    var count = 0
    for index in graph.nodes.indices {
      let node = graph.nodes[index]
      if isNoOp(node, in: graph) {
        graph.replaceUses(of: node.output, with: node.inputs[0])
        count += 1
        continue
      }
      if let merged = merged(node, in: graph) {
        graph.nodes[index] = merged
        count += 1
      }
    }
    graph.removeDeadNodes()
    return count
  }

  private func isNoOp(_ node: Node, in graph: Graph) -> Bool {
    // An output keeps its own node when its input is the graph's input: there must be something to run.
    guard let input = node.inputs.first, graph.shape(of: input) == graph.shape(of: node.output),
      !(graph.outputs.contains(node.output) && graph.inputs.contains(input))
    else { return false }
    guard !graph.consumers(of: node.output).isEmpty || graph.outputs.contains(node.output) else {
      return false
    }
    return switch node.operation {
    case .reshape, .slice, .resize: true
    case .transpose(let op): op.permutation == Array(op.permutation.indices)
    case .gatherChannels(let op): op.indices == Array(op.indices.indices)
    case .concat: node.inputs.count == 1
    case .pad: true
    case .unary(.clamp(let clamp)): clamp == .none
    case .unary(.linear(let scale, let bias)): scale == 1 && bias == 0
    case .channelAffine(let op):
      op.scale.allSatisfy { $0 == 1 } && op.bias.allSatisfy { $0 == 0 }
    case .averagePool(let op), .maxPool(let op):
      op.window.kernel == (1, 1) && op.window.stride == (1, 1) && op.window.padding == Padding()
    default: false
    }
  }

  private func merged(_ node: Node, in graph: Graph) -> Node? {
    guard node.inputs.count == 1, let before = graph.producer(of: node.inputs[0]) else {
      return nil
    }
    let previous = graph.nodes[before]
    var merged = node
    merged.inputs = previous.inputs
    switch (previous.operation, node.operation) {
    case (.reshape, .reshape): break
    case (.reshape, .fullyConnected): break
    case (.transpose(let first), .transpose(let second)):
      merged.operation = .transpose(
        Transpose(permutation: second.permutation.map { first.permutation[$0] })
      )
    case (.gatherChannels(let first), .gatherChannels(let second)):
      merged.operation = .gatherChannels(
        GatherChannels(indices: second.indices.map { first.indices[$0] })
      )
    case (.unary(.clamp(let first)), .unary(.clamp(let second))):
      merged.operation = .unary(.clamp(first.followed(by: second)))
    default: return nil
    }
    return merged
  }
}
