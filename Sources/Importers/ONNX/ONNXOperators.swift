internal import GraphIR

extension ONNXConverter {
  /// Converts one node into the values of its outputs, in order; trailing ones may be left out.
  typealias Conversion = @Sendable (inout ONNXConverter, ONNXNode) throws -> [ONNXValue]

  /// Every operator that may read what is computed; a new one is one line here.
  ///
  /// Nodes over constants alone never come here, `ONNXFolding` evaluates them.
  static let operators: [String: Conversion] = [
    // Layers.
    "Conv": { try $0.convolution($1) },
    "BatchNormalization": { try $0.batchNormalization($1) },
    "Gemm": { try $0.gemm($1) },
    "MatMul": { try $0.matrixProduct($1) },
    "LRN": { try $0.localResponseNormalization($1) },

    // Pooling and reductions.
    "MaxPool": { try $0.maxPool($1) },
    "AveragePool": { try $0.averagePool($1) },
    "GlobalAveragePool": { try $0.globalAveragePool($1) },
    "GlobalMaxPool": { try $0.globalMaxPool($1) },
    "ReduceMean": { try $0.reduction($1) },
    "ReduceSum": { try $0.reduction($1) },
    "ReduceL2": { try $0.reduction($1) },
    "ReduceSumSquare": { try $0.reduction($1) },

    // Functions of one value.
    "Relu": { try $0.function($1, .relu) },
    "Sigmoid": { try $0.function($1, .sigmoid) },
    "Tanh": { try $0.function($1, .tanh) },
    "Softplus": { try $0.function($1, .softplus) },
    "Softsign": { try $0.function($1, .softsign) },
    "HardSwish": { try $0.function($1, .hardSwish) },
    "Mish": { try $0.function($1, .mish) },
    "Gelu": { try $0.gelu($1) },
    "Swish": { try $0.swish($1) },
    "Exp": { try $0.function($1, .exp) },
    "Log": { try $0.function($1, .log) },
    "Sqrt": { try $0.function($1, .sqrt) },
    "Reciprocal": { try $0.function($1, .reciprocal) },
    "Abs": { try $0.function($1, .abs) },
    "Neg": { try $0.function($1, .negate) },
    "LeakyRelu": { try $0.function($1, .leakyReLU(slope: $1.float("alpha") ?? 0.01)) },
    "Elu": { try $0.function($1, .elu(alpha: $1.float("alpha") ?? 1)) },
    "Selu": { try $0.selu($1) },
    "HardSigmoid": { try $0.hardSigmoid($1) },
    "Clip": { try $0.clip($1) },
    "PRelu": { try $0.parametricReLU($1) },
    "Softmax": { try $0.softmax($1, isLogarithmic: false) },
    "LogSoftmax": { try $0.softmax($1, isLogarithmic: true) },

    // Functions of two values.
    "Add": { try $0.binary($1, .add) },
    "Sum": { try $0.binary($1, .add) },
    "Sub": { try $0.binary($1, .subtract) },
    "Mul": { try $0.binary($1, .multiply) },
    "Div": { try $0.binary($1, .divide) },
    "Max": { try $0.binary($1, .maximum) },
    "Min": { try $0.binary($1, .minimum) },
    "Pow": { try $0.power($1) },

    // What moves values, or nothing.
    "Identity": { [try $0.operand($1, 0)] },
    "Dropout": { [try $0.operand($1, 0)] },
    "Cast": { try $0.cast($1) },
    "CastLike": { [try $0.operand($1, 0)] },
    "Constant": { try $0.constant($1) },
    "Shape": { try $0.shape($1) },
    "Size": { [.constant(ONNXTensor(shape: [], integers: [try $0.activation($1).count]))] },
    "Flatten": { try $0.flatten($1) },
    "Reshape": { try $0.reshape($1) },
    "Squeeze": { try $0.squeeze($1) },
    "Unsqueeze": { try $0.unsqueeze($1) },
    "Transpose": { try $0.transpose($1) },
    "Concat": { try $0.concat($1) },
    "Split": { try $0.split($1) },
    "Slice": { try $0.slice($1) },
    "Gather": { try $0.gather($1) },
    "Expand": { try $0.expand($1) },
    "Pad": { try $0.pad($1) },
    "Resize": { try $0.resize($1) },
    "Upsample": { try $0.resize($1) },
    "DepthToSpace": { try $0.depthToSpace($1) },
    "SpaceToDepth": { try $0.spaceToDepth($1) },
  ]
}
