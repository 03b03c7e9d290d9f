internal import GraphIR

/// Values that must share one scale and zero point, by union of what each operator demands.
struct ScaleGroups {
  private var parents: [Int]

  /// Groups of a graph whose values in `floats` stay float32.
  ///
  /// An operator that moves values has its output in its input's group; one that writes its inputs in place has all of them in
  /// the output's, but for the graph's input, whose scale is given: it is requantized on the way in.
  init(_ graph: Graph, floats: Set<ValueID>) {
    parents = Array(0..<graph.values.count)
    for node in graph.nodes where !floats.contains(node.output) {
      if node.operation.definition.quantizationRule == .sameAsInput {
        join(node.output, node.inputs[0])
      }
    }
    for node in graph.nodes where !floats.contains(node.output) {
      guard node.operation.definition.quantizationRule == .shared else { continue }
      let pinned = Set(graph.inputs.map { root(of: $0) })
      let free = node.inputs.filter { !pinned.contains(root(of: $0)) }
      if free.isEmpty {
        join(node.output, node.inputs[0])
      } else {
        for input in free { join(node.output, input) }
      }
    }
  }

  /// The smallest value of the group that holds `value`.
  func root(of value: ValueID) -> Int {
    var index = value.index
    while parents[index] != index { index = parents[index] }
    return index
  }

  private mutating func join(_ a: ValueID, _ b: ValueID) {
    let (a, b) = (root(of: a), root(of: b))
    parents[max(a, b)] = min(a, b)
  }
}
