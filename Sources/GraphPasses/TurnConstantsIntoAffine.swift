internal import GraphIR

/// Turns arithmetic with constants into affine maps and clamps, which fold further.
struct TurnConstantsIntoAffine: GraphPass {
  let name = "turn constants into affine maps"

  func run(on graph: inout Graph) -> Int {
    var count = 0
    for index in graph.nodes.indices {
      guard let (operation, source) = rewritten(graph.nodes[index], in: graph) else { continue }
      graph.nodes[index].operation = operation
      graph.nodes[index].inputs = [source]
      count += 1
    }
    return count
  }

  private func rewritten(_ node: Node, in graph: Graph) -> (Operation, ValueID)? {
    switch node.operation {
    case .unary(.negate): return (.unary(.linear(scale: -1, bias: 0)), node.inputs[0])
    case .unary(.linear(let scale, let bias)):
      guard let channels = graph.shape(of: node.output).last, isUseful(node, in: graph) else {
        return nil
      }
      let affine = ChannelAffine(
        scale: [Float](repeating: scale, count: channels),
        bias: [Float](repeating: bias, count: channels)
      )
      return (.channelAffine(affine), node.inputs[0])
    case .binary(let function):
      guard node.inputs.count == 2 else { return nil }
      if let constant = graph.constants[node.inputs[1]] {
        return operation(function, node, constant, isReversed: false, in: graph)
          .map { ($0, node.inputs[0]) }
      }
      if let constant = graph.constants[node.inputs[0]] {
        return operation(function, node, constant, isReversed: true, in: graph)
          .map { ($0, node.inputs[1]) }
      }
      return nil
    default: return nil
    }
  }

  /// A scalar map stays scalar while an activation may still be recognised around it.
  private func isUseful(_ node: Node, in graph: Graph) -> Bool {
    let neighbours =
      [graph.producer(of: node.inputs[0])] + graph.consumers(of: node.output).map { $0 }
    return !neighbours.contains { index in
      guard let index, case .unary(let function) = graph.nodes[index].operation else {
        return false
      }
      switch function {
      case .clamp, .linear: return true
      default: return false
      }
    } || graph.producer(of: node.inputs[0]).map { isFoldable(graph.nodes[$0].operation) } ?? false
  }

  private func isFoldable(_ operation: Operation) -> Bool {
    switch operation {
    case .convolution, .fullyConnected, .channelAffine: true
    default: false
    }
  }

  private func operation(
    _ function: BinaryFunction,
    _ node: Node,
    _ constant: Tensor,
    isReversed: Bool,
    in graph: Graph
  ) -> Operation? {
    let source = isReversed ? node.inputs[1] : node.inputs[0]
    let shape = graph.shape(of: node.output)
    guard shape == graph.shape(of: source), let channels = shape.last else { return nil }
    guard constant.count == 1 || constant.shape.last == channels && constant.count == channels
    else { return nil }
    let values =
      constant.count == 1 && channels != 1
      ? [Float](repeating: constant.values[0], count: channels) : constant.values
    if constant.count == 1, let scalar = scalarFunction(function, constant.values[0], isReversed) {
      return .unary(scalar)
    }
    let ones = [Float](repeating: 1, count: channels)
    let zeros = [Float](repeating: 0, count: channels)
    switch (function, isReversed) {
    case (.add, _): return .channelAffine(ChannelAffine(scale: ones, bias: values))
    case (.subtract, false):
      return .channelAffine(ChannelAffine(scale: ones, bias: values.map { -$0 }))
    case (.subtract, true):
      return .channelAffine(ChannelAffine(scale: ones.map { -$0 }, bias: values))
    case (.multiply, _): return .channelAffine(ChannelAffine(scale: values, bias: zeros))
    case (.divide, false) where values.allSatisfy({ $0 != 0 }):
      return .channelAffine(ChannelAffine(scale: values.map { 1 / $0 }, bias: zeros))
    default: return nil
    }
  }

  private func scalarFunction(
    _ function: BinaryFunction,
    _ value: Float,
    _ isReversed: Bool
  ) -> UnaryFunction? {
    switch (function, isReversed) {
    case (.add, _): .linear(scale: 1, bias: value)
    case (.subtract, false): .linear(scale: 1, bias: -value)
    case (.subtract, true): .linear(scale: -1, bias: value)
    case (.multiply, _): .linear(scale: value, bias: 0)
    case (.divide, false) where value != 0: .linear(scale: 1 / value, bias: 0)
    case (.divide, true) where value == 1: .reciprocal
    case (.maximum, _): .clamp(Clamp(low: value, high: .infinity))
    case (.minimum, _): .clamp(Clamp(low: -.infinity, high: value))
    default: nil
    }
  }
}
