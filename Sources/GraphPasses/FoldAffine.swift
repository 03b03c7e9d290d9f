internal import GraphIR

/// Makes two affine maps in a row one.
struct MergeAffine: GraphPass {
  let name = "merge affine maps"

  func run(on graph: inout Graph) -> Int {
    var count = 0
    var index = 0
    while index < graph.nodes.count {
      if case .channelAffine(let second) = graph.nodes[index].operation,
        let before = graph.soleProducer(of: graph.nodes[index].inputs[0]),
        case .channelAffine(let first) = graph.nodes[before].operation,
        first.scale.count == second.scale.count
      {
        var merged = ChannelAffine(
          scale: zip(first.scale, second.scale).map { $0 * $1 },
          bias: second.bias.indices.map { first.bias[$0] * second.scale[$0] + second.bias[$0] }
        )
        merged.statistics =
          second.statistics ?? first.statistics?.mapped(scale: second.scale, bias: second.bias)
        graph.fuse(
          before,
          into: index,
          as: .channelAffine(merged),
          inputs: graph.nodes[before].inputs
        )
        count += 1
      } else {
        index += 1
      }
    }
    return count
  }
}

/// Folds an affine map (a batch normalization) into the convolution or fully connected layer before it.
struct FoldAffineIntoPredecessor: GraphPass {
  let name = "fold batch normalization"

  func run(on graph: inout Graph) -> Int {
    var count = 0
    var index = 0
    while index < graph.nodes.count {
      if case .channelAffine(let affine) = graph.nodes[index].operation,
        let before = graph.soleProducer(of: graph.nodes[index].inputs[0]),
        let folded = folded(affine, into: graph.nodes[before])
      {
        graph.fuse(before, into: index, as: folded, inputs: graph.nodes[before].inputs)
        count += 1
      } else {
        index += 1
      }
    }
    return count
  }

  private func folded(_ affine: ChannelAffine, into node: Node) -> Operation? {
    switch node.operation {
    case .convolution(var op):
      guard op.clamp == .none, node.inputs.count == 1 else { return nil }
      scale(&op.weights, &op.bias, by: affine)
      op.statistics =
        affine.statistics ?? op.statistics?.mapped(scale: affine.scale, bias: affine.bias)
      return .convolution(op)
    case .fullyConnected(var op):
      guard op.clamp == .none, affine.scale.count == op.bias.count else { return nil }
      scale(&op.weights, &op.bias, by: affine)
      return .fullyConnected(op)
    default: return nil
    }
  }

  private func scale(_ weights: inout Tensor, _ bias: inout [Float], by affine: ChannelAffine) {
    let row = weights.count / bias.count
    for channel in bias.indices {
      for index in channel * row..<(channel + 1) * row {
        weights.values[index] *= affine.scale[channel]
      }
      bias[channel] = bias[channel] * affine.scale[channel] + affine.bias[channel]
    }
  }
}

/// Folds an affine map (input mean and scale) into the convolution or fully connected layer after it.
///
/// Padding stands for a real 0 after the map, so before it the padding reads `(0 − bias) ÷ scale`, a channel.
struct FoldAffineIntoSuccessor: GraphPass {
  let name = "fold input mean and scale"

  func run(on graph: inout Graph) -> Int {
    var count = 0
    for index in graph.nodes.indices {
      guard let producer = graph.producer(of: graph.nodes[index].inputs[0]),
        case .channelAffine(let affine) = graph.nodes[producer].operation,
        let folded = folded(affine, into: graph.nodes[index].operation, in: graph, producer)
      else { continue }
      graph.nodes[index].operation = folded
      graph.nodes[index].inputs[0] = graph.nodes[producer].inputs[0]
      count += 1
    }
    return count
  }

  private func folded(
    _ affine: ChannelAffine,
    into operation: Operation,
    in graph: Graph,
    _ producer: Int
  ) -> Operation? {
    // Only where every reader can take it; otherwise the map would be computed all the same.
    let readers = graph.consumers(of: graph.nodes[producer].output)
    guard !graph.outputs.contains(graph.nodes[producer].output),
      readers.allSatisfy({ canTake(affine, graph.nodes[$0], graph.nodes[producer], in: graph) })
    else { return nil }
    switch operation {
    case .convolution(var op):
      let taps = op.kernelHeight * op.kernelWidth
      let inputs = op.weights.shape[3]
      let outputsPerGroup = op.outputChannels / op.groups
      for output in 0..<op.outputChannels {
        let group = output / outputsPerGroup
        var shift = 0.0
        for tap in 0..<taps {
          for input in 0..<inputs {
            let position = (output * taps + tap) * inputs + input
            let channel = group * inputs + input
            shift += Double(op.weights.values[position]) * Double(affine.bias[channel])
            op.weights.values[position] *= affine.scale[channel]
          }
        }
        op.bias[output] += Float(shift)
      }
      if op.padding != Padding() {
        op.paddingValues = paddingValues(of: op, before: affine)
      }
      return .convolution(op)
    case .fullyConnected(var op):
      let channels = affine.scale.count
      let columns = op.weights.shape[1]
      for row in op.bias.indices {
        var shift = 0.0
        for column in 0..<columns {
          let channel = column % channels
          shift += Double(op.weights.values[row * columns + column]) * Double(affine.bias[channel])
          op.weights.values[row * columns + column] *= affine.scale[channel]
        }
        op.bias[row] += Float(shift)
      }
      return .fullyConnected(op)
    default: return nil
    }
  }

  private func canTake(
    _ affine: ChannelAffine,
    _ node: Node,
    _ producer: Node,
    in graph: Graph
  ) -> Bool {
    switch node.operation {
    case .convolution(let op):
      guard node.inputs[0] == producer.output, !node.inputs.dropFirst().contains(producer.output)
      else { return false }
      guard op.padding != Padding() else { return true }
      // Padding must be a byte that the operator can read: pixels are, four channels at most.
      guard graph.inputs.contains(producer.inputs[0]), affine.scale.count <= 4 else { return false }
      return paddingValues(of: op, before: affine).allSatisfy { (-0.5...255.5).contains($0) }
    case .fullyConnected: return true
    default: return false
    }
  }

  private func paddingValues(of op: Convolution, before affine: ChannelAffine) -> [Float] {
    (0..<op.inputChannels).map { channel in
      let value = op.paddingValues.isEmpty ? 0 : op.paddingValues[channel]
      return (value - affine.bias[channel]) / affine.scale[channel]
    }
  }
}

/// Turns an affine map that found nothing to fold into into a convolution of one tap a channel.
struct TurnAffineIntoConvolution: GraphPass {
  let name = "turn affine maps into convolutions"

  func run(on graph: inout Graph) -> Int {
    var count = 0
    for index in graph.nodes.indices {
      guard case .channelAffine(let affine) = graph.nodes[index].operation,
        graph.shape(of: graph.nodes[index].output).count == 4
      else { continue }
      let channels = affine.scale.count
      var convolution = Convolution(
        weights: Tensor(shape: [channels, 1, 1, 1], values: affine.scale),
        bias: affine.bias,
        groups: channels
      )
      convolution.statistics = affine.statistics
      graph.nodes[index].operation = .convolution(convolution)
      count += 1
    }
    return count
  }
}
