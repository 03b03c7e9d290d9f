internal import GraphIR

/// Moves transpositions towards fully connected layers, whose weights absorb them, and past element-wise functions.
struct MoveTransposes: GraphPass {
  let name = "absorb transpositions"

  func run(on graph: inout Graph) throws(GraphError) -> Int {
    var count = 0
    for index in graph.nodes.indices {
      switch graph.nodes[index].operation {
      case .transpose(let op):
        guard let reshape = asReshape(op, graph.nodes[index], in: graph) else { continue }
        graph.nodes[index].operation = reshape
        count += 1
      case .fullyConnected(let op):
        guard let (permuted, source) = absorbed(op, graph.nodes[index], in: graph) else { continue }
        graph.nodes[index].operation = .fullyConnected(permuted)
        graph.nodes[index].inputs = [source]
        count += 1
      default: continue
      }
    }
    return try count + sinkBelowFunctions(&graph)
  }

  /// A transposition that keeps the order of all axes longer than 1 moves nothing.
  private func asReshape(_ op: Transpose, _ node: Node, in graph: Graph) -> Operation? {
    let shape = graph.shape(of: node.inputs[0])
    let moving = op.permutation.filter { shape[$0] != 1 }
    guard moving == moving.sorted() else { return nil }
    return .reshape(Reshape(shape: op.permutation.map { shape[$0] }))
  }

  /// Weights whose columns are permuted instead of the input, and the value before the transposition.
  private func absorbed(
    _ op: FullyConnected,
    _ node: Node,
    in graph: Graph
  ) -> (FullyConnected, ValueID)? {
    guard var producer = graph.producer(of: node.inputs[0]) else { return nil }
    while case .reshape = graph.nodes[producer].operation {
      guard let earlier = graph.producer(of: graph.nodes[producer].inputs[0]) else { return nil }
      producer = earlier
    }
    guard case .transpose(let transpose) = graph.nodes[producer].operation else { return nil }
    let source = graph.nodes[producer].inputs[0]
    let permutation = transpose.permutation
    let transposed = permutation.map { graph.shape(of: source)[$0] }
    var inverse = [Int](repeating: 0, count: permutation.count)
    for (axis, from) in permutation.enumerated() { inverse[from] = axis }
    let rows = op.weights.shape[0]
    let columns = op.weights.reshaped([rows] + transposed)
      .transposed([0] + inverse.map { $0 + 1 })
    var permuted = op
    permuted.weights = columns.reshaped([rows, op.weights.shape[1]])
    return (permuted, source)
  }

  /// `f(transpose(x))` becomes `transpose(f(x))`, so that transpositions meet and cancel, or reach a fully connected layer.
  private func sinkBelowFunctions(_ graph: inout Graph) throws(GraphError) -> Int {
    var count = 0
    for index in graph.nodes.indices {
      guard case .unary = graph.nodes[index].operation,
        let before = graph.soleProducer(of: graph.nodes[index].inputs[0])
      else { continue }
      switch graph.nodes[before].operation {
      case .transpose, .reshape: break
      default: continue
      }
      let moved = graph.nodes[before].operation
      let function = graph.nodes[index].operation
      let name = graph.nodes[before].name
      let middle = graph.addValue(
        name: graph.nodes[index].name + "/moved",
        shape: graph.shape(of: graph.nodes[before].inputs[0])
      )
      graph.nodes[before] = Node(
        name: graph.nodes[index].name,
        operation: function,
        inputs: graph.nodes[before].inputs,
        output: middle
      )
      graph.nodes[index] = Node(
        name: name,
        operation: moved,
        inputs: [middle],
        output: graph.nodes[index].output
      )
      count += 1
    }
    return count
  }
}
