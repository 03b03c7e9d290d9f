public import GraphIR

/// What those who read a value tell apart: a hard swish takes everything below −3 for the same.
public enum ReaderBounds {
  /// The interval outside of which no reader of `value` tells numbers apart; nil where one does, or nobody reads it.
  public static func bounds(of value: ValueID, in graph: Graph) -> ValueRange? {
    let readers = graph.consumers(of: value)
    guard !readers.isEmpty, !graph.outputs.contains(value) else { return nil }
    var result: ValueRange?
    for reader in readers {
      guard case .unary(let function) = graph.nodes[reader].operation,
        let bounds = function.saturation
      else { return nil }
      result = result?.union(bounds) ?? bounds
    }
    return result
  }
}

extension UnaryFunction {
  /// The interval outside of which the function is constant to within a 256th of its range.
  fileprivate var saturation: ValueRange? {
    switch self {
    case .hardSwish: ValueRange(-3, .greatestFiniteMagnitude)
    case .hardSigmoid(let alpha, let beta):
      alpha > 0 ? ValueRange(-beta / alpha, (1 - beta) / alpha) : nil
    case .sigmoid: ValueRange(-8, 8)
    case .tanh: ValueRange(-4, 4)
    case .clamp(let clamp):
      ValueRange(
        max(clamp.low, -.greatestFiniteMagnitude),
        min(clamp.high, .greatestFiniteMagnitude)
      )
    default: nil
    }
  }
}
