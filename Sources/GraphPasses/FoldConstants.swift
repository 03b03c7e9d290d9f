internal import GraphIR

/// Computes at conversion what depends on constants alone.
struct FoldConstants: GraphPass {
  let name = "fold constants"

  func run(on graph: inout Graph) -> Int {
    var count = 0
    graph.nodes.removeAll { node in
      let operands = node.inputs.compactMap { graph.constants[$0] }
      guard operands.count == node.inputs.count, !operands.isEmpty else { return false }
      graph.constants[node.output] = node.operation.definition.evaluate(operands)
      count += 1
      return true
    }
    return count
  }
}
