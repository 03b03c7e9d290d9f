internal import GraphIR

/// Lets convolutions read neighbouring channels where they lie, instead of a copy in another order: their weights move.
struct ReadChannelRanges: GraphPass {
  let name = "read channel ranges in place"

  func run(on graph: inout Graph) throws(GraphError) -> Int {
    var count = 0
    for index in graph.nodes.indices {
      guard case .gatherChannels(let gather) = graph.nodes[index].operation,
        let range = Self.range(of: gather.indices),
        graph.readersAreDenseConvolutions(of: graph.nodes[index].output)
      else { continue }
      let source = graph.nodes[index].inputs[0]
      let shape = graph.shape(of: source)
      guard range.count < shape[shape.count - 1] else { continue }
      for reader in graph.consumers(of: graph.nodes[index].output) {
        guard case .convolution(let op) = graph.nodes[reader].operation else { continue }
        graph.nodes[reader].operation = .convolution(
          op.readingInOrder(gather.indices.map { $0 - range.lowerBound })
        )
      }
      var start = [Int](repeating: 0, count: shape.count)
      start[shape.count - 1] = range.lowerBound
      graph.nodes[index].operation = .slice(
        Slice(start: start, extent: graph.shape(of: graph.nodes[index].output))
      )
      count += 1
    }
    return count
  }

  /// The range of which the indices are a permutation.
  static func range(of indices: [Int]) -> Range<Int>? {
    let sorted = indices.sorted()
    guard let first = sorted.first,
      sorted.indices.allSatisfy({ sorted[$0] == first + $0 })
    else { return nil }
    return first..<first + sorted.count
  }
}

extension Graph {
  /// Whether plain convolutions alone read `value`, each as its image.
  func readersAreDenseConvolutions(of value: ValueID) -> Bool {
    let readers = consumers(of: value)
    return !outputs.contains(value) && !readers.isEmpty
      && readers.allSatisfy { reader in
        guard case .convolution(let op) = nodes[reader].operation, op.groups == 1 else {
          return false
        }
        return nodes[reader].inputs[0] == value
          && !nodes[reader].inputs.dropFirst().contains(value)
      }
  }
}

extension Convolution {
  /// This convolution, without groups, of an image whose channel `channels[i]` is what was channel i.
  func readingInOrder(_ channels: [Int]) -> Convolution {
    var result = self
    let count = channels.count
    for row in 0..<weights.count / count {
      for (position, channel) in channels.enumerated() {
        result.weights.values[row * count + channel] = weights.values[row * count + position]
      }
    }
    if !paddingValues.isEmpty {
      for (position, channel) in channels.enumerated() {
        result.paddingValues[channel] = paddingValues[position]
      }
    }
    return result
  }

  /// This convolution with its outputs in another order: output i is what was `order[i]`.
  func writingInOrder(_ order: [Int]) -> Convolution {
    var result = self
    let each = weights.count / bias.count
    for (position, output) in order.enumerated() {
      for index in 0..<each {
        result.weights.values[position * each + index] = weights.values[output * each + index]
      }
    }
    result.bias = order.map { bias[$0] }
    if let statistics {
      result.statistics = ChannelStatistics(
        mean: order.map { statistics.mean[$0] },
        deviation: order.map { statistics.deviation[$0] }
      )
    }
    return result
  }
}
