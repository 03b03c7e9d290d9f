internal import GraphIR

/// Folds a reordering of channels into the weights of the convolution after or before it.
struct FoldChannelOrder: GraphPass {
  let name = "fold channel order"

  func run(on graph: inout Graph) -> Int {
    var count = 0
    for index in graph.nodes.indices {
      guard case .convolution(let op) = graph.nodes[index].operation, op.groups == 1,
        let producer = graph.producer(of: graph.nodes[index].inputs[0]),
        case .gatherChannels(let gather) = graph.nodes[producer].operation,
        case let channels = graph.shape(of: graph.nodes[producer].inputs[0])[3],
        // Weights come in fours; more products than before would take longer than a copy.
        (channels + 3) / 4 <= (gather.indices.count + 3) / 4
      else { continue }
      graph.nodes[index].operation = .convolution(
        reading(op, gather.indices, channels: channels)
      )
      graph.nodes[index].inputs[0] = graph.nodes[producer].inputs[0]
      count += 1
    }
    return count
  }

  /// The convolution that reads the ungathered input: weights move to the channel they belong to.
  private func reading(_ op: Convolution, _ indices: [Int], channels: Int) -> Convolution {
    var result = op
    let rows = op.weights.count / indices.count
    var weights = Tensor(
      shape: Array(op.weights.shape.dropLast()) + [channels],
      repeating: 0
    )
    for row in 0..<rows {
      for (position, channel) in indices.enumerated() {
        weights.values[row * channels + channel] +=
          op.weights.values[row * indices.count + position]
      }
    }
    result.weights = weights
    if !op.paddingValues.isEmpty {
      result.paddingValues = [Float](repeating: 0, count: channels)
      for (position, channel) in indices.enumerated() {
        result.paddingValues[channel] = op.paddingValues[position]
      }
    }
    return result
  }
}
