public import GraphIR

/// Moves what a ReLU never cuts from a layer's biases into the biases of the layers that read it, so that activations span less.
///
/// Where statistics say that a channel stays above `c = max(0, mean − 3 σ)`, `max(y, 0) = max(y − c, 0) + c` but for about one value
/// in a thousand, and the readers' biases take `W c` (Nagel et al. 2019, section 4.1.3, https://arxiv.org/abs/1906.04721). Readers
/// that pad would read `−c` there, outside of the range that is to shrink, so they keep their layer as it is.
public struct HighBiasAbsorption: Sendable {
  /// Channels whose biases moved.
  public private(set) var channels = 0

  /// Standard deviations below the mean that stay.
  private static let deviations: Float = 3

  /// Rewrites a verified graph.
  public init(_ graph: inout Graph) {
    for index in graph.nodes.indices {
      guard case .convolution(var op) = graph.nodes[index].operation,
        graph.nodes[index].inputs.count == 1, op.clamp.low == 0, let statistics = op.statistics,
        let readers = Self.readers(of: graph.nodes[index].output, in: graph), !readers.isEmpty
      else { continue }
      let moved = statistics.mean.indices.map { channel in
        let mean = statistics.mean[channel]
        let deviation = statistics.deviation[channel]
        let isCut = mean + ChannelGroups.reach * deviation > op.clamp.high
        return isCut || !mean.isFinite ? 0 : max(0, mean - Self.deviations * deviation)
      }
      guard moved.contains(where: { $0 > 0 }) else { continue }
      channels += moved.count { $0 > 0 }
      op.bias = zip(op.bias, moved).map { $0 - $1 }
      op.statistics = statistics.mapped(
        scale: [Float](repeating: 1, count: moved.count),
        bias: moved.map { -$0 }
      )
      graph.nodes[index].operation = .convolution(op)
      for reader in readers {
        graph.nodes[reader].operation = graph.nodes[reader].operation.adding(moved)
      }
    }
  }

  /// The layers that read a value, directly or through what passes a summand a channel on; nil where one of them cannot take it.
  private static func readers(of value: ValueID, in graph: Graph) -> [Int]? {
    guard !graph.outputs.contains(value) else { return nil }
    var found: [Int] = []
    for index in graph.consumers(of: value) {
      let node = graph.nodes[index]
      switch node.operation {
      case .convolution(let op):
        guard op.padding == Padding(), node.inputs.first == value,
          !node.inputs.dropFirst().contains(value)
        else { return nil }
        found.append(index)
      case .fullyConnected, .channelAffine: found.append(index)
      case .maxPool, .averagePool, .mean, .reshape:
        guard passesSummands(node, graph), let further = readers(of: node.output, in: graph)
        else { return nil }
        found += further
      default: return nil
      }
    }
    return found
  }

  /// Whether a summand of every input channel comes out as the summand of the same output channel.
  private static func passesSummands(_ node: Node, _ graph: Graph) -> Bool {
    let input = graph.shape(of: node.inputs[0])
    switch node.operation {
    case .maxPool: return true
    case .averagePool(let op): return op.window.padding == Padding() || !op.countIncludesPadding
    case .mean(let op): return !op.axes.contains(input.count - 1)
    case .reshape:
      return graph.shape(of: node.output).last.map { $0 % (input.last ?? 1) == 0 } ?? false
    default: return false
    }
  }
}

extension GraphIR.Operation {
  /// A layer that computes the same although `moved` has been taken from the channels that it reads.
  fileprivate func adding(_ moved: [Float]) -> GraphIR.Operation {
    func sums(_ weights: [Float], rows: Int, groups: Int, columns: Int) -> [Float] {
      let depth = weights.count / rows
      return (0..<rows).map { row in
        let first = row / (rows / groups) * columns
        return Float(
          (0..<depth).reduce(0.0) { sum, k in
            sum + Double(weights[row * depth + k])
              * Double(moved[(first + k % columns) % moved.count])
          }
        )
      }
    }
    switch self {
    case .convolution(var op):
      let added = sums(
        op.weights.values,
        rows: op.outputChannels,
        groups: op.groups,
        columns: op.weights.shape[3]
      )
      op.bias = zip(op.bias, added).map { $0 + $1 }
      return .convolution(op)
    case .fullyConnected(var op):
      let added = sums(
        op.weights.values,
        rows: op.bias.count,
        groups: 1,
        columns: op.weights.shape[1]
      )
      op.bias = zip(op.bias, added).map { $0 + $1 }
      return .fullyConnected(op)
    case .channelAffine(var op):
      op.bias = op.bias.indices.map { op.bias[$0] + op.scale[$0] * moved[$0 % moved.count] }
      return .channelAffine(op)
    default: return self
    }
  }
}
