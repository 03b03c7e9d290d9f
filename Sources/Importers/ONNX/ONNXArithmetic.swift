internal import GraphIR

extension ONNXConverter {
  /// A function of two values, or of more where the function allows it.
  mutating func binary(_ node: ONNXNode, _ function: BinaryFunction) throws -> [ONNXValue] {
    guard !node.inputs.isEmpty else { throw ONNXProblem.invalid("no operands") }
    var result = try operand(node, 0)
    for index in node.inputs.indices.dropFirst() {
      let other = try operand(node, index)
      let isLast = index == node.inputs.count - 1
      result = try binary(
        function,
        result,
        other,
        name: isLast ? node.name : "\(node.name)/\(index)"
      )
    }
    return [result]
  }

  mutating func binary(
    _ function: BinaryFunction,
    _ a: ONNXValue,
    _ b: ONNXValue,
    name: String
  ) throws -> ONNXValue {
    switch (a, b) {
    case (.activation(let a), .activation(let b)):
      return .activation(try binary(function, a, b, name: name))
    case (.activation(let view), .constant(let tensor)):
      return .activation(
        try binary(function, view, tensor, name: name, constantIsFirst: false)
      )
    case (.constant(let tensor), .activation(let view)):
      return .activation(try binary(function, view, tensor, name: name, constantIsFirst: true))
    case (.constant, .constant):
      throw ONNXProblem.unsupported("three operands of which two are constants")
    }
  }

  /// Two computed values, brought into one order.
  private mutating func binary(
    _ function: BinaryFunction,
    _ a: AxisView,
    _ b: AxisView,
    name: String
  ) throws -> AxisView {
    if a.factors == b.factors, a.axes == b.axes,
      builder.graph.shape(of: a.base) == builder.graph.shape(of: b.base)
    {
      var result = a
      result.base = try builder.graph.append(
        .binary(function),
        name: name,
        inputs: [a.base, b.base]
      )
      return result
    }
    let rank = max(a.axes.count, b.axes.count)
    let left = try extended(a, to: rank, name: name)
    let right = try extended(b, to: rank, name: name)
    let order = (left.count >= right.count ? left : right).preferredOrder
    let operands = [
      try stored(left, in: order, name: name + "/a"),
      try stored(right, in: order, name: name + "/b"),
    ]
    let id = try builder.graph.append(.binary(function), name: name, inputs: operands)
    return view(id, order: order)
  }

  private mutating func extended(_ view: AxisView, to rank: Int, name: String) throws -> AxisView {
    let ones = [Int](repeating: 1, count: rank - view.axes.count)
    return try reshaped(view, to: ones + view.shape, name: name)
  }

  /// A computed value and a constant: a map of all elements, of each channel, or a second operand.
  private mutating func binary(
    _ function: BinaryFunction,
    _ input: AxisView,
    _ tensor: ONNXTensor,
    name: String,
    constantIsFirst: Bool
  ) throws -> AxisView {
    let values = tensor.floats
    guard values.allSatisfy({ !$0.isNaN }), !values.isEmpty else {
      throw ONNXProblem.invalid("constant operand holds a value that is not a number")
    }
    let rank = max(input.axes.count, tensor.shape.count)
    let source = try extended(input, to: rank, name: name)
    if values.count == 1 {
      return try scalar(function, source, values[0], name: name, constantIsFirst: constantIsFirst)
    }
    let shape = [Int](repeating: 1, count: rank - tensor.shape.count) + tensor.shape
    let axes = shape.indices.filter { shape[$0] != 1 }
    let order = source.preferredOrder
    if axes.count == 1, let last = order.last, axes == [last], source.shape[last] == values.count,
      let affine = Self.affine(function, values, constantIsFirst: constantIsFirst)
    {
      return try apply(.channelAffine(affine), to: source, order: order, name: name)
    }
    let constant = builder.graph.addConstant(
      name: name + "/constant",
      Tensor(shape: shape, values: values).transposed(order)
    )
    let stored = try self.stored(source, in: order, name: name)
    let operands = constantIsFirst ? [constant, stored] : [stored, constant]
    let id = try builder.graph.append(.binary(function), name: name, inputs: operands)
    return view(id, order: order)
  }

  private mutating func scalar(
    _ function: BinaryFunction,
    _ input: AxisView,
    _ value: Float,
    name: String,
    constantIsFirst: Bool
  ) throws -> AxisView {
    switch function {
    case .maximum:
      return try unary(.clamp(Clamp(low: value, high: .infinity)), of: input, name: name)
    case .minimum:
      return try unary(.clamp(Clamp(low: -.infinity, high: value)), of: input, name: name)
    case .divide where constantIsFirst:
      let inverse = try unary(.reciprocal, of: input, name: value == 1 ? name : name + "/inverse")
      return value == 1
        ? inverse : try unary(.linear(scale: value, bias: 0), of: inverse, name: name)
    default:
      let affine = Self.affine(function, [value], constantIsFirst: constantIsFirst)
      guard let affine, affine.scale[0].isFinite, affine.bias[0].isFinite else {
        throw ONNXProblem.invalid("\(function.mnemonic) with the constant \(value)")
      }
      if affine.scale[0] == 1, affine.bias[0] == 0 { return input }
      return try unary(
        .linear(scale: affine.scale[0], bias: affine.bias[0]),
        of: input,
        name: name
      )
    }
  }

  /// The function as `scale × x + bias`, or nil where it is none.
  private static func affine(
    _ function: BinaryFunction,
    _ values: [Float],
    constantIsFirst: Bool
  ) -> ChannelAffine? {
    let ones = [Float](repeating: 1, count: values.count)
    let zeros = [Float](repeating: 0, count: values.count)
    let affine: ChannelAffine
    switch function {
    case .add: affine = ChannelAffine(scale: ones, bias: values)
    case .subtract where constantIsFirst:
      affine = ChannelAffine(scale: ones.map { -$0 }, bias: values)
    case .subtract: affine = ChannelAffine(scale: ones, bias: values.map { -$0 })
    case .multiply: affine = ChannelAffine(scale: values, bias: zeros)
    case .divide where !constantIsFirst:
      affine = ChannelAffine(scale: values.map { 1 / $0 }, bias: zeros)
    default: return nil
    }
    return affine.scale.allSatisfy(\.isFinite) && affine.bias.allSatisfy(\.isFinite) ? affine : nil
  }

  mutating func power(_ node: ONNXNode) throws -> [ONNXValue] {
    guard let exponent = try scalar(node, 1) else { throw ONNXProblem.invalid("no exponent") }
    switch exponent {
    case 1: return [try operand(node, 0)]
    case 2: return try function(node, .square)
    case 0.5: return try function(node, .sqrt)
    case -0.5: return try function(node, .reciprocalSqrt)
    case -1: return try function(node, .reciprocal)
    default: return try function(node, .power(exponent: exponent))
    }
  }
}
