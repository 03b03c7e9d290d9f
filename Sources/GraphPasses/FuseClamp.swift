internal import GraphIR

/// Puts ReLU, ReLU6 and clips into the epilogue of the layer before them.
struct FuseClamp: GraphPass {
  let name = "fuse activations"

  func run(on graph: inout Graph) -> Int {
    var count = 0
    var index = 0
    while index < graph.nodes.count {
      if case .unary(.clamp(let clamp)) = graph.nodes[index].operation,
        let before = graph.soleProducer(of: graph.nodes[index].inputs[0]),
        let fused = fused(clamp, into: graph.nodes[before].operation)
      {
        graph.fuse(before, into: index, as: fused, inputs: graph.nodes[before].inputs)
        count += 1
      } else {
        index += 1
      }
    }
    return count
  }

  private func fused(_ clamp: Clamp, into operation: Operation) -> Operation? {
    switch operation {
    case .convolution(var op):
      op.clamp = op.clamp.followed(by: clamp)
      return .convolution(op)
    case .fullyConnected(var op):
      op.clamp = op.clamp.followed(by: clamp)
      return .fullyConnected(op)
    default: return nil
    }
  }
}

extension Clamp {
  /// Both bounds one after the other.
  func followed(by next: Clamp) -> Clamp {
    Clamp(
      low: min(max(low, next.low), next.high),
      high: min(max(high, next.low), next.high)
    )
  }
}
