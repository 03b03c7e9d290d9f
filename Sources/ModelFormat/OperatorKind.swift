/// What an operator of a flat file does; raw values are those of FORMAT.md.
public enum OperatorKind: UInt32, Sendable, CaseIterable {
  /// General convolution with groups; fully connected layers too.
  case convolution = 1
  /// Convolution with one input channel an output channel.
  case depthwiseConvolution = 2
  /// Maximum over a window.
  case maxPool = 3
  /// Mean over a window; global average pooling too.
  case averagePool = 4
  /// Sum of two tensors, or of a tensor and a vector of channels.
  case add = 5
  /// Product of two tensors, or of a tensor and a vector of channels.
  case multiply = 6
  /// Any function of one byte, by table.
  case lookup = 7
  /// Reordering, selection or repetition of channels.
  case gatherChannels = 8
  /// Nearest or bilinear change of height and width.
  case resize = 9
  /// Probabilities from float32 logits.
  case softmax = 10
  /// u8 to float32.
  case dequantize = 11
  /// The same dense sequence in another shape.
  case reshape = 12
  /// Local response normalization across channels.
  case localResponseNormalization = 13
  /// A border around the input.
  case pad = 14
  /// A permutation of height, width and channels.
  case transpose = 15

  static let last = OperatorKind.transpose

  /// What it does in a word or two, as in FORMAT.md.
  public var name: String {
    switch self {
    case .convolution: "convolution"
    case .depthwiseConvolution: "depthwise convolution"
    case .maxPool: "max pooling"
    case .averagePool: "average pooling"
    case .add: "add"
    case .multiply: "multiply"
    case .lookup: "lookup"
    case .gatherChannels: "gather channels"
    case .resize: "resize"
    case .softmax: "softmax"
    case .dequantize: "dequantize"
    case .reshape: "reshape"
    case .localResponseNormalization: "local response normalization"
    case .pad: "pad"
    case .transpose: "transpose"
    }
  }
}
