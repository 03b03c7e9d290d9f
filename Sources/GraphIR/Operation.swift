/// What a node computes: a closed list, one case and one file in `Operators/` each.
///
/// Activations are channels-last: `[1, H, W, C]` for images, `[1, C]` for vectors.
public enum Operation: Sendable, Equatable {
  case convolution(Convolution)
  case fullyConnected(FullyConnected)
  case channelAffine(ChannelAffine)
  case maxPool(Pooling)
  case averagePool(Pooling)
  case mean(Mean)
  case unary(UnaryFunction)
  case parametricReLU(ParametricReLU)
  case binary(BinaryFunction)
  case concat(Concat)
  case slice(Slice)
  case pad(Pad)
  case reshape(Reshape)
  case transpose(Transpose)
  case softmax(Softmax)
  case localResponseNormalization(LocalResponseNormalization)
  case resize(Resize)
  case gatherChannels(GatherChannels)

  /// The payload, for what all operators have in common.
  public var definition: any GraphOperator {
    switch self {
    case .convolution(let op): op
    case .fullyConnected(let op): op
    case .channelAffine(let op): op
    case .maxPool(let op): MaxPooling(window: op)
    case .averagePool(let op): AveragePooling(window: op)
    case .mean(let op): op
    case .unary(let op): op
    case .parametricReLU(let op): op
    case .binary(let op): op
    case .concat(let op): op
    case .slice(let op): op
    case .pad(let op): op
    case .reshape(let op): op
    case .transpose(let op): op
    case .softmax(let op): op
    case .localResponseNormalization(let op): op
    case .resize(let op): op
    case .gatherChannels(let op): op
    }
  }
}

/// What every operator of the graph can tell of itself.
public protocol GraphOperator: Sendable, Equatable {
  /// The name in text dumps, e.g. `conv`.
  var mnemonic: String { get }

  /// Shape of the output, from those of the inputs.
  ///
  /// - Throws: `GraphError` when the inputs do not fit the operator.
  func outputShape(_ inputs: [[Int]]) throws(GraphError) -> [Int]

  /// The float32 result; `inputs` fit, because the graph was verified.
  func evaluate(_ inputs: [Tensor]) -> Tensor

  /// Multiply-accumulates for an output of `outputShape`; 0 for what only moves or maps values.
  func multiplyAccumulates(outputShape: [Int]) -> Int

  /// How the output's scale and zero point come about.
  var quantizationRule: QuantizationRule { get }
}

/// How an operator's output gets its scale and zero point.
public enum QuantizationRule: Sendable, Equatable {
  /// From the observed range of the output.
  case observed
  /// The same as the first input: values are moved or selected, never computed.
  case sameAsInput
  /// Inputs and output share one scale and zero point, so that the operator costs nothing.
  case shared
  /// A known range, whatever the input.
  case fixed(low: Float, high: Float)
  /// The output stays float32.
  case float
}

extension GraphOperator {
  /// No arithmetic worth counting.
  public func multiplyAccumulates(outputShape: [Int]) -> Int { 0 }
  /// From the observed range.
  public var quantizationRule: QuantizationRule { .observed }
}
