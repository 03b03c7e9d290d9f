internal import GraphIR

/// Turns slices of reordered channels into selections from the channels before they were reordered.
struct MergeChannelSelections: GraphPass {
  let name = "merge channel selections"

  func run(on graph: inout Graph) -> Int {
    var count = 0
    for index in graph.nodes.indices {
      guard case .gatherChannels(let gather) = graph.nodes[index].operation,
        !graph.outputs.contains(graph.nodes[index].output)
      else { continue }
      let readers = graph.consumers(of: graph.nodes[index].output)
      let selections = readers.compactMap { selection(of: graph.nodes[$0], in: graph) }
      // Where somebody needs all of them in their new order, parts of that are nearer.
      guard !readers.isEmpty, selections.count == readers.count else { continue }
      for (reader, channels) in zip(readers, selections) {
        graph.nodes[reader].operation = .gatherChannels(
          GatherChannels(indices: channels.map { gather.indices[$0] })
        )
        graph.nodes[reader].inputs = graph.nodes[index].inputs
        count += 1
      }
    }
    return count
  }

  /// The channels that a slice takes, where it takes them from every pixel.
  private func selection(of node: Node, in graph: Graph) -> [Int]? {
    guard case .slice(let op) = node.operation else { return nil }
    let shape = graph.shape(of: node.inputs[0])
    guard let start = op.start.last, let extent = op.extent.last, let step = op.step.last,
      op.extent.dropLast() == shape.dropLast()
    else { return nil }
    return (0..<extent).map { start + $0 * step }
  }
}
