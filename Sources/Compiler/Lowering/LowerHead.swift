internal import GraphIR
internal import ModelFormat

/// Softmax, in float32.
extension Lowering {
  mutating func lowerSoftmax(_ op: Softmax, _ node: Node) throws(Problem) {
    let isLast = graph.outputs.contains(node.output)
    if op.isLogarithmic {
      guard isLast else { throw Problem("logarithmic softmax inside the network") }
      notes.append(
        "\(node.name): the logarithm of the softmax is left out, so scores are probabilities"
      )
    }
    let input = try floatTensor(node.inputs[0], name: node.name)
    let output = addTensor(name: graph[node.output].name, shape(input), nil)
    var record = OperatorRecord(.softmax)
    record.input = input
    record.output = output
    emit(record, name: node.name, value: op.isLogarithmic ? nil : node.output)
    try define(node.output, in: output)
    if isLast { contents.input.outputIsProbability = true }
  }
}
