internal import GraphIR

/// Finds activations that exporters write out: `x × sigmoid(x)`, `x × clip(x + 3, 0, 6) ÷ 6`, `max(x, a x)` and the like.
///
/// As one function of one byte they are a table of 256 entries; written out they would be quantized at every step.
struct RecognizeActivations: GraphPass {
  let name = "recognize activations"

  func run(on graph: inout Graph) -> Int {
    var count = 0
    for index in graph.nodes.indices {
      guard case .binary(let function) = graph.nodes[index].operation,
        let (source, activation) = match(function, graph.nodes[index].inputs, in: graph)
      else { continue }
      graph.nodes[index].operation = .unary(activation)
      graph.nodes[index].inputs = [source]
      count += 1
    }
    return count + composeScalars(&graph)
  }

  private func match(
    _ function: BinaryFunction,
    _ inputs: [ValueID],
    in graph: Graph
  ) -> (ValueID, UnaryFunction)? {
    guard inputs.count == 2 else { return nil }
    for (source, other) in [(inputs[0], inputs[1]), (inputs[1], inputs[0])] {
      guard let producer = graph.producer(of: other), graph.nodes[producer].inputs == [source],
        case .unary(let gate) = graph.nodes[producer].operation
      else { continue }
      switch (function, gate) {
      case (.multiply, .sigmoid): return (source, .silu)
      case (.multiply, .hardSigmoid(let alpha, let beta))
      where abs(alpha - 1 / 6) < 1e-6 && beta == 0.5:
        return (source, .hardSwish)
      case (.multiply, .clamp(let clamp)) where clamp == Clamp(low: 0, high: 6):
        continue
      case (.maximum, .linear(let slope, 0)) where slope > 0 && slope < 1:
        return (source, .leakyReLU(slope: slope))
      default: continue
      }
    }
    return nil
  }

  /// `clip(x + 3, 0, 6)` with the factor 1/6 before or after it is a hard sigmoid, and so on.
  private func composeScalars(_ graph: inout Graph) -> Int {
    var count = 0
    for index in graph.nodes.indices {
      guard case .unary(let outer) = graph.nodes[index].operation,
        let before = graph.soleProducer(of: graph.nodes[index].inputs[0]),
        case .unary(let inner) = graph.nodes[before].operation
      else { continue }
      let composed: UnaryFunction?
      switch (inner, outer) {
      case (.linear(let a, let b), .linear(let c, let d)):
        composed = .linear(scale: c * a, bias: c * b + d)
      case (.linear(let scale, let bias), .clamp(let clamp)) where clamp == Clamp(low: 0, high: 1):
        composed = .hardSigmoid(alpha: scale, beta: bias)
      case (.clamp, .linear(let scale, 0)) where abs(scale - 1 / 6) < 1e-6:
        composed = hardSigmoid(clampAt: before, in: graph)
      default: composed = nil
      }
      guard let composed else { continue }
      if case .clamp = inner, let first = graph.producer(of: graph.nodes[before].inputs[0]) {
        graph.nodes[index].inputs = graph.nodes[first].inputs
      } else {
        graph.nodes[index].inputs = graph.nodes[before].inputs
      }
      graph.nodes[index].operation = .unary(composed)
      count += 1
    }
    return count
  }

  /// `clip(x + 3, 0, 6) ÷ 6` where the clip reads `x + 3`.
  private func hardSigmoid(clampAt index: Int, in graph: Graph) -> UnaryFunction? {
    guard case .unary(.clamp(let clamp)) = graph.nodes[index].operation,
      clamp == Clamp(low: 0, high: 6),
      let first = graph.producer(of: graph.nodes[index].inputs[0]),
      case .unary(.linear(scale: 1, bias: 3)) = graph.nodes[first].operation
    else { return nil }
    return .hardSigmoid(alpha: 1 / 6, beta: 0.5)
  }
}
