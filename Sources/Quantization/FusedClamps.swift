public import GraphIR

/// Clamps that alone read an addition, multiplication, affine map or average: the operator applies them as it writes.
public enum FusedClamps {
  /// A clamp and the value that it computes.
  public struct Target: Sendable, Equatable {
    /// The clamped value.
    public var value: ValueID
    /// The bounds.
    public var clamp: Clamp
  }

  /// Clamps by the value that they read.
  public static func targets(in graph: Graph) -> [ValueID: Target] {
    var result: [ValueID: Target] = [:]
    for node in graph.nodes {
      guard case .unary(.clamp(let clamp)) = node.operation,
        let producer = graph.producer(of: node.inputs[0]),
        graph.consumers(of: node.inputs[0]).count == 1,
        !graph.outputs.contains(node.inputs[0])
      else { continue }
      switch graph.nodes[producer].operation {
      case .channelAffine, .averagePool, .mean, .binary(.add), .binary(.subtract),
        .binary(.multiply):
        result[node.inputs[0]] = Target(value: node.output, clamp: clamp)
      default: break
      }
    }
    return result
  }
}
