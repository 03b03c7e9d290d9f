internal import GraphIR

/// Turns an explicit border into the padding of the operator that reads it.
struct FoldPad: GraphPass {
  let name = "fold padding"

  func run(on graph: inout Graph) -> Int {
    var count = 0
    for index in graph.nodes.indices {
      guard let producer = graph.producer(of: graph.nodes[index].inputs[0]),
        case .pad(let pad) = graph.nodes[producer].operation, pad.channels == (0, 0),
        let operation = padded(graph.nodes[index].operation, pad, graph.nodes[producer], in: graph)
      else { continue }
      graph.nodes[index].operation = operation
      graph.nodes[index].inputs[0] = graph.nodes[producer].inputs[0]
      count += 1
    }
    return count
  }

  private func padded(_ operation: Operation, _ pad: Pad, _ node: Node, in graph: Graph)
    -> Operation?
  {
    switch operation {
    case .convolution(var op):
      let channels = op.inputChannels
      let values = [Float](repeating: pad.value, count: channels)
      guard
        op.padding == Padding() || op.paddingValues == values
          || op.paddingValues.isEmpty && pad.value == 0
      else { return nil }
      op.padding = op.padding + pad.padding
      op.paddingValues = pad.value == 0 ? [] : values
      return .convolution(op)
    case .averagePool(var op):
      guard pad.value == 0, op.window.padding == Padding(), !op.window.ceilMode else { return nil }
      op.window.padding = pad.padding
      op.countIncludesPadding = true
      return .averagePool(op)
    case .maxPool(var op):
      // A border below everything that it borders never wins; after a ReLU zero is such a border.
      guard pad.value == -.infinity || pad.value == 0 && isNotNegative(node.inputs[0], in: graph),
        op.window.padding == Padding(), !op.window.ceilMode
      else { return nil }
      let reach = (
        op.window.dilation.y * (op.window.kernel.y - 1),
        op.window.dilation.x * (op.window.kernel.x - 1)
      )
      guard max(pad.padding.top, pad.padding.bottom) <= reach.0,
        max(pad.padding.left, pad.padding.right) <= reach.1
      else { return nil }
      op.window.padding = pad.padding
      return .maxPool(op)
    default: return nil
    }
  }

  private func isNotNegative(_ value: ValueID, in graph: Graph) -> Bool {
    guard let producer = graph.producer(of: value) else { return false }
    return switch graph.nodes[producer].operation {
    case .unary(.clamp(let clamp)): clamp.low >= 0
    case .convolution(let op): op.clamp.low >= 0
    case .maxPool, .averagePool: isNotNegative(graph.nodes[producer].inputs[0], in: graph)
    case .unary(.sigmoid), .unary(.hardSigmoid): true
    default: false
    }
  }
}

extension Padding {
  static func + (a: Padding, b: Padding) -> Padding {
    Padding(
      top: a.top + b.top,
      left: a.left + b.left,
      bottom: a.bottom + b.bottom,
      right: a.right + b.right
    )
  }
}
