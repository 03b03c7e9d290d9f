public import GraphIR

/// Scales channels so that the ranges of the layers on either side match, without changing what the graph computes.
///
/// With `s > 0`, `W₂ f(W₁ x + b₁) = (W₂ s) f((W₁ ÷ s) x + b₁ ÷ s)` for every positively homogeneous f (Nagel et al. 2019, "Data-Free
/// Quantization Through Weight Equalization and Bias Correction", section 4.1, https://arxiv.org/abs/1906.04721). A group of channels
/// that must be scaled alike (`ChannelGroups`) is divided by `s = √(r₁ ÷ r₂)`, r₁ being the largest weight that produces it and r₂ the
/// largest that reads it, until nothing moves any more. Float results change by rounding alone.
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

  /// Rewrites a verified graph.
  ///
  /// `reach` holds the largest magnitude of every channel of values, where known.
  public init(_ graph: inout Graph, reach: [ValueID: [Float]] = [:]) {
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
      for (root, magnitude) in zip(groups.roots(value), channels) {
        reached[root] = max(reached[root] ?? 0, magnitude)
      }
    }
    var scales: [Int: Float] = [:]
    for _ in 0..<Self.rounds {
      var largestChange: Float = 1
      for root in order {
        guard let writing = producers[root], let reading = readers[root] else { continue }
        let old = scales[root] ?? 1
        let first: Float
        let second: Float
        if let magnitude = reached[root] {
          first = magnitude / old
          second = reading.reduce(0) { max($0, layers[$1.layer].share(ofColumn: $1.channel)) }
        } else {
          first = writing.reduce(0) { max($0, layers[$1.layer].range(ofRow: $1.channel)) }
          second = reading.reduce(0) { max($0, layers[$1.layer].range(ofColumn: $1.channel)) }
        }
        guard first > 0, second > 0, (first / second).isFinite, first / second > 0 else { continue }
        let wanted = old * (first / second).squareRoot()
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
