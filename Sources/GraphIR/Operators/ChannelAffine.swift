/// Mean and standard deviation of a value, a channel.
public struct ChannelStatistics: Sendable, Equatable {
  /// C means.
  public var mean: [Float]
  /// C standard deviations.
  public var deviation: [Float]

  /// Statistics of C channels.
  public init(mean: [Float], deviation: [Float]) {
    self.mean = mean
    self.deviation = deviation
  }

  /// Statistics of `scale[c] × x + bias[c]`.
  public func mapped(scale: [Float], bias: [Float]) -> ChannelStatistics {
    ChannelStatistics(
      mean: mean.indices.map { mean[$0] * scale[$0] + bias[$0] },
      deviation: deviation.indices.map { deviation[$0] * abs(scale[$0]) }
    )
  }
}

/// `y = scale[c] × x + bias[c]`: an unfused batch normalization, or input preprocessing.
public struct ChannelAffine: GraphOperator {
  /// C factors.
  public var scale: [Float]
  /// C summands.
  public var bias: [Float]
  /// What a batch normalization tells of its output, for ranges without calibration images.
  public var statistics: ChannelStatistics?

  /// An affine map a channel; traps if the counts differ.
  public init(scale: [Float], bias: [Float]) {
    precondition(scale.count == bias.count, "\(scale.count) scales, \(bias.count) biases")
    self.scale = scale
    self.bias = bias
  }

  /// The map of a batch normalization: `γ (x − mean) ÷ √(variance + ε) + β`.
  public init(gamma: [Float], beta: [Float], mean: [Float], variance: [Float], epsilon: Float) {
    var scale: [Float] = []
    var bias: [Float] = []
    for channel in gamma.indices {
      let factor =
        Double(gamma[channel]) / (Double(variance[channel]) + Double(epsilon)).squareRoot()
      scale.append(Float(factor))
      bias.append(Float(Double(beta[channel]) - Double(mean[channel]) * factor))
    }
    self.init(scale: scale, bias: bias)
    statistics = ChannelStatistics(mean: beta, deviation: gamma.map(abs))
  }

  /// The text-dump name.
  public var mnemonic: String { "affine" }

  /// The input's shape.
  public func outputShape(_ inputs: [[Int]]) throws(GraphError) -> [Int] {
    guard inputs.count == 1, inputs[0].last == scale.count else {
      throw GraphError("inputs \(inputs), expected one with \(scale.count) channels last")
    }
    return inputs[0]
  }

  /// Element by element.
  public func evaluate(_ inputs: [Tensor]) -> Tensor {
    var output = inputs[0]
    for index in output.values.indices {
      let channel = index % scale.count
      output.values[index] = output.values[index] * scale[channel] + bias[channel]
    }
    return output
  }
}
