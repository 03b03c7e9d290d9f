/// Rounds a layer's weights to −127…127 with a scale an output channel.
///
/// For channel c with weight scale `s = max|w| ÷ 127`, input scale `si` and zero point `zi`, output scale `so`:
/// `q = round(w ÷ s)`, `bias = round(b ÷ (si × s)) − zi × Σq`, `multiplier = si × s ÷ so`. It is proven for each channel that
/// `|bias| + 255 × Σ|q| < 2³¹`, so that no partial sum overflows in any order; else s is doubled until it holds.
///
/// Where integers and scales are given, a channel takes them if its bound and multiplier allow, and is rounded anew otherwise.
struct WeightQuantizer {
  /// Name for errors.
  var layer: String
  /// Parameters of the layer's input.
  var input: QuantizationParameters
  /// Scale of the layer's output, nil where it is float.
  var outputScale: Float?

  /// The integers of `rows` × K weights.
  ///
  /// `means` gives E[x] of weight k of row c; with it, the bias takes back `Σ (q × s − w) × E[x]`, the mean error of the
  /// rounded weights (Nagel et al. 2019, "Data-Free Quantization", section 4.2, https://arxiv.org/abs/1906.04721).
  /// `rounded` are integers that were chosen before, for as many weights.
  ///
  /// - Throws: `QuantizationError.weightNotFinite`.
  func quantize(
    _ weights: [Float],
    bias: [Float],
    rounded: RoundedWeights? = nil,
    means: ((_ row: Int, _ k: Int) -> Double)? = nil
  ) throws(QuantizationError) -> QuantizedWeights {
    for value in weights where !value.isFinite {
      throw .weightNotFinite(layer: layer, value: "\(value)")
    }
    for value in bias where !value.isFinite {
      throw .weightNotFinite(layer: layer, value: "\(value)")
    }
    let rows = bias.count
    let depth = weights.count / max(1, rows)
    var result = QuantizedWeights()
    result.values.reserveCapacity(weights.count)
    for row in 0..<rows {
      quantizeRow(
        weights[row * depth..<(row + 1) * depth],
        bias: Double(bias[row]),
        given: rounded.map {
          GivenRow(values: $0.values[row * depth..<(row + 1) * depth], scale: $0.scales[row])
        },
        means: means.map { means in { means(row, $0) } },
        into: &result
      )
    }
    return result
  }

  /// A channel's integers that were chosen before.
  private struct GivenRow {
    var values: ArraySlice<Int8>
    var scale: Double
  }

  private func quantizeRow(
    _ weights: ArraySlice<Float>,
    bias: Double,
    given: GivenRow?,
    means: ((_ k: Int) -> Double)?,
    into result: inout QuantizedWeights
  ) {
    let si = Double(input.scale)
    let so = Double(outputScale ?? 1)
    let largest = Double(weights.reduce(0) { max($0, abs($1)) })
    var scale = largest / 127
    if largest == 0 {
      result.deadChannels += 1
      // Any scale does; this one gives the bias a resolution of 2⁻¹⁶ output steps.
      scale = outputScale == nil ? max(abs(bias), 1e-6) / si / 1_000_000 : so / si / 65536
    }
    // Subnormal scales and multipliers would lose the bits of the weights.
    scale = max(scale, 1e-30, 1e-30 * so / si)
    if outputScale != nil, si * scale / so >= Self.multiplierLimit {
      result.clippedChannels += 1
      scale = so * Self.multiplierLimit / si
    }
    if let given, largest > 0, outputScale == nil || si * given.scale / so < Self.multiplierLimit,
      append(Array(given.values), given.scale, weights, bias: bias, means: means, to: &result)
    {
      return
    }
    var isRaised = false
    while true {
      let nearest = weights.map { weight in
        Int8(min(max((Double(weight) / scale).rounded(.toNearestOrEven), -127), 127))
      }
      if append(nearest, scale, weights, bias: bias, means: means, to: &result) {
        if isRaised {
          // Weights that vanish beside their bias are none.
          if nearest.allSatisfy({ $0 == 0 }) {
            result.deadChannels += 1
          } else {
            result.raisedChannels += 1
          }
        }
        return
      }
      scale *= 2
      isRaised = true
      // A bias so large that the multiplier would reach 1 before it fits: it saturates the output anyway.
      if outputScale != nil, si * scale / so >= 1 {
        appendSaturated(sign: bias < 0 ? -1 : 1, depth: weights.count, so: so, into: &result)
        return
      }
    }
  }

  /// Appends a channel if its accumulators cannot overflow.
  private func append(
    _ values: [Int8],
    _ scale: Double,
    _ weights: ArraySlice<Float>,
    bias: Double,
    means: ((_ k: Int) -> Double)?,
    to result: inout QuantizedWeights
  ) -> Bool {
    var sum: Int64 = 0
    var magnitude: Int64 = 0
    var error = 0.0
    for (k, (value, weight)) in zip(values, weights).enumerated() {
      sum += Int64(value)
      magnitude += Int64(abs(Int(value)))
      if let means { error += (Double(value) * scale - Double(weight)) * means(k) }
    }
    let steps = ((bias - error) / (Double(input.scale) * scale)).rounded(.toNearestOrEven)
    guard abs(steps) < 0x1p31 else { return false }
    let folded = Int64(steps) - Int64(input.zeroPoint) * sum
    guard abs(folded) + 255 * magnitude < Self.accumulatorLimit else { return false }
    result.values += values
    result.bias.append(Int32(folded))
    result.weightSum.append(Int32(sum))
    result.scales.append(scale)
    result.multiplier.append(multiplier(scale))
    return true
  }

  /// A channel that is constantly past the end of its output's range.
  private func appendSaturated(
    sign: Double,
    depth: Int,
    so: Double,
    into result: inout QuantizedWeights
  ) {
    let scale = so / Double(input.scale) / 65536
    result.values += [Int8](repeating: 0, count: depth)
    result.bias.append(Int32(sign) * (1 << 30))
    result.weightSum.append(0)
    result.scales.append(scale)
    result.multiplier.append(multiplier(scale))
    result.raisedChannels += 1
  }

  /// Accumulators stay this far below 2³¹, so that zero point and residual fit beside them.
  static let accumulatorLimit: Int64 = (1 << 31) - (1 << 20)

  /// Multipliers stay this far below 1, so that rounding to float32 cannot reach it.
  static let multiplierLimit = 0.999_999

  private func multiplier(_ scale: Double) -> Float {
    let exact = Double(input.scale) * scale / Double(outputScale ?? 1)
    return Float(min(exact, Double(Float.greatestFiniteMagnitude)))
  }
}
