public import GraphIR

/// Scales channels so that each takes the share of its value's range that its readers give it, without changing what the graph computes.
///
/// With `s > 0`, `W₂ f(W₁ x + b₁) = (W₂ s) f((W₁ ÷ s) x + b₁ ÷ s)` for every positively homogeneous f (Nagel et al. 2019, "Data-Free
/// Quantization Through Weight Equalization and Bias Correction", section 4.1, https://arxiv.org/abs/1906.04721). Rows of weights have
/// scales of their own here, so what gains is the value between (Meller et al. 2019, "Same, Same But Different",
/// https://arxiv.org/abs/1902.01917): a group of channels that must be scaled alike (`ChannelGroups`) is divided by s until its largest
/// magnitude equals the largest weight that reads it as a share of its row. Float results change by rounding alone.
public struct CrossLayerEqualization: Sendable {
  /// Groups of channels that were scaled.
  public private(set) var scaledGroups = 0
  /// Smallest divisor.
  public private(set) var leastScale: Float = 1
  /// Largest divisor.
  public private(set) var largestScale: Float = 1

  /// A layer and one of its rows or columns.
  private struct Part {
    var layer: Int
    var channel: Int
  }

  /// Rounds over all groups; chains of layers take a few to settle.
  private static let rounds = 20
  /// Scales stay within this factor, so that weights stay normal numbers.
  private static let limit: Float = 65536
  /// A channel counts as no smaller than this share of its value, and of its readers' weights: a few images do not tell how far one
  /// that is nearly dead can reach.
  private static let leastShare: Float = 1 / 64

  /// Rewrites a verified graph.
  ///
  /// `reach` holds the largest magnitude of every channel of values (`ChannelReach`); what has none, or 0, is left alone.
  public init(_ graph: inout Graph, reach: [ValueID: [Float]]) {
    let groups = ChannelGroups(graph)
    var layers = graph.nodes.indices.compactMap { EqualizedLayer(node: $0, graph, groups) }
    var producers: [Int: [Part]] = [:]
    var readers: [Int: [Part]] = [:]
    var order: [Int] = []
    for (index, layer) in layers.enumerated() {
      for (channel, root) in layer.outputRoots.enumerated() where !groups.isPinned(root) {
        if producers[root] == nil { order.append(root) }
        producers[root, default: []].append(Part(layer: index, channel: channel))
      }
      for (channel, root) in layer.inputRoots.enumerated() where !groups.isPinned(root) {
        readers[root, default: []].append(Part(layer: index, channel: channel))
      }
    }
    var reached: [Int: Float] = [:]
    for (value, channels) in reach {
      let least = (channels.max() ?? 0) * Self.leastShare
      for (root, magnitude) in zip(groups.roots(value), channels) where magnitude > 0 {
        reached[root] = max(reached[root] ?? 0, magnitude, least)
      }
    }
    var scales: [Int: Float] = [:]
    for _ in 0..<Self.rounds {
      var largestChange: Float = 1
      for root in order {
        guard let writing = producers[root], let reading = readers[root],
          let magnitude = reached[root]
        else { continue }
        let old = scales[root] ?? 1
        let share = reading.reduce(Self.leastShare) {
          max($0, layers[$1.layer].share(ofColumn: $1.channel))
        }
        let wanted = (old * magnitude / share).squareRoot()
        let new = max(
          min(max(wanted, 1 / Self.limit), Self.limit),
          groups.leastScale(root)
        )
        let factor = new / old
        for part in writing { layers[part.layer].scale(row: part.channel, by: 1 / factor) }
        for part in reading { layers[part.layer].scale(column: part.channel, by: factor) }
        scales[root] = new
        largestChange = max(largestChange, factor, 1 / factor)
      }
      if largestChange < 1.001 { break }
    }
    for layer in layers {
      let node = graph.nodes[layer.node]
      graph.nodes[layer.node].operation = node.operation.scaled(
        input: layer.inputRoots.map { scales[$0] ?? 1 },
        output: layer.outputRoots.map { scales[$0] ?? 1 }
      )
    }
    scaledGroups = scales.count { $0.value != 1 }
    leastScale = scales.values.reduce(1, min)
    largestScale = scales.values.reduce(1, max)
  }
}

extension GraphIR.Operation {
  /// A layer that reads channels divided by `input` and divides its own by `output`.
  fileprivate func scaled(input: [Float], output: [Float]) -> GraphIR.Operation {
    switch self {
    case .convolution(var op):
      let columns = op.weights.shape[3]
      let depth = op.weights.count / op.outputChannels
      let rowsPerGroup = op.outputChannels / op.groups
      for row in 0..<op.outputChannels {
        let first = row / rowsPerGroup * columns
        for k in 0..<depth {
          op.weights.values[row * depth + k] *= input[first + k % columns] / output[row]
        }
      }
      op.bias = zip(op.bias, output).map { $0 / $1 }
      op.paddingValues = zip(op.paddingValues, input).map { $0 / $1 }
      op.statistics = op.statistics?.divided(by: output)
      return .convolution(op)
    case .fullyConnected(var op):
      let depth = op.weights.shape[1]
      for row in 0..<op.weights.shape[0] {
        for k in 0..<depth {
          op.weights.values[row * depth + k] *= input[k % input.count] / output[row]
        }
      }
      op.bias = zip(op.bias, output).map { $0 / $1 }
      return .fullyConnected(op)
    case .channelAffine(var op):
      op.scale = op.scale.indices.map { op.scale[$0] * (input[$0] / output[$0]) }
      op.bias = zip(op.bias, output).map { $0 / $1 }
      op.statistics = op.statistics?.divided(by: output)
      return .channelAffine(op)
    default: return self
    }
  }
}

extension ChannelStatistics {
  fileprivate func divided(by scales: [Float]) -> ChannelStatistics {
    mapped(scale: scales.map { 1 / $0 }, bias: [Float](repeating: 0, count: scales.count))
  }
}
