internal import GraphIR

/// Orders a convolution's outputs so that what is selected from a concatenation lies side by side.
///
/// In a unit of ShuffleNet V2 (Ma et al. 2018, https://arxiv.org/abs/1807.11164) the next unit's convolutions read the last
/// channels of the first part of a concatenation and some of the second. With those first in the second part, the convolutions read
/// them where they are, and the split and half of the shuffle cost nothing.
struct OrderConvolutionOutputs: GraphPass {
  let name = "order convolution outputs"

  func run(on graph: inout Graph) -> Int {
    var count = 0
    for index in graph.nodes.indices where order(index, in: &graph) { count += 1 }
    return count
  }

  private func order(_ index: Int, in graph: inout Graph) -> Bool {
    let node = graph.nodes[index]
    guard case .concat(let concat) = node.operation, node.inputs.count == 2,
      node.inputs[0] != node.inputs[1], !graph.outputs.contains(node.output),
      concat.axis == graph.shape(of: node.output).count - 1,
      let producer = graph.soleProducer(of: node.inputs[1]),
      case .convolution(let op) = graph.nodes[producer].operation, op.groups == 1,
      graph.nodes[producer].inputs.count == 1,
      let selected = selected(from: node.output, in: graph)
    else { return false }
    let first = graph.shape(of: node.output)[concat.axis] - op.outputChannels
    let head = selected.filter { $0 < first }.sorted()
    let tail = selected.filter { $0 >= first }.map { $0 - first }.sorted()
    guard Set(selected).count == selected.count, !tail.isEmpty, tail != Array(tail.indices),
      head == Array(first - head.count..<first)
    else { return false }
    let wanted = Set(tail)
    let order = tail + (0..<op.outputChannels).filter { !wanted.contains($0) }
    var places = [Int](repeating: 0, count: order.count)
    for (place, output) in order.enumerated() { places[output] = place }
    graph.nodes[producer].operation = .convolution(op.writingInOrder(order))
    for reader in graph.consumers(of: node.output) {
      guard case .gatherChannels(let gather) = graph.nodes[reader].operation else { continue }
      graph.nodes[reader].operation = .gatherChannels(
        GatherChannels(
          indices: gather.indices.map { $0 < first ? $0 : first + places[$0 - first] }
        )
      )
    }
    return true
  }

  /// What convolutions read of `value`: the one selection that only they do, if all readers are selections.
  private func selected(from value: ValueID, in graph: Graph) -> [Int]? {
    var result: [Int]?
    for reader in graph.consumers(of: value) {
      guard case .gatherChannels(let gather) = graph.nodes[reader].operation else { return nil }
      guard graph.readersAreDenseConvolutions(of: graph.nodes[reader].output) else { continue }
      if result != nil { return nil }
      result = gather.indices
    }
    return result
  }
}
