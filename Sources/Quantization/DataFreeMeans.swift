public import GraphIR

/// E[x] of every channel without calibration images, for bias correction.
///
/// Statistics of batch normalizations give a layer's output as a normal distribution, which clamps and functions map and sums add up
/// (Nagel et al. 2019, "Data-Free Quantization Through Weight Equalization and Bias Correction", section 4.2 and appendix C,
/// https://arxiv.org/abs/1906.04721). Averages and movements of one image keep means. Everything else is as made-up images show it.
public struct DataFreeMeans: Sendable {
  private let graph: Graph

  /// Prepares a verified graph.
  public init(_ graph: Graph) { self.graph = graph }

  /// Means a channel; `observed` are those that made-up images showed.
  public func means(observed: [ValueID: [Double]]) -> [ValueID: [Double]] {
    var known: [ValueID: ChannelMoments] = [:]
    for node in graph.nodes { known[node.output] = moments(of: node, known) }
    return observed.merging(known.mapValues(\.mean)) { seen, stated in
      seen.count == stated.count ? stated : seen
    }
  }

  private func moments(
    of node: Node,
    _ known: [ValueID: ChannelMoments]
  ) -> ChannelMoments? {
    let inputs = node.inputs.map { known[$0] }
    switch node.operation {
    case .convolution(let op):
      guard var moments = op.statistics?.moments else { return nil }
      if inputs.count > 1 {
        guard let residual = inputs[1] else { return nil }
        moments = moments.plus(residual)
      }
      guard op.clamp != .none else { return moments }
      return moments.mapped { min(max($0, op.clamp.low), op.clamp.high) }
    case .channelAffine(let op): return op.statistics?.moments
    case .unary(let function): return inputs[0]?.mapped { function($0) }
    case .binary(.add):
      guard inputs.count == 2, let a = inputs[0], let b = inputs[1], a.mean.count == b.mean.count
      else { return nil }
      return a.plus(b)
    case .averagePool(let op) where op.window.padding == Padding(): return inputs[0]
    case .mean(let op):
      return op.axes.contains(graph.shape(of: node.inputs[0]).count - 1) ? nil : inputs[0]
    case .gatherChannels(let op):
      guard let input = inputs[0] else { return nil }
      return ChannelMoments(
        mean: op.indices.map { input.mean[$0] },
        deviation: op.indices.map { input.deviation[$0] }
      )
    case .concat(let op):
      guard op.axis == graph.shape(of: node.output).count - 1 else { return nil }
      var joined = ChannelMoments(mean: [], deviation: [])
      for input in inputs {
        guard let input else { return nil }
        joined.mean += input.mean
        joined.deviation += input.deviation
      }
      return joined
    case .reshape:
      let (from, to) = (graph.shape(of: node.inputs[0]), graph.shape(of: node.output))
      return from.last == to.last ? inputs[0] : nil
    default: return nil
    }
  }
}
