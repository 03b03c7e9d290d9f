internal import GraphIR

extension ONNXConverter {
  mutating func function(_ node: ONNXNode, _ function: UnaryFunction) throws -> [ONNXValue] {
    [.activation(try unary(function, of: activation(node), name: node.name))]
  }

  mutating func gelu(_ node: ONNXNode) throws -> [ONNXValue] {
    if try node.string("approximate") == "tanh" {
      notes.append("Gelu \"\(node.name)\": computed with the error function instead of tanh")
    }
    return try function(node, .gelu)
  }

  mutating func swish(_ node: ONNXNode) throws -> [ONNXValue] {
    let alpha = try node.float("alpha") ?? 1
    guard alpha == 1 else { throw ONNXProblem.unsupported("alpha is \(alpha), expected 1") }
    return try function(node, .silu)
  }

  mutating func selu(_ node: ONNXNode) throws -> [ONNXValue] {
    let alpha = try node.float("alpha") ?? 1.673_263_2
    let gamma = try node.float("gamma") ?? 1.050_701
    return try function(node, .selu(alpha: alpha, scale: gamma))
  }

  mutating func hardSigmoid(_ node: ONNXNode) throws -> [ONNXValue] {
    let alpha = try node.float("alpha") ?? 0.2
    let beta = try node.float("beta") ?? 0.5
    return try function(node, .hardSigmoid(alpha: alpha, beta: beta))
  }

  /// Bounds are attributes up to version 6 and operands from 11 on.
  mutating func clip(_ node: ONNXNode) throws -> [ONNXValue] {
    let low = try node.float("min") ?? scalar(node, 1) ?? -.infinity
    let high = try node.float("max") ?? scalar(node, 2) ?? .infinity
    guard low <= high else { throw ONNXProblem.invalid("bounds \(low) and \(high)") }
    // The format's own "no bound".
    let clamp = Clamp(
      low: low <= -Float.greatestFiniteMagnitude ? -.infinity : low,
      high: high >= Float.greatestFiniteMagnitude ? .infinity : high
    )
    return try function(node, .clamp(clamp))
  }

  mutating func parametricReLU(_ node: ONNXNode) throws -> [ONNXValue] {
    let input = try activation(node)
    let slope = try parameters(node, 1)
    if slope.count == 1 { return try function(node, .leakyReLU(slope: slope.values[0])) }
    let rank = input.axes.count
    let extended = [Int](repeating: 1, count: max(0, rank - slope.shape.count)) + slope.shape
    guard extended.count == rank, rank > 1 else {
      throw ONNXProblem.invalid("slope of shape \(slope.shape) for \(input.shape)")
    }
    let axes = extended.indices.filter { extended[$0] != 1 }
    // Old exporters write a plain vector of C slopes.
    let axis = slope.shape.count == 1 ? (slope.count == input.shape[1] ? 1 : rank - 1) : axes[0]
    guard axes.count == 1, slope.count == input.shape[axis] else {
      throw ONNXProblem.unsupported("slope of shape \(slope.shape), expected one a channel")
    }
    let order = self.order(of: input, last: axis)
    let operation = ParametricReLU(slope: slope.values)
    return [
      .activation(
        try apply(.parametricReLU(operation), to: input, order: order, name: node.name)
      )
    ]
  }

  /// Up to version 12 everything from `axis` on is one row; from 13 on only `axis` is.
  mutating func softmax(_ node: ONNXNode, isLogarithmic: Bool) throws -> [ONNXValue] {
    let input = try activation(node)
    let rank = input.axes.count
    let axis = try ONNXShapes.axis(node.integer("axis") ?? (opset < 13 ? 1 : -1), rank: rank)
    let operation = Operation.softmax(Softmax(isLogarithmic: isLogarithmic))
    let others = input.shape[axis...].dropFirst()
    guard opset < 13, others.contains(where: { $0 != 1 }) else {
      let order = self.order(of: input, last: axis)
      return [.activation(try apply(operation, to: input, order: order, name: node.name))]
    }
    let rows = input.shape[..<axis].reduce(1, *)
    let flat = try reshaped(input, to: [rows, input.count / rows], name: node.name)
    let result = try apply(operation, to: flat, order: [0, 1], name: node.name)
    return [.activation(try reshaped(result, to: input.shape, name: node.name))]
  }
}
