internal import GraphIR

extension ONNXConverter {
  mutating func convolution(_ node: ONNXNode) throws -> [ONNXValue] {
    let weights = try parameters(node, 1)
    guard weights.shape.count == 4 else {
      throw ONNXProblem.unsupported(
        "weights of shape \(weights.shape), expected [O, C, KH, KW]: only images are convolved"
      )
    }
    let input = try image(node)
    let kernel = (weights.shape[2], weights.shape[3])
    if let stated = try node.integers("kernel_shape"), stated != [kernel.0, kernel.1] {
      throw ONNXProblem.invalid("kernel_shape \(stated), weights \(weights.shape)")
    }
    let groups = try node.integer("group") ?? 1
    guard groups > 0, groups < 1 << 20 else { throw ONNXProblem.invalid("group is \(groups)") }
    let window = try self.window(node, kernel: kernel, input: input.shape)
    return result(
      try builder.convolution(
        input,
        name: node.name,
        weights: weights,
        bias: try optional(node, 2) == nil ? nil : parameters(node, 2).values,
        stride: window.stride,
        padding: window.padding,
        dilation: window.dilation,
        groups: groups
      )
    )
  }

  mutating func batchNormalization(_ node: ONNXNode) throws -> [ONNXValue] {
    if try node.flag("training_mode") {
      throw ONNXProblem.unsupported("training_mode is 1; export the model in evaluation mode")
    }
    let input = try activation(node)
    guard input.axes.count >= 2, try node.flag("spatial", default: true) || input.axes.count == 2
    else { throw ONNXProblem.unsupported("a mean for every pixel (spatial is 0)") }
    let order = input.axes.count == 4 ? [0, 2, 3, 1] : self.order(of: input, last: 1)
    let stored = try self.stored(input, in: order, name: node.name)
    let vectors = try (1...4).map { try parameters(node, $0).values }
    let normalized = try builder.batchNormalization(
      ChannelsFirstBuilder.Value(
        id: stored,
        shape: input.shape,
        isChannelsLast: input.axes.count == 4
      ),
      name: node.name,
      gamma: vectors[0],
      beta: vectors[1],
      mean: vectors[2],
      variance: vectors[3],
      epsilon: try node.float("epsilon") ?? 1e-5
    )
    return [.activation(view(normalized.id, order: order))]
  }

  /// `alpha × A × B + beta × C`, with constant B and C.
  mutating func gemm(_ node: ONNXNode) throws -> [ONNXValue] {
    var input = try activation(node)
    guard input.axes.count == 2 else {
      throw ONNXProblem.invalid("input of shape \(input.shape), expected two axes")
    }
    if try node.flag("transA") { input = input.transposed([1, 0]) }
    var weights = try parameters(node, 1)
    guard weights.shape.count == 2 else {
      throw ONNXProblem.invalid("weights of shape \(weights.shape), expected two axes")
    }
    if try !node.flag("transB") { weights = weights.transposed([1, 0]) }
    let alpha = try node.float("alpha") ?? 1
    if alpha != 1 { weights.values = weights.values.map { $0 * alpha } }
    var bias: [Float]?
    if try optional(node, 2) != nil {
      let summand = try parameters(node, 2)
      let columns = weights.shape[0]
      guard summand.count == columns || summand.count == 1, summand.shape.count <= 2,
        summand.count == 1 || summand.shape.last == columns
      else {
        throw ONNXProblem.unsupported(
          "summand of shape \(summand.shape), expected \(columns) values"
        )
      }
      let beta = try node.float("beta") ?? 1
      bias = (0..<columns).map { summand.values[summand.count == 1 ? 0 : $0] * beta }
    }
    return [.activation(try linear(input, weights: weights, bias: bias, name: node.name))]
  }

  /// A product with a constant matrix on the right.
  mutating func matrixProduct(_ node: ONNXNode) throws -> [ONNXValue] {
    guard case .activation(let input) = try operand(node, 0),
      case .constant(let matrix) = try operand(node, 1)
    else { throw ONNXProblem.unsupported("expected a constant second operand") }
    var shape = matrix.shape
    while shape.count > 2, shape[0] == 1 { shape.removeFirst() }
    guard shape.count == 2, !input.axes.isEmpty else {
      throw ONNXProblem.unsupported("operands of shapes \(input.shape) and \(matrix.shape)")
    }
    let weights = try parameters(node, 1).reshaped(shape).transposed([1, 0])
    return [.activation(try linear(input, weights: weights, bias: nil, name: node.name))]
  }

  /// `[…, K]` times weights `[O, K]`: a fully connected layer for one row, a convolution of one tap for more.
  private mutating func linear(
    _ input: AxisView,
    weights: Tensor,
    bias: [Float]?,
    name: String
  ) throws -> AxisView {
    let rank = input.axes.count
    let columns = weights.shape[1]
    guard input.shape[rank - 1] == columns, weights.count > 0 else {
      throw ONNXProblem.invalid(
        "input of shape \(input.shape), weights for \(columns) inputs and \(weights.shape[0]) outputs"
      )
    }
    let summand = bias ?? [Float](repeating: 0, count: weights.shape[0])
    guard input.count == columns else {
      let order = Array(0..<rank)
      let rows = input.count / columns
      let id = try stored(input, in: order, name: name)
      let flat = AxisView(id, stored: input.shape, order: order)
      let image = try reshaped(flat, to: [1, 1, rows, columns], name: name)
      let operation = Convolution(
        weights: weights.reshaped([weights.shape[0], 1, 1, columns]),
        bias: summand
      )
      let result = try apply(.convolution(operation), to: image, order: [0, 1, 2, 3], name: name)
      return try reshaped(result, to: input.shape.dropLast() + [weights.shape[0]], name: name)
    }
    // One row: the storage is read as it lies, and the weights' columns follow it.
    let layer = FullyConnected(weights: input.storedColumns(of: weights), bias: summand)
    let id = try builder.graph.append(.fullyConnected(layer), name: name, inputs: [input.base])
    let row = AxisView(id, stored: [1, weights.shape[0]], order: [0, 1])
    return try reshaped(row, to: input.shape.dropLast() + [weights.shape[0]], name: name)
  }

  mutating func localResponseNormalization(_ node: ONNXNode) throws -> [ONNXValue] {
    let input = try activation(node)
    guard let size = try node.integer("size"), size > 0, size < 1 << 20, input.axes.count >= 2
    else {
      throw ONNXProblem.invalid("size is missing or not positive")
    }
    let operation = LocalResponseNormalization(
      size: size,
      alpha: (try node.float("alpha") ?? 1e-4) / Float(size),
      beta: try node.float("beta") ?? 0.75,
      bias: try node.float("bias") ?? 1
    )
    let order = input.axes.count == 4 ? [0, 2, 3, 1] : self.order(of: input, last: 1)
    return [
      .activation(
        try apply(.localResponseNormalization(operation), to: input, order: order, name: node.name)
      )
    ]
  }
}
