internal import GraphIR

/// Adds a residual in the epilogue of the convolution that computes the other operand.
struct FuseResidualAdd: GraphPass {
  let name = "fuse residual additions"

  func run(on graph: inout Graph) -> Int {
    var count = 0
    var index = 0
    while index < graph.nodes.count {
      let node = graph.nodes[index]
      guard case .binary(.add) = node.operation, node.inputs.count == 2,
        node.inputs[0] != node.inputs[1],
        graph.shape(of: node.inputs[0]) == graph.shape(of: node.inputs[1]),
        let producer = convolution(among: node.inputs, in: graph)
      else {
        index += 1
        continue
      }
      let value = graph.nodes[producer].output
      let residual = node.inputs[0] == value ? node.inputs[1] : node.inputs[0]
      graph.fuse(
        producer,
        into: index,
        as: graph.nodes[producer].operation,
        inputs: [graph.nodes[producer].inputs[0], residual]
      )
      count += 1
    }
    return count
  }

  /// The later of the operands' producers that is a plain convolution read by nobody else.
  private func convolution(among inputs: [ValueID], in graph: Graph) -> Int? {
    inputs.compactMap { value -> Int? in
      guard let producer = graph.soleProducer(of: value),
        case .convolution(let op) = graph.nodes[producer].operation, op.clamp == .none,
        graph.nodes[producer].inputs.count == 1
      else { return nil }
      return producer
    }.max()
  }
}
