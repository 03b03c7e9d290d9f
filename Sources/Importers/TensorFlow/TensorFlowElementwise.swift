internal import Containers
internal import GraphIR

/// Element-wise operators, biases and normalizations.
extension TensorFlowLowering {
  // MARK: One operand

  mutating func unary(_ call: Call) throws(TensorFlowProblem) -> [Value] {
    let function: UnaryFunction =
      switch call.node.operation {
      case "Relu": .relu
      case "Relu6": .relu6
      case "Elu": .elu(alpha: 1)
      case "Selu": .selu(alpha: 1.673_263_2, scale: 1.050_701)
      case "LeakyRelu": .leakyReLU(slope: call.node.number("alpha") ?? 0.2)
      case "Sigmoid": .sigmoid
      case "Tanh": .tanh
      case "Softplus": .softplus
      case "Softsign": .softsign
      case "Exp": .exp
      case "Log": .log
      case "Sqrt": .sqrt
      case "Rsqrt": .reciprocalSqrt
      case "Inv", "Reciprocal": .reciprocal
      case "Square": .square
      case "Abs": .abs
      case "Neg": .negate
      default: throw .unsupported("")
      }
    return [.activation(try apply(.unary(function), call, try activation(call, 0)))]
  }

  /// An operator that keeps the layout of its one operand.
  private mutating func apply(
    _ operation: Operation,
    _ call: Call,
    _ value: Activation,
    suffix: String = ""
  ) throws(TensorFlowProblem) -> Activation {
    let id = try emit(operation, call, [value.id], suffix: suffix)
    return wrapped(id, isChannelsFirst: value.isChannelsFirst)
  }

  mutating func cast(_ call: Call) throws(TensorFlowProblem) -> [Value] {
    guard call.node.type("DstT")?.isFloat == true else {
      throw .unsupported("to \(call.node.type("DstT").map { "\($0)" } ?? "an unknown type")")
    }
    return [.activation(try activation(call, 0))]
  }

  mutating func softmax(_ call: Call) throws(TensorFlowProblem) -> [Value] {
    let value = try rowMajor(try activation(call, 0), call)
    let softmax = Softmax(isLogarithmic: call.node.operation == "LogSoftmax")
    return [.activation(try apply(.softmax(softmax), call, value))]
  }

  mutating func localResponse(_ call: Call) throws(TensorFlowProblem) -> [Value] {
    let value = try rowMajor(try activation(call, 0), call)
    let radius = call.node.integer("depth_radius") ?? 5
    guard (0...1 << 16).contains(radius) else { throw .unsupported("depth_radius \(radius)") }
    let normalization = LocalResponseNormalization(
      size: 2 * radius + 1,
      alpha: call.node.number("alpha") ?? 1,
      beta: call.node.number("beta") ?? 0.5,
      bias: call.node.number("bias") ?? 1
    )
    return [.activation(try apply(.localResponseNormalization(normalization), call, value))]
  }

  // MARK: Two operands

  private func function(_ operation: String) -> BinaryFunction? {
    switch operation {
    case "Add", "AddV2": .add
    case "Sub", "SquaredDifference": .subtract
    case "Mul": .multiply
    case "RealDiv", "Div": .divide
    case "Maximum": .maximum
    case "Minimum": .minimum
    default: nil
    }
  }

  mutating func binary(_ call: Call) throws(TensorFlowProblem) -> [Value] {
    guard call.inputs.count == 2 else { throw .unsupported("with \(call.inputs.count) inputs") }
    if call.node.operation == "Pow" { return [.activation(try power(call))] }
    guard let function = function(call.node.operation) else { throw .unsupported("") }
    var value: Activation
    switch (call.inputs[0], call.inputs[1]) {
    case (.activation(let a), .activation(let b)):
      value = try combine(function, call, a, b)
    case (.activation(let a), .constant):
      value = try withConstant(function, call, a, try weights(call, 1), isReversed: false)
    case (.constant, .activation(let b)):
      value = try withConstant(function, call, b, try weights(call, 0), isReversed: true)
    default: throw .unsupported("of what stands between SpaceToBatchND and BatchToSpaceND")
    }
    if call.node.operation == "SquaredDifference" {
      value = try apply(.unary(.square), call, value, suffix: "/square")
    }
    return [.activation(value)]
  }

  private mutating func power(_ call: Call) throws(TensorFlowProblem) -> Activation {
    let exponent = try weights(call, 1)
    guard exponent.count == 1 else { throw .unsupported("exponents \(exponent.shape)") }
    let function: UnaryFunction =
      switch exponent.values[0] {
      case 2: .square
      case 0.5: .sqrt
      case let other: .power(exponent: other)
      }
    return try apply(.unary(function), call, try activation(call, 0))
  }

  private mutating func combine(
    _ function: BinaryFunction,
    _ call: Call,
    _ a: Activation,
    _ b: Activation
  ) throws(TensorFlowProblem) -> Activation {
    if function == .maximum, let leaky = leakySlope(a, b) ?? leakySlope(b, a) {
      return try apply(.unary(.leakyReLU(slope: leaky.slope)), call, leaky.value)
    }
    if a.isChannelsFirst == b.isChannelsFirst, a.shape.count == b.shape.count {
      let id = try emit(.binary(function), call, [a.id, b.id])
      return wrapped(id, isChannelsFirst: a.isChannelsFirst)
    }
    let (left, right) = (try rowMajor(a, call), try rowMajor(b, call))
    return try emitValue(.binary(function), call, [left.id, right.id])
  }

  /// The slope where `scaled` is `slope × value` with a slope below 1: their maximum is a leaky ReLU.
  private func leakySlope(
    _ scaled: Activation,
    _ value: Activation
  ) -> (slope: Float, value: Activation)? {
    guard let node = producer(of: scaled.id), node.inputs == [value.id],
      case .unary(.linear(let slope, 0)) = node.operation, slope > 0, slope < 1
    else { return nil }
    return (slope, value)
  }

  /// An operand that is known: one number, one a channel, or a whole tensor such as a mean image.
  private mutating func withConstant(
    _ function: BinaryFunction,
    _ call: Call,
    _ value: Activation,
    _ constant: Tensor,
    isReversed: Bool
  ) throws(TensorFlowProblem) -> Activation {
    let rank = value.shape.count
    guard constant.shape.count <= rank || constant.count == 1 else {
      throw .unsupported("operand \(constant.shape) on \(value.shape)")
    }
    if constant.count == 1 {
      let number = constant.values[0]
      if let chain = scalar(function, number, isReversed) {
        var result = value
        for (position, step) in chain.enumerated() {
          let suffix = position == chain.count - 1 ? "" : "/reciprocal"
          result = try apply(.unary(step), call, result, suffix: suffix)
        }
        return result
      }
    }
    let extended =
      [Int](repeating: 1, count: max(0, rank - constant.shape.count)) + constant.shape.suffix(rank)
    let channels = value.shape.last == nil ? 0 : value.shape[value.channelAxis]
    let isPerChannel = extended.indices.allSatisfy {
      $0 == value.channelAxis ? extended[$0] == channels : extended[$0] == 1
    }
    if isPerChannel, constant.count == channels,
      let affine = affine(function, constant.values, isReversed)
    {
      return try apply(.channelAffine(affine), call, value)
    }
    let shaped = constant.reshaped(extended)
    let stored = value.isChannelsFirst ? shaped.transposed([0, 2, 3, 1]) : shaped
    let operand = graph.addConstant(name: call.node.name + "/operand", stored)
    let inputs = isReversed ? [operand, value.id] : [value.id, operand]
    return try emitValue(.binary(function), call, inputs, isChannelsFirst: value.isChannelsFirst)
  }

  private func scalar(
    _ function: BinaryFunction,
    _ number: Float,
    _ isReversed: Bool
  ) -> [UnaryFunction]? {
    switch (function, isReversed) {
    case (.add, _): [.linear(scale: 1, bias: number)]
    case (.subtract, false): [.linear(scale: 1, bias: -number)]
    case (.subtract, true): [.linear(scale: -1, bias: number)]
    case (.multiply, _): [.linear(scale: number, bias: 0)]
    case (.divide, false): number == 0 ? nil : [.linear(scale: 1 / number, bias: 0)]
    case (.divide, true):
      number == 1 ? [.reciprocal] : [.reciprocal, .linear(scale: number, bias: 0)]
    case (.maximum, _): [.clamp(Clamp(low: number, high: .infinity))]
    case (.minimum, _): [.clamp(Clamp(low: -.infinity, high: number))]
    }
  }

  private func affine(
    _ function: BinaryFunction,
    _ values: [Float],
    _ isReversed: Bool
  ) -> ChannelAffine? {
    let ones = [Float](repeating: 1, count: values.count)
    let zeros = [Float](repeating: 0, count: values.count)
    switch (function, isReversed) {
    case (.add, _): return ChannelAffine(scale: ones, bias: values)
    case (.subtract, false): return ChannelAffine(scale: ones, bias: values.map { -$0 })
    case (.subtract, true): return ChannelAffine(scale: ones.map { -$0 }, bias: values)
    case (.multiply, _): return ChannelAffine(scale: values, bias: zeros)
    case (.divide, false) where !values.contains(0):
      return ChannelAffine(scale: values.map { 1 / $0 }, bias: zeros)
    default: return nil
    }
  }

  mutating func sum(_ call: Call) throws(TensorFlowProblem) -> [Value] {
    var total = try rowMajor(try activation(call, 0), call)
    for position in call.inputs.indices.dropFirst() {
      let next = try rowMajor(try activation(call, position), call)
      let suffix = position == call.inputs.count - 1 ? "" : "/\(position)"
      total = try emitValue(.binary(.add), call, [total.id, next.id], suffix: suffix)
    }
    return [.activation(total)]
  }

  mutating func biasAddition(_ call: Call) throws(TensorFlowProblem) -> [Value] {
    var value: Activation
    var isPhases = false
    if case .convolvedPhases(let phases)? = call.inputs.first {
      (value, isPhases) = (phases, true)
    } else {
      value = try activation(call, 0)
    }
    let bias = try weights(call, 1)
    if value.shape.count == 4 { value = try image(value, call) }
    guard bias.shape.count == 1, bias.count == value.shape[value.channelAxis] else {
      throw .unsupported("bias \(bias.shape) on \(value.shape)")
    }
    let affine = ChannelAffine(
      scale: [Float](repeating: 1, count: bias.count),
      bias: bias.values
    )
    let result = try apply(.channelAffine(affine), call, value)
    return [isPhases ? .convolvedPhases(result) : .activation(result)]
  }

  // MARK: Batch normalization

  mutating func batchNormalization(_ call: Call) throws(TensorFlowProblem) -> [Value] {
    let value = try image(try activation(call, 0), call)
    let channels = value.shape[value.channelAxis]
    let (gamma, beta) = (try weights(call, 1), try weights(call, 2))
    var (mean, variance) = (try weights(call, 3), try weights(call, 4))
    if call.node.flag("is_training") ?? true {
      (mean, variance) = try movingStatistics(call)
    }
    for (what, vector) in [
      ("scale", gamma), ("offset", beta), ("mean", mean), ("variance", variance),
    ]
    where vector.count != channels {
      throw .unsupported("\(what) has \(vector.count) values, expected \(channels)")
    }
    let epsilon = call.node.number("epsilon") ?? 0.0001
    guard variance.values.allSatisfy({ $0 + epsilon > 0 }) else {
      throw .unsupported("variance has a value below 0")
    }
    let affine = ChannelAffine(
      gamma: gamma.values,
      beta: beta.values,
      mean: mean.values,
      variance: variance.values,
      epsilon: epsilon
    )
    return [.activation(try apply(.channelAffine(affine), call, value))]
  }

  /// The moving averages behind a normalization that was built for training: the variables beside its offset, or those
  /// that its batch statistics are averaged into.
  private mutating func movingStatistics(
    _ call: Call
  ) throws(TensorFlowProblem) -> (mean: Tensor, variance: Tensor) {
    var found: [Tensor] = []
    for (output, name) in [(1, "moving_mean"), (2, "moving_variance")] {
      var tensor = try neighbour(of: call.node.inputs[2], named: name)
      if tensor == nil { tensor = try neighbour(of: call.node.inputs[1], named: name) }
      if tensor == nil { tensor = try averaged(.init(node: call.index, output: output)) }
      guard let tensor else {
        throw .unsupported("built for training, and its \(name) is not found")
      }
      found.append(tensor)
    }
    return (found[0], found[1])
  }

  /// Variable `name` in the scope of the variable that `edge` reads.
  private func neighbour(
    of edge: Edge,
    named name: String
  ) throws(TensorFlowProblem) -> Tensor? {
    guard let variable = variableNode(edge),
      let slash = network.nodes[variable].name.lastIndex(of: "/"),
      let index = network.node(named: network.nodes[variable].name[...slash] + name)
    else { return nil }
    return try loaded(index)
  }

  /// The variable whose update subtracts the batch statistic `edge` from it: `v −= (v − statistic) × (1 − decay)`.
  func averaged(_ edge: Edge) throws(TensorFlowProblem) -> Tensor? {
    var frontier = [edge]
    for _ in 0..<6 {
      var next: [Edge] = []
      for current in frontier {
        for consumer in network.consumers[current.node] {
          let node = network.nodes[consumer]
          guard let place = node.inputs.firstIndex(of: current) else { continue }
          switch node.operation {
          case "Sub" where node.inputs.count == 2:
            if let variable = variableNode(node.inputs[1 - place]), updates(consumer) {
              return try loaded(variable)
            }
          case "Squeeze", "Identity", "Cast", "Reshape", "Switch", "Merge", "StopGradient":
            next += (0..<2).map { Edge(node: consumer, output: $0) }
          default: continue
          }
        }
      }
      if next.isEmpty || next.count > 256 { return nil }
      frontier = next
    }
    return nil
  }

  /// Whether a node's result is subtracted from a variable soon after.
  private func updates(_ index: Int) -> Bool {
    var frontier = [index]
    for _ in 0..<3 {
      frontier = frontier.flatMap { network.consumers[$0] }
      guard frontier.count <= 256 else { return false }
      if frontier.contains(where: { network.nodes[$0].operation.hasPrefix("Assign") }) {
        return true
      }
    }
    return false
  }

  private func variableNode(_ edge: Edge) -> Int? {
    var index = edge.node
    for _ in 0..<8 {
      let node = network.nodes[index]
      switch node.operation {
      case "Variable", "VariableV2", "VarHandleOp", "Const": return index
      case "Identity", "ReadVariableOp", "Switch", "Cast", "Merge":
        guard let input = node.inputs.first else { return nil }
        index = input.node
      default: return nil
      }
    }
    return nil
  }

  private func loaded(_ index: Int) throws(TensorFlowProblem) -> Tensor? {
    let node = network.nodes[index]
    let tensor: TensorFlowTensor
    if node.operation == "Const" {
      guard let record = node.constant, case .success(let value) = TensorFlowTensor.decode(record)
      else { return nil }
      tensor = value
    } else {
      tensor = try variables.tensor(node, index)
    }
    guard let values = TensorFlowFolding.floats(tensor), values.allSatisfy(\.isFinite) else {
      return nil
    }
    return Tensor(shape: tensor.shape, values: values)
  }
}
