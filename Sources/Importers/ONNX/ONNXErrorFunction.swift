internal import GraphIR

/// A part of a Gelu that an exporter wrote out: `(scale × erf(x ÷ √2) + bias)`, perhaps times x.
///
/// The graph has no error function, so the value exists only until it is complete: `k (1 + erf(x ÷ √2)) x = 2k gelu(x)`.
struct ONNXErrorFunction {
  /// x.
  var source: AxisView
  var scale: Float = 1
  var bias: Float = 0
  var isTimesSource = false
}

extension ONNXConverter {
  /// The results of a node that starts, continues or completes a written-out Gelu, or nil for any other node.
  mutating func writtenOutGelu(_ node: ONNXNode) throws -> [ONNXValue]? {
    if node.type == "Erf", case .activation(let operand) = try operand(node, 0) {
      guard let (source, factor) = factored(operand),
        Swift.abs(factor - Float(0.5).squareRoot()) < 1e-5
      else { throw ONNXProblem.unsupported("an error function of something else than x ÷ √2") }
      errorFunctions[node.outputs[0]] = ONNXErrorFunction(source: source)
      return []
    }
    guard let position = node.inputs.firstIndex(where: { errorFunctions[$0] != nil }),
      var part = errorFunctions[node.inputs[position]]
    else { return nil }
    let problem = ONNXProblem.unsupported("an error function outside of a Gelu")
    guard node.inputs.count == 2, let output = node.outputs.first,
      errorFunctions[node.inputs[1 - position]] == nil
    else { throw problem }
    switch (node.type, try operand(node, 1 - position)) {
    case ("Add", .constant(let tensor)) where tensor.count == 1 && !part.isTimesSource:
      part.bias += tensor.floats[0]
    case ("Mul", .constant(let tensor)) where tensor.count == 1:
      part.scale *= tensor.floats[0]
      part.bias *= tensor.floats[0]
    case ("Div", .constant(let tensor)) where tensor.count == 1 && position == 0:
      part.scale /= tensor.floats[0]
      part.bias /= tensor.floats[0]
    case ("Mul", .activation(let view)) where !part.isTimesSource:
      let factor: Float
      if view == part.source {
        factor = 1
      } else if let (source, stated) = factored(view), source == part.source {
        factor = stated
      } else {
        throw problem
      }
      part.scale *= factor
      part.bias *= factor
      part.isTimesSource = true
    default: throw problem
    }
    errorFunctions[output] = part
    guard part.isTimesSource, part.scale == part.bias else { return [] }
    // An unfinished factor may follow; it is then a plain scale of this one.
    errorFunctions[output] = nil
    let result = try unary(.gelu, of: part.source, name: node.name)
    if part.scale == 0.5 { return [.activation(result)] }
    let scaled = try unary(
      .linear(scale: 2 * part.scale, bias: 0),
      of: result,
      name: node.name + "/scale"
    )
    return [.activation(scaled)]
  }

  /// `view` as a multiple of another value.
  private func factored(_ view: AxisView) -> (source: AxisView, factor: Float)? {
    guard let index = builder.graph.producer(of: view.base),
      case .unary(.linear(let scale, 0)) = builder.graph.nodes[index].operation
    else { return nil }
    var source = view
    source.base = builder.graph.nodes[index].inputs[0]
    return (source, scale)
  }
}
