internal import GraphIR
internal import Quantization

/// Which values are written straight into the concatenation that reads them.
struct ConcatPlacements {
  /// A place in a concatenation's channels.
  struct Part {
    /// The concatenation's value.
    var concat: ValueID
    /// First channel.
    var offset: Int
  }

  private(set) var parts: [ValueID: Part] = [:]

  /// A part is written in place if an operator computes it (nothing that is a view or a copy itself) with the scale of the whole, and
  /// no earlier concatenation has it.
  init(_ model: QuantizedGraph) {
    let graph = model.graph
    for node in graph.nodes {
      guard case .concat(let op) = node.operation, !model.floatValues.contains(node.output),
        Self.isAlongChannels(op, graph.shape(of: node.output))
      else { continue }
      var offset = 0
      for input in node.inputs {
        let channels = graph.shape(of: input).last ?? 0
        if parts[input] == nil, let producer = graph.producer(of: input),
          Self.writes(graph.nodes[producer].operation),
          model.parameters[input] == model.parameters[node.output],
          model.fusedClamps[input] == nil,
          node.inputs.count(where: { $0 == input }) == 1
        {
          parts[input] = Part(concat: node.output, offset: offset)
        }
        offset += channels
      }
    }
  }

  static func isAlongChannels(_ op: Concat, _ shape: [Int]) -> Bool {
    op.axis == shape.count - 1
  }

  private static func writes(_ operation: GraphIR.Operation) -> Bool {
    switch operation {
    case .slice, .reshape, .gatherChannels, .softmax, .transpose: false
    default: true
    }
  }
}
