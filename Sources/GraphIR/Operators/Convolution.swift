/// Bounds that a fused ReLU, ReLU6 or clip puts on an output.
public struct Clamp: Sendable, Equatable {
  /// Smallest value, −infinity where unbounded.
  public var low: Float
  /// Largest value, +infinity where unbounded.
  public var high: Float

  /// Values between `low` and `high`.
  public init(low: Float, high: Float) {
    self.low = low
    self.high = high
  }

  /// No bounds.
  public static let none = Clamp(low: -.infinity, high: .infinity)
}

/// Rows and columns of padding around an image.
public struct Padding: Sendable, Equatable {
  /// Rows above.
  public var top: Int
  /// Columns left.
  public var left: Int
  /// Rows below.
  public var bottom: Int
  /// Columns right.
  public var right: Int

  /// Explicit padding on the four sides.
  public init(top: Int = 0, left: Int = 0, bottom: Int = 0, right: Int = 0) {
    self.top = top
    self.left = left
    self.bottom = bottom
    self.right = right
  }
}

/// Two-dimensional convolution (cross-correlation) with bias, groups and fused epilogue.
///
/// Input `[1, H, W, C]`, output `[1, Ho, Wo, O]` with
/// `Ho = (H + top + bottom − dilationY × (KH − 1) − 1) ÷ strideY + 1`, rounded down, likewise `Wo`.
/// An optional second input of the output's shape is added before the clamp (a fused residual).
public struct Convolution: GraphOperator {
  /// `[O, KH, KW, C ÷ groups]`.
  public var weights: Tensor
  /// O values.
  public var bias: [Float]
  /// Step in y and x.
  public var stride: (y: Int, x: Int)
  /// Distance between taps in y and x.
  public var dilation: (y: Int, x: Int)
  /// Rows and columns added around the input.
  public var padding: Padding
  /// Value that padding reads, a channel of the input; empty means 0.
  public var paddingValues: [Float]
  /// Channel groups; equals C for a depthwise convolution.
  public var groups: Int
  /// Bounds on the output.
  public var clamp: Clamp
  /// Statistics of the output before residual and clamp, where a folded batch normalization told them.
  public var statistics: ChannelStatistics?

  /// A convolution; traps unless weights have four axes and bias one value an output channel.
  public init(
    weights: Tensor,
    bias: [Float],
    stride: (y: Int, x: Int) = (1, 1),
    dilation: (y: Int, x: Int) = (1, 1),
    padding: Padding = Padding(),
    paddingValues: [Float] = [],
    groups: Int = 1,
    clamp: Clamp = .none
  ) {
    precondition(weights.shape.count == 4, "convolution weights have shape \(weights.shape)")
    precondition(bias.count == weights.shape[0], "\(bias.count) biases for \(weights.shape)")
    self.weights = weights
    self.bias = bias
    self.stride = stride
    self.dilation = dilation
    self.padding = padding
    self.paddingValues = paddingValues
    self.groups = groups
    self.clamp = clamp
  }

  /// O.
  public var outputChannels: Int { weights.shape[0] }
  /// KH.
  public var kernelHeight: Int { weights.shape[1] }
  /// KW.
  public var kernelWidth: Int { weights.shape[2] }
  /// C.
  public var inputChannels: Int { weights.shape[3] * groups }
  /// Whether every output channel reads exactly its own input channel.
  public var isDepthwise: Bool {
    groups > 1 && weights.shape[3] == 1 && outputChannels == groups
  }

  /// The text-dump name.
  public var mnemonic: String { "conv" }

  /// `[1, Ho, Wo, O]`.
  public func outputShape(_ inputs: [[Int]]) throws(GraphError) -> [Int] {
    guard inputs.count == 1 || inputs.count == 2, let input = inputs.first, input.count == 4 else {
      throw GraphError("inputs \(inputs), expected one image [1, H, W, C] and at most one residual")
    }
    guard input[3] == inputChannels else {
      throw GraphError(
        "input has \(input[3]) channels, weights \(weights.shape) with \(groups) groups expect \(inputChannels)"
      )
    }
    guard groups > 0, outputChannels % groups == 0 else {
      throw GraphError("\(outputChannels) output channels in \(groups) groups, expected a multiple")
    }
    guard paddingValues.isEmpty || paddingValues.count == inputChannels else {
      throw GraphError("\(paddingValues.count) padding values, expected \(inputChannels)")
    }
    let window = Window(
      kernel: (kernelHeight, kernelWidth),
      stride: stride,
      dilation: dilation,
      padding: padding
    )
    let (height, width) = try window.outputSize(height: input[1], width: input[2])
    let output = [1, height, width, outputChannels]
    guard inputs.count == 1 || inputs[1] == output else {
      throw GraphError("residual \(inputs[1]), expected \(output)")
    }
    return output
  }

  /// One a tap and channel and output element.
  public func multiplyAccumulates(outputShape: [Int]) -> Int {
    outputShape.reduce(1, *) * weights.shape[1] * weights.shape[2] * weights.shape[3]
  }

  /// Bias, then taps in order, then residual, then clamp.
  public func evaluate(_ inputs: [Tensor]) -> Tensor {
    ConvolutionEvaluator(self, input: inputs[0]).run(residual: inputs.count > 1 ? inputs[1] : nil)
  }

  /// Compares every field.
  public static func == (a: Convolution, b: Convolution) -> Bool {
    a.weights == b.weights && a.bias == b.bias && a.stride == b.stride && a.dilation == b.dilation
      && a.padding == b.padding && a.paddingValues == b.paddingValues && a.groups == b.groups
      && a.clamp == b.clamp && a.statistics == b.statistics
  }
}
