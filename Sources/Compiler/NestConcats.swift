internal import GraphIR

/// Lets a concatenation that begins with all parts of an earlier one begin with its result instead.
///
/// Dense blocks (Huang et al. 2017) join ever longer lists of the same values. Nested, each part is written once, in place, and
/// every list is a prefix of the last.
enum NestConcats {
  /// Rewrites the graph; returns how many concatenations changed.
  static func run(on graph: inout Graph) -> Int {
    var count = 0
    var lists: [(inputs: [ValueID], output: ValueID, axis: Int)] = []
    for index in graph.nodes.indices {
      guard case .concat(let op) = graph.nodes[index].operation else { continue }
      let inputs = graph.nodes[index].inputs
      let longest = lists.filter {
        $0.axis == op.axis && $0.inputs.count > 1 && $0.inputs.count < inputs.count
          && inputs.starts(with: $0.inputs)
      }.max { $0.inputs.count < $1.inputs.count }
      if let longest {
        graph.nodes[index].inputs = [longest.output] + inputs.dropFirst(longest.inputs.count)
        count += 1
      }
      lists.append((inputs, graph.nodes[index].output, op.axis))
    }
    return count
  }
}
