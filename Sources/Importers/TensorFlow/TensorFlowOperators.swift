internal import Containers
internal import GraphIR

/// The operators that can be computed from the image, by TensorFlow's names; one line each.
enum TensorFlowOperators {
  typealias Value = TensorFlowValue

  /// What an operator's handler gets.
  struct Call {
    var index: Int
    var node: TensorFlowNode
    var inputs: [Value]
  }

  typealias Handler = @Sendable (inout TensorFlowLowering, Call) throws(TensorFlowProblem) ->
    [Value]

  /// Whether the operator is converted, or folded where its inputs are known.
  static func knows(_ operation: String) -> Bool {
    table[operation] != nil || other.contains(operation)
  }

  /// The outputs of a node that at least partly depends on the image.
  static func lower(
    _ index: Int,
    _ node: TensorFlowNode,
    _ inputs: [Value],
    _ lowering: inout TensorFlowLowering
  ) throws(TensorFlowProblem) -> [Value] {
    guard let handler = table[node.operation] else { throw .unsupported("") }
    return try handler(&lowering, Call(index: index, node: node, inputs: inputs))
  }

  private static let table: [String: Handler] = {
    var table: [String: Handler] = [
      "Conv2D": { l, c throws(TensorFlowProblem) in try l.convolution(c) },
      "DepthwiseConv2dNative": { l, c throws(TensorFlowProblem) in try l.convolution(c) },
      "MatMul": { l, c throws(TensorFlowProblem) in try l.matrixProduct(c) },
      "MaxPool": { l, c throws(TensorFlowProblem) in try l.pooling(c) },
      "MaxPoolV2": { l, c throws(TensorFlowProblem) in try l.pooling(c) },
      "AvgPool": { l, c throws(TensorFlowProblem) in try l.pooling(c) },
      "SpaceToBatchND": { l, c throws(TensorFlowProblem) in try l.spaceToBatch(c) },
      "BatchToSpaceND": { l, c throws(TensorFlowProblem) in try l.batchToSpace(c) },
      "FusedBatchNorm": { l, c throws(TensorFlowProblem) in try l.batchNormalization(c) },
      "FusedBatchNormV2": { l, c throws(TensorFlowProblem) in try l.batchNormalization(c) },
      "FusedBatchNormV3": { l, c throws(TensorFlowProblem) in try l.batchNormalization(c) },
      "BiasAdd": { l, c throws(TensorFlowProblem) in try l.biasAddition(c) },
      "BiasAddV1": { l, c throws(TensorFlowProblem) in try l.biasAddition(c) },
      "AddN": { l, c throws(TensorFlowProblem) in try l.sum(c) },
      "Cast": { l, c throws(TensorFlowProblem) in try l.cast(c) },
      "Softmax": { l, c throws(TensorFlowProblem) in try l.softmax(c) },
      "LogSoftmax": { l, c throws(TensorFlowProblem) in try l.softmax(c) },
      "LRN": { l, c throws(TensorFlowProblem) in try l.localResponse(c) },
      "Mean": { l, c throws(TensorFlowProblem) in try l.reduction(c) },
      "Sum": { l, c throws(TensorFlowProblem) in try l.reduction(c) },
      "Max": { l, c throws(TensorFlowProblem) in try l.reduction(c) },
      "ConcatV2": { l, c throws(TensorFlowProblem) in try l.concatenation(c) },
      "Concat": { l, c throws(TensorFlowProblem) in try l.concatenation(c) },
      "Pack": { l, c throws(TensorFlowProblem) in try l.pack(c) },
      "Pad": { l, c throws(TensorFlowProblem) in try l.pad(c) },
      "PadV2": { l, c throws(TensorFlowProblem) in try l.pad(c) },
      "MirrorPad": { l, c throws(TensorFlowProblem) in
        throw .unsupported("padding by reflection; only constant padding can be converted")
      },
      "Reshape": { l, c throws(TensorFlowProblem) in try l.reshape(c) },
      "Squeeze": { l, c throws(TensorFlowProblem) in try l.squeeze(c) },
      "ExpandDims": { l, c throws(TensorFlowProblem) in try l.squeeze(c) },
      "Transpose": { l, c throws(TensorFlowProblem) in try l.transpose(c) },
      "Slice": { l, c throws(TensorFlowProblem) in try l.slice(c) },
      "StridedSlice": { l, c throws(TensorFlowProblem) in try l.slice(c) },
      "ReverseV2": { l, c throws(TensorFlowProblem) in try l.reverse(c) },
      "Gather": { l, c throws(TensorFlowProblem) in try l.gather(c) },
      "GatherV2": { l, c throws(TensorFlowProblem) in try l.gather(c) },
      "Split": { l, c throws(TensorFlowProblem) in try l.split(c) },
      "SplitV": { l, c throws(TensorFlowProblem) in try l.split(c) },
      "Unpack": { l, c throws(TensorFlowProblem) in try l.split(c) },
      "ResizeBilinear": { l, c throws(TensorFlowProblem) in try l.resize(c) },
      "ResizeNearestNeighbor": { l, c throws(TensorFlowProblem) in try l.resize(c) },
      "Shape": { l, c throws(TensorFlowProblem) in try l.shapeQuestion(c) },
      "Size": { l, c throws(TensorFlowProblem) in try l.shapeQuestion(c) },
      "Rank": { l, c throws(TensorFlowProblem) in try l.shapeQuestion(c) },
    ]
    for name in ["Add", "AddV2", "Sub", "Mul", "RealDiv", "Div", "Maximum", "Minimum", "Pow", "SquaredDifference"] {
      table[name] = { l, c throws(TensorFlowProblem) in try l.binary(c) }
    }
    for name in [
      "Relu", "Relu6", "Elu", "Selu", "LeakyRelu", "Sigmoid", "Tanh", "Softplus", "Softsign", "Exp",
      "Log", "Sqrt", "Rsqrt", "Inv", "Reciprocal", "Square", "Abs", "Neg",
    ] {
      table[name] = { l, c throws(TensorFlowProblem) in try l.unary(c) }
    }
    return table
  }()

  /// Hands on its inputs.
  static func isIdentity(_ operation: String) -> Bool {
    switch operation {
    case "Identity", "IdentityN", "StopGradient", "CheckNumerics", "PreventGradient", "Snapshot",
      "ReadVariableOp", "EnsureShape", "Print", "RefIdentity":
      true
    default: false
    }
  }

  /// Operators that are understood elsewhere: folded, passed through or seen as part of a pattern.
  private static let other: Set<String> = [
    "Identity", "IdentityN", "StopGradient", "CheckNumerics", "PreventGradient", "Snapshot",
    "ReadVariableOp", "EnsureShape", "Print", "RefIdentity", "Switch", "Merge", "RefSwitch",
    "RefMerge", "Select", "SelectV2", "RandomUniform", "Floor", "Ceil", "Round", "Sign",
    "GreaterEqual", "Greater", "Less", "LessEqual", "Equal", "NotEqual", "LogicalNot", "LogicalAnd",
    "LogicalOr", "FloorDiv", "FloorMod", "Mod", "TruncateDiv", "DivNoNan", "Prod", "Min", "All",
    "Any", "ShapeN", "Fill", "Range", "Tile", "ZerosLike", "OnesLike", "Dequantize", "Const",
    "Variable", "VariableV2", "VarHandleOp", "Placeholder", "PlaceholderWithDefault", "Unstack",
  ]
}

extension TensorFlowLowering {
  typealias Call = TensorFlowOperators.Call

  // MARK: Operands

  func activation(_ call: Call, _ position: Int) throws(TensorFlowProblem) -> Activation {
    guard position < call.inputs.count else {
      throw .unsupported("with \(call.inputs.count) inputs")
    }
    guard case .activation(let value) = call.inputs[position] else {
      throw .unsupported("input \(position) is not computed from the image")
    }
    return value
  }

  func constant(_ call: Call, _ position: Int) throws(TensorFlowProblem) -> TensorFlowTensor {
    guard position < call.inputs.count else {
      throw .unsupported("with \(call.inputs.count) inputs")
    }
    guard case .constant(let value) = call.inputs[position] else {
      throw .unsupported("input \(position) is not known before the run")
    }
    return value
  }

  func integers(_ call: Call, _ position: Int) throws(TensorFlowProblem) -> [Int] {
    guard let values = TensorFlowFolding.integers(try constant(call, position)) else {
      throw .unsupported("input \(position) is not integers")
    }
    return values
  }

  /// Weights: floats, all of them finite.
  func weights(_ call: Call, _ position: Int) throws(TensorFlowProblem) -> Tensor {
    let tensor = try constant(call, position)
    guard let values = TensorFlowFolding.floats(tensor) else {
      throw .unsupported("weights of \(tensor.type)")
    }
    guard values.allSatisfy(\.isFinite) else { throw .unsupported("weights are not finite") }
    return Tensor(shape: tensor.shape, values: values)
  }

  // MARK: Results

  /// Appends a node named like the TensorFlow node and returns the value it computes.
  mutating func emit(
    _ operation: Operation,
    _ call: Call,
    _ inputs: [ValueID],
    suffix: String = ""
  ) throws(TensorFlowProblem) -> ValueID {
    do throws(GraphError) {
      return try graph.append(operation, name: call.node.name + suffix, inputs: inputs)
    } catch {
      throw .unsupported(error.problem)
    }
  }

  /// The value of a stored result whose logical order is that of `isChannelsFirst`.
  func wrapped(_ id: ValueID, isChannelsFirst: Bool = false) -> Activation {
    let stored = graph.shape(of: id)
    guard isChannelsFirst, stored.count == 4 else { return Activation(id: id, shape: stored) }
    return Activation(id: id, shape: [0, 3, 1, 2].map { stored[$0] }, isChannelsFirst: true)
  }

  /// The value stored in its logical order: a transposition only where channels are not last already.
  mutating func rowMajor(_ value: Activation, _ call: Call) throws(TensorFlowProblem) -> Activation
  {
    guard value.isChannelsFirst else { return value }
    let shape = value.shape
    if shape[1] == 1 || shape[2] * shape[3] == 1 {
      return wrapped(
        try emit(.reshape(Reshape(shape: shape)), call, [value.id], suffix: "/channels_first")
      )
    }
    let permutation = Transpose(permutation: [0, 3, 1, 2])
    return wrapped(
      try emit(.transpose(permutation), call, [value.id], suffix: "/channels_first")
    )
  }

  /// The image stored N, H, W, C whose logical order is what `data_format` says.
  mutating func image(
    _ value: Activation,
    _ call: Call
  ) throws(TensorFlowProblem) -> Activation {
    guard value.shape.count == 4 else {
      throw .unsupported("input \(value.shape), expected an image of 4 axes")
    }
    let format = call.node.text("data_format") ?? "NHWC"
    switch format {
    case "NHWC": return try rowMajor(value, call)
    case "NCHW":
      if value.isChannelsFirst { return value }
      let permutation = Transpose(permutation: [0, 2, 3, 1])
      let id = try emit(.transpose(permutation), call, [value.id], suffix: "/channels_last")
      return wrapped(id, isChannelsFirst: true)
    default: throw .unsupported("data_format \(format)")
    }
  }

  /// The node that computes a value, searched from the end.
  func producer(of id: ValueID) -> Node? { graph.nodes.last { $0.output == id } }
}
