public import GraphIR

/// Mean outputs of a layer before its clamp, by channel, from the means of what each weight is applied to.
///
/// A layer is linear up to its clamp, so means of the inputs are enough, and clipped outputs do not count.
public struct LayerMeans: Sendable {
  /// The layer.
  public let node: Node
  private let weights: [Float]
  private let bias: [Float]
  private let groups: Int
  /// The window; nil where the input is taken whole, or a value a channel.
  private let convolution: Convolution?
  private let input: [Int]
  private let output: [Int]

  /// For a convolution, fully connected layer or affine map; nil for others.
  public init?(_ node: Node, _ graph: Graph) {
    guard let layer = WeightedLayer(node, graph) else { return nil }
    self.node = node
    (weights, bias) = (layer.weights, layer.bias)
    (input, output) = (graph.shape(of: node.inputs[0]), graph.shape(of: node.output))
    switch node.operation {
    case .convolution(let op): (convolution, groups) = (op, op.groups)
    case .channelAffine: (convolution, groups) = (nil, layer.bias.count)
    default: (convolution, groups) = (nil, 1)
    }
  }

  /// Weights of an output channel.
  private var depth: Int { weights.count / max(1, bias.count) }

  /// The mean over all outputs of what weight k of a group is applied to, padding included: `[groups][K]`.
  ///
  /// `values` is the input, channels innermost; traps if it has another size.
  public func patchMeans(of values: [Float]) -> [Double] {
    precondition(values.count == input.reduce(1, *), "\(values.count) values of \(input)")
    guard let convolution else {
      return groups == 1
        ? values.map { Double($0) }
        : Tensor(shape: [values.count / groups, groups], values: values).channelMeans
    }
    let sums = tapSums(convolution, values)
    let (taps, channels) = (
      convolution.kernelHeight * convolution.kernelWidth, convolution.inputChannels
    )
    let scale = 1 / Double(max(1, output[1] * output[2]))
    let inputs = channels / groups
    var means = [Double](repeating: 0, count: sums.count)
    for group in 0..<groups {
      for tap in 0..<taps {
        for c in 0..<inputs {
          means[(group * taps + tap) * inputs + c] =
            sums[tap * channels + group * inputs + c] * scale
        }
      }
    }
    return means
  }

  /// Sums over the outputs, `[taps][C]`: a row of the image is added up once a column of the kernel.
  @_optimize(speed)
  private func tapSums(_ op: Convolution, _ values: [Float]) -> [Double] {
    let channels = op.inputChannels
    let (height, width) = (input[1], input[2])
    let window = op.kernelWidth * channels
    var sums = [Double](repeating: 0, count: op.kernelHeight * window)
    let padding = (0..<channels).map { op.paddingValues.isEmpty ? 0 : Double(op.paddingValues[$0]) }
    var row = [Double](repeating: 0, count: window)
    var rows = [Int](repeating: 0, count: op.kernelHeight)
    values.withUnsafeBufferPointer { values in
      for y in 0..<height {
        for index in row.indices { row[index] = 0 }
        for kx in 0..<op.kernelWidth {
          for x in 0..<output[2] {
            let from = x * op.stride.x - op.padding.left + kx * op.dilation.x
            if from >= 0, from < width {
              let base = (y * width + from) * channels
              for c in 0..<channels { row[kx * channels + c] += Double(values[base + c]) }
            } else {
              for c in 0..<channels { row[kx * channels + c] += padding[c] }
            }
          }
        }
        for ky in 0..<op.kernelHeight {
          let shifted = y + op.padding.top - ky * op.dilation.y
          guard shifted >= 0, shifted % op.stride.y == 0, shifted / op.stride.y < output[1] else {
            continue
          }
          rows[ky] += 1
          for index in row.indices { sums[ky * window + index] += row[index] }
        }
      }
    }
    for ky in 0..<op.kernelHeight {
      let padded = Double((output[1] - rows[ky]) * output[2])
      for index in 0..<window { sums[ky * window + index] += padded * padding[index % channels] }
    }
    return sums
  }

  /// E[y] of the float layer by output channel, before residual and clamp.
  public func outputMeans(_ patchMeans: [Double]) -> [Double] {
    bias.indices.map { row in
      Double(bias[row])
        + dot(row, patchMeans) { Double(weights[row * depth + $0]) }
    }
  }

  /// The integers with biases that bring each channel's mean to the float layer's.
  ///
  /// - Parameters:
  ///   - integers: the layer's weights and biases.
  ///   - input: parameters of the layer's input.
  ///   - means: E[x] of what the float layer's weights are applied to.
  ///   - found: the same of the int8 layer, in real values.
  ///   - residual: what the channel's residual is short of, on average; empty for none.
  /// - Returns: a channel whose accumulators could overflow keeps its bias.
  public func corrected(
    _ integers: QuantizedWeights,
    input: QuantizationParameters,
    means: [Double],
    found: [Double],
    residual: [Double]
  ) -> QuantizedWeights {
    var result = integers
    let wanted = outputMeans(means)
    for row in bias.indices {
      let step = Double(input.scale) * integers.scales[row]
      let values = integers.values[row * depth..<(row + 1) * depth]
      let magnitude = values.reduce(Int64(0)) { $0 + abs(Int64($1)) }
      let unfolded =
        Int64(integers.bias[row]) + Int64(input.zeroPoint) * Int64(integers.weightSum[row])
      let mean =
        Double(unfolded) * step
        + dot(row, found) { Double(values[values.startIndex + $0]) * integers.scales[row] }
      let missing = wanted[row] - mean + (residual.isEmpty ? 0 : residual[row])
      let shift = (missing / step).rounded(.toNearestOrEven)
      guard abs(shift) < 0x1p31 else { continue }
      let bias = Int64(integers.bias[row]) + Int64(shift)
      guard abs(bias) + 255 * magnitude < WeightQuantizer.accumulatorLimit else { continue }
      result.bias[row] = Int32(bias)
    }
    return result
  }

  private func dot(_ row: Int, _ means: [Double], _ weight: (Int) -> Double) -> Double {
    let start = row / max(1, bias.count / groups) * depth
    return (0..<depth).reduce(0) { $0 + weight($1) * means[start + $1] }
  }
}
