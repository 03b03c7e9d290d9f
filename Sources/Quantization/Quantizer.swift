public import GraphIR

/// Chooses scales and rounds weights.
public struct Quantizer: Sendable {
  private let graph: Graph

  /// Prepares to quantize a verified graph.
  public init(_ graph: Graph) { self.graph = graph }

  /// Chooses scales and rounds weights of every layer.
  ///
  /// - Parameters:
  ///   - ranges: real ranges of the values that operators compute; a value without one counts as constantly 0.
  ///   - channelMeans: mean of every channel of the values that weights are applied to, for bias correction; empty for none.
  ///   - rounded: integers of layers whose weights were rounded before; others are rounded to the nearest.
  ///   - progress: called after every layer.
  /// - Returns: the int8 form of the graph.
  /// - Throws: `QuantizationError` naming the layer whose weights are not finite.
  public func quantize(
    ranges: [ValueID: ValueRange],
    channelMeans: [ValueID: [Double]] = [:],
    rounded: [ValueID: RoundedWeights] = [:],
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(QuantizationError) -> QuantizedGraph {
    var result = QuantizedGraph(graph: graph)
    result.floatValues = FloatHeads.values(of: graph)
    result.fusedClamps = FusedClamps.targets(in: graph)
    let assignment = ScaleAssignment(
      graph,
      floats: result.floatValues,
      fusedClamps: result.fusedClamps
    )
    for node in graph.nodes {
      result.saturations[node.output] = assignment.saturation(of: node.output)
    }
    result.parameters = assignment.parameters(ranges, notes: &result.notes)
    for (index, node) in graph.nodes.enumerated() {
      defer { progress(index + 1, graph.nodes.count) }
      guard let layer = WeightedLayer(node, graph), let input = result.parameters[node.inputs[0]]
      else { continue }
      let quantizer = WeightQuantizer(
        layer: node.name,
        input: input,
        outputScale: result.parameters[result.fusedClamps[node.output]?.value ?? node.output]?.scale
      )
      let weights = try quantizer.quantize(
        layer.weights,
        bias: layer.bias,
        rounded: rounded[node.output],
        means: channelMeans[node.inputs[0]].flatMap { layer.means($0) }
      )
      note(weights, node.name, in: &result.notes)
      result.weights[node.output] = weights
    }
    return result
  }

  private func note(_ weights: QuantizedWeights, _ name: String, in notes: inout [String]) {
    let total = weights.bias.count
    if weights.deadChannels > 0 {
      notes.append(
        "\(name): \(weights.deadChannels) of \(total) channels have no weights that count"
      )
    }
    if weights.raisedChannels > 0 {
      notes.append(
        "\(name): \(weights.raisedChannels) of \(total) channels have coarser weights so that sums fit 32 bits"
      )
    }
    if weights.clippedChannels > 0 {
      notes.append(
        "\(name): \(weights.clippedChannels) of \(total) channels have clipped weights, because the output scale cannot be raised"
      )
    }
  }
}

/// The weights of a node as rows, one an output channel.
struct WeightedLayer {
  let weights: [Float]
  let bias: [Float]
  /// Groups of input channels.
  let groups: Int
  /// Input channels of a group: weight k of a row reads channel `group × channels + k mod channels`.
  let channels: Int

  init?(_ node: Node, _ graph: Graph) {
    switch node.operation {
    case .convolution(let op):
      (weights, bias) = (op.weights.values, op.bias)
      (groups, channels) = (op.groups, op.weights.shape[3])
    case .fullyConnected(let op):
      (weights, bias) = (op.weights.values, op.bias)
      (groups, channels) = (1, graph.shape(of: node.inputs[0]).last ?? 1)
    case .channelAffine(let op):
      (weights, bias) = (op.scale, op.bias)
      (groups, channels) = (op.scale.count, 1)
    default: return nil
    }
  }

  /// E[x] by row and weight, from the means of the input's channels; nil where they do not fit.
  func means(_ channelMeans: [Double]) -> ((_ row: Int, _ k: Int) -> Double)? {
    guard channelMeans.count == groups * channels, groups > 0 else { return nil }
    let rowsPerGroup = max(1, bias.count / groups)
    return { row, k in channelMeans[row / rowsPerGroup * channels + k % channels] }
  }
}
