internal import Containers
internal import GraphIR

/// The operators that can be computed from the image, by TensorFlow's names.
enum TensorFlowOperators {
  typealias Value = TensorFlowValue

  /// What an operator's handler gets.
  struct Call {
    var index: Int
    var node: TensorFlowNode
    var inputs: [Value]
  }

  /// How an operator is converted.
  private enum Rule {
    case convolution, matrixProduct, pooling, spaceToBatch, batchToSpace
    case batchNormalization, biasAddition, sum, unary, binary, cast, softmax, localResponse
    case reduction, concatenation, pack, pad, reflection
    case reshape, squeeze, transpose, slice, reverse, gather, split, resize, shape
  }

  private static let table: [String: Rule] = [
    "Conv2D": .convolution, "DepthwiseConv2dNative": .convolution, "MatMul": .matrixProduct,
    "MaxPool": .pooling, "MaxPoolV2": .pooling, "AvgPool": .pooling,
    "SpaceToBatchND": .spaceToBatch, "BatchToSpaceND": .batchToSpace,
    "FusedBatchNorm": .batchNormalization, "FusedBatchNormV2": .batchNormalization,
    "FusedBatchNormV3": .batchNormalization, "BiasAdd": .biasAddition, "BiasAddV1": .biasAddition,
    "Add": .binary, "AddV2": .binary, "Sub": .binary, "Mul": .binary, "RealDiv": .binary,
    "Div": .binary, "Maximum": .binary, "Minimum": .binary, "Pow": .binary,
    "SquaredDifference": .binary, "AddN": .sum,
    "Relu": .unary, "Relu6": .unary, "Elu": .unary, "Selu": .unary, "LeakyRelu": .unary,
    "Sigmoid": .unary, "Tanh": .unary, "Softplus": .unary, "Softsign": .unary, "Exp": .unary,
    "Log": .unary, "Sqrt": .unary, "Rsqrt": .unary, "Inv": .unary, "Reciprocal": .unary,
    "Square": .unary, "Abs": .unary, "Neg": .unary, "Cast": .cast, "Softmax": .softmax,
    "LogSoftmax": .softmax, "LRN": .localResponse, "Mean": .reduction, "Sum": .reduction,
    "Max": .reduction, "ConcatV2": .concatenation, "Concat": .concatenation, "Pack": .pack,
    "Pad": .pad, "PadV2": .pad, "MirrorPad": .reflection, "Reshape": .reshape, "Squeeze": .squeeze,
    "ExpandDims": .squeeze, "Transpose": .transpose, "Slice": .slice, "StridedSlice": .slice,
    "ReverseV2": .reverse, "Gather": .gather, "GatherV2": .gather, "Split": .split,
    "SplitV": .split, "Unpack": .split, "ResizeBilinear": .resize,
    "ResizeNearestNeighbor": .resize, "Shape": .shape, "Size": .shape, "Rank": .shape,
  ]

  /// Whether the operator is converted, or folded where its inputs are known.
  static func knows(_ operation: String) -> Bool {
    table[operation] != nil || other.contains(operation) || isIdentity(operation)
  }

  /// The outputs of a node that at least partly depends on the image.
  static func lower(
    _ index: Int,
    _ node: TensorFlowNode,
    _ inputs: [Value],
    _ lowering: inout TensorFlowLowering
  ) throws(TensorFlowProblem) -> [Value] {
    guard let rule = table[node.operation] else { throw .unsupported("") }
    let call = Call(index: index, node: node, inputs: inputs)
    return switch rule {
    case .convolution: try lowering.convolution(call)
    case .matrixProduct: try lowering.matrixProduct(call)
    case .pooling: try lowering.pooling(call)
    case .spaceToBatch: try lowering.spaceToBatch(call)
    case .batchToSpace: try lowering.batchToSpace(call)
    case .batchNormalization: try lowering.batchNormalization(call)
    case .biasAddition: try lowering.biasAddition(call)
    case .sum: try lowering.sum(call)
    case .unary: try lowering.unary(call)
    case .binary: try lowering.binary(call)
    case .cast: try lowering.cast(call)
    case .softmax: try lowering.softmax(call)
    case .localResponse: try lowering.localResponse(call)
    case .reduction: try lowering.reduction(call)
    case .concatenation: try lowering.concatenation(call)
    case .pack: try lowering.pack(call)
    case .pad: try lowering.pad(call)
    case .reflection: throw .unsupported("pads by reflection, expected a constant")
    case .reshape: try lowering.reshape(call)
    case .squeeze: try lowering.squeeze(call)
    case .transpose: try lowering.transpose(call)
    case .slice: try lowering.slice(call)
    case .reverse: try lowering.reverse(call)
    case .gather: try lowering.gather(call)
    case .split: try lowering.split(call)
    case .resize: try lowering.resize(call)
    case .shape: try lowering.shapeQuestion(call)
    }
  }

  /// Hands on its inputs.
  static func isIdentity(_ operation: String) -> Bool {
    switch operation {
    case "Identity", "IdentityN", "StopGradient", "CheckNumerics", "PreventGradient", "Snapshot",
      "ReadVariableOp", "EnsureShape", "Print", "RefIdentity":
      true
    default: false
    }
  }

  /// Operators that are understood elsewhere: folded, or seen as part of a pattern.
  private static let other: Set<String> = [
    "Switch", "Merge", "RefSwitch",
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

  /// Appends a node and gives its value, whose logical order is N, C, H, W where `isChannelsFirst` says so.
  mutating func emitValue(
    _ operation: Operation,
    _ call: Call,
    _ inputs: [ValueID],
    suffix: String = "",
    isChannelsFirst: Bool = false
  ) throws(TensorFlowProblem) -> Activation {
    let id = try emit(operation, call, inputs, suffix: suffix)
    return wrapped(id, isChannelsFirst: isChannelsFirst)
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
      return try emitValue(
        .reshape(Reshape(shape: shape)),
        call,
        [value.id],
        suffix: "/channels_first"
      )
    }
    let permutation = Transpose(permutation: [0, 3, 1, 2])
    return try emitValue(.transpose(permutation), call, [value.id], suffix: "/channels_first")
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
