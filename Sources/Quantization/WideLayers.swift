public import GraphIR

/// Which values keep 16 bits, u8.8 of FORMAT.md, because somebody named the layers that compute them.
///
/// A number of u8.8 has the scale and zero point that its byte would have, and eight bits behind the point: nothing else of the
/// quantization changes, and whoever cannot read it gets it rounded to that byte.
public struct WideLayers: Sendable {
  /// The values.
  public private(set) var values: Set<ValueID> = []
  /// Layers that stay at 8 bits although they were named, and why, a line each.
  public private(set) var notes: [String] = []

  /// Values of the nodes of `graph` that are called `names`.
  ///
  /// A function of a byte has no more than 256 values, so what a function reads becomes wide with it.
  ///
  /// - Throws: `QuantizationError.unknownLayer` for a name that no layer has.
  public init(
    _ names: Set<String>,
    in graph: Graph,
    floatValues: Set<ValueID>,
    fusedClamps: [ValueID: FusedClamps.Target]
  ) throws(QuantizationError) {
    for name in names.sorted() {
      guard let node = graph.nodes.first(where: { $0.name == name }) else {
        throw .unknownLayer(name: name, known: graph.nodes.map(\.name))
      }
      add(node, graph, floatValues, fusedClamps)
    }
  }

  private mutating func add(
    _ node: Node,
    _ graph: Graph,
    _ floatValues: Set<ValueID>,
    _ fusedClamps: [ValueID: FusedClamps.Target]
  ) {
    if floatValues.contains(node.output) {
      notes.append("\(node.name): stays float32")
    } else if !Self.hasWideForm(node.operation) {
      let kind = node.operation.definition.mnemonic
      notes.append("\(node.name): stays at 8 bits, because \(kind) has no form of 16")
    } else {
      values.insert(fusedClamps[node.output]?.value ?? node.output)
      if case .unary = node.operation, let producer = graph.producer(of: node.inputs[0]),
        !values.contains(node.inputs[0])
      {
        add(graph.nodes[producer], graph, floatValues, fusedClamps)
      }
    }
  }

  /// Whether what the operation computes can be written in 16 bits.
  public static func hasWideForm(_ operation: GraphIR.Operation) -> Bool {
    switch operation {
    case .convolution, .fullyConnected, .channelAffine, .averagePool, .mean, .unary: true
    case .binary(let function): [.add, .subtract, .multiply].contains(function)
    default: false
    }
  }
}

extension QuantizedGraph {
  /// Lets the outputs of the layers called `names` keep 16 bits.
  ///
  /// - Throws: `QuantizationError.unknownLayer` for a name that no layer has.
  public mutating func widen(_ names: Set<String>) throws(QuantizationError) {
    let wide = try WideLayers(
      names,
      in: graph,
      floatValues: floatValues,
      fusedClamps: fusedClamps
    )
    wideValues = wide.values
    notes += wide.notes
  }
}
