internal import GraphIR

/// Moves a reordering of channels below a depthwise convolution, whose readers absorb it.
struct SinkChannelOrder: GraphPass {
  let name = "sink channel order"

  func run(on graph: inout Graph) -> Int {
    var count = 0
    var index = 0
    while index < graph.nodes.count {
      defer { index += 1 }
      let node = graph.nodes[index]
      guard case .convolution(let op) = node.operation, op.isDepthwise, node.inputs.count == 1,
        graph.readersAreDenseConvolutions(of: node.output),
        let producer = graph.producer(of: node.inputs[0]),
        case .gatherChannels(let gather) = graph.nodes[producer].operation,
        gather.indices.sorted() == Array(0..<op.groups),
        graph.shape(of: graph.nodes[producer].inputs[0]).last == op.groups
      else { continue }
      var places = [Int](repeating: 0, count: op.groups)
      for (place, channel) in gather.indices.enumerated() { places[channel] = place }
      var moved = op.writingInOrder(places)
      if !op.paddingValues.isEmpty { moved.paddingValues = places.map { op.paddingValues[$0] } }
      let middle = graph.addValue(
        name: node.name + "/unordered",
        shape: graph.shape(of: node.output)
      )
      let name = graph.nodes[producer].name
      graph.nodes[index] = Node(
        name: node.name,
        operation: .convolution(moved),
        inputs: graph.nodes[producer].inputs,
        output: middle
      )
      graph.nodes.insert(
        Node(
          name: name + "/below/" + node.name,
          operation: .gatherChannels(gather),
          inputs: [middle],
          output: node.output
        ),
        at: index + 1
      )
      count += 1
    }
    return count
  }
}
