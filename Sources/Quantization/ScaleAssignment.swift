internal import GraphIR

/// Chooses scale and zero point of every value from ranges and from what the operators demand.
struct ScaleAssignment {
  private let graph: Graph
  private let floats: Set<ValueID>
  private let groups: ScaleGroups
  private let fusedClamps: [ValueID: FusedClamps.Target]

  init(
    _ graph: Graph,
    floats: Set<ValueID>,
    fusedClamps: [ValueID: FusedClamps.Target] = [:]
  ) {
    self.graph = graph
    self.fusedClamps = fusedClamps
    self.floats = floats
    groups = ScaleGroups(graph, floats: floats)
  }

  /// Parameters of every byte value; `notes` gets a line for each scale that had to be raised.
  func parameters(
    _ ranges: [ValueID: ValueRange],
    notes: inout [String]
  ) -> [ValueID: QuantizationParameters] {
    var chosen = parametersOfGroups(ranges)
    raise(&chosen, notes: &notes)
    var result: [ValueID: QuantizationParameters] = [:]
    for value in graph.inputs + graph.nodes.map(\.output) where !floats.contains(value) {
      result[value] = chosen[groups.root(of: value)]
    }
    return result
  }

  private func parametersOfGroups(_ ranges: [ValueID: ValueRange]) -> [Int: QuantizationParameters]
  {
    var groupRanges: [Int: ValueRange] = [:]
    for node in graph.nodes where !floats.contains(node.output) {
      let root = groups.root(of: node.output)
      guard let range = range(of: node, ranges) else {
        groupRanges[root] = groupRanges[root] ?? ValueRange(0, 0)
        continue
      }
      groupRanges[root] = groupRanges[root]?.union(range) ?? range
    }
    var chosen = groupRanges.mapValues { QuantizationParameters($0) }
    for input in graph.inputs { chosen[groups.root(of: input)] = .pixels }
    return chosen
  }

  /// The range that a node adds to its group; nil where it only moves what others computed.
  private func range(of node: Node, _ ranges: [ValueID: ValueRange]) -> ValueRange? {
    switch node.operation.definition.quantizationRule {
    case .fixed(let low, let high): return ValueRange(low, high)
    case .sameAsInput:
      if case .pad(let pad) = node.operation, pad.value.isFinite {
        return ValueRange(pad.value, pad.value)
      }
      return nil
    case .shared:
      // The image keeps its own scale and is requantized into the group, which must hold it.
      let hasImage = node.inputs.contains { value in
        graph.inputs.contains { groups.root(of: $0) == groups.root(of: value) }
      }
      return hasImage ? ValueRange(0, 255) : nil
    case .float: return nil
    case .observed:
      guard let range = ranges[node.output] else { return nil }
      guard let bounds = saturation(of: node.output) else { return range }
      return range.clamped(bounds.low, bounds.high)
    }
  }

  /// The interval outside of which no reader tells values apart, where every reader has one.
  func saturation(of value: ValueID) -> ValueRange? { ReaderBounds.bounds(of: value, in: graph) }

  /// Raises output scales until every multiplier is below 1, which the format demands.
  private func raise(_ chosen: inout [Int: QuantizationParameters], notes: inout [String]) {
    let pinned = Set(graph.inputs.map { groups.root(of: $0) })
    for _ in 0..<20 {
      var isStable = true
      for node in graph.nodes where !floats.contains(node.output) {
        guard let weight = node.operation.largestWeight, weight.isFinite else { continue }
        let root = groups.root(of: fusedClamps[node.output]?.value ?? node.output)
        guard let input = chosen[groups.root(of: node.inputs[0])], let output = chosen[root],
          !pinned.contains(root)
        else { continue }
        let needed = Double(input.scale) * Double(weight) / 127 / WeightQuantizer.multiplierLimit
        guard Double(output.scale) < needed, needed < 1e30 else { continue }
        chosen[root]?.scale = Float(needed).nextUp
        notes.append(
          "\(node.name): output scale raised from \(output.scale) to \(Float(needed).nextUp), because its weights reach \(weight)"
        )
        isStable = false
      }
      if isStable { return }
    }
  }
}

extension GraphIR.Operation {
  /// Largest magnitude among the weights, where there are any.
  var largestWeight: Float? {
    switch self {
    case .convolution(let op): op.weights.values.reduce(0) { max($0, abs($1)) }
    case .fullyConnected(let op): op.weights.values.reduce(0) { max($0, abs($1)) }
    case .channelAffine(let op): op.scale.reduce(0) { max($0, abs($1)) }
    default: nil
    }
  }
}
