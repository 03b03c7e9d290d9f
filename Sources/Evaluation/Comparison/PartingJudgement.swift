internal import TextTables

/// Finds where two models part, and says why.
extension ModelComparisonResult {
  /// The conversion's own measurement is not held against a layer that is at most so many dB worse, on other images.
  private static let recordedMargin = 3.0

  mutating func judge(_ limits: (least: Double, drop: Double)) {
    parting = nil
    if input.ratio < PartingLimits.leastOfInput {
      parting = Parting(layer: nil, cause: .preprocessing, text: inputText)
      return
    }
    for (index, layer) in layers.enumerated() {
      let read =
        layer.inputs.map { $0.map { layers[$0].ratio } ?? input.ratio }.min() ?? input.ratio
      let isLow = layer.ratio < limits.least
      let hasDropped = layer.ratio < 2 * limits.least && layer.ratio < read - limits.drop
      guard isLow || hasDropped || layer.difference.notFinite > 0 else { continue }
      // What the conversion measured as bad is no news, as long as it is not low.
      if !isLow, layer.difference.notFinite == 0, let recorded = layer.recordedRatio,
        layer.ratio > recorded - Self.recordedMargin
      {
        continue
      }
      parting = parting(index, read: read)
      return
    }
  }

  private var inputText: String {
    let how = inputs.count == 2 ? ": \(inputs[0]) and \(inputs[1])" : ""
    return
      "they part at the input: \(decibels(input.ratio)); the networks see the same images differently\(how)"
  }

  private func parting(_ index: Int, read: Double) -> Parting {
    let layer = layers[index]
    let (cause, reason) = cause(layer)
    let place = "they part at layer \"\(layer.name)\" (\(index + 1) of \(layers.count))"
    return Parting(
      layer: layer.name,
      cause: cause,
      text: "\(place): \(decibels(layer.ratio)), \(against(layer, read)); \(reason)"
    )
  }

  private func against(_ layer: Layer, _ read: Double) -> String {
    guard read < LayerDifference.highestRatio else { return "what it reads is equal" }
    return "what it reads agrees to \(decibels(read))"
  }

  private func cause(_ layer: Layer) -> (Parting.Cause, String) {
    let difference = layer.difference
    if difference.notFinite > 0 {
      return (.notFinite, "\(difference.notFinite) values are NaN or infinite")
    }
    let scales = layer.inputs.compactMap { $0 }.filter { layers[$0].isScaled }
    if let scaled = scales.first {
      return (
        .scale,
        "it does not take back the scale that the channels of \"\(layers[scaled].name)\" have"
      )
    }
    let share = difference.saturatedNoise / max(difference.noise, .leastNonzeroMagnitude)
    if share > 0.5, let range = layer.range {
      return (
        .saturation,
        "\(percent(share)) of the difference are the \(percent(layer.saturation)) of its values that are beyond \(number(range.low))…\(number(range.high)), all that its bytes can hold: saturation"
      )
    }
    if let recorded = layer.recordedRatio, layer.ratio > recorded - Self.recordedMargin {
      return (
        .rounding,
        "the conversion measured \(decibels(recorded)) there: rounding to bytes costs that much"
      )
    }
    if difference.constantShare > 0.95 {
      return (
        .bias,
        "\(percent(difference.constantShare)) of the difference is one constant a channel: another bias"
      )
    }
    let noisy = difference.noisyChannels
    if noisy.count * 4 <= difference.channels.count, difference.channels.count >= 4 {
      let names = noisy.prefix(4).map { "\($0)" }.joined(separator: ", ")
      let which =
        noisy.count == 1
        ? "channel \(names) holds" : "channels \(names)\(noisy.count > 4 ? ", …" : "") hold"
      return (.weights, "\(which) nine tenths of the difference: other weights there")
    }
    if layer.inputs == [nil] {
      return (.preprocessing, "it reads the image: another preprocessing, or other weights")
    }
    return layer.isWeighted
      ? (.weights, "all its channels differ: other weights")
      : (.weights, "it does something else")
  }

  private func decibels(_ ratio: Double) -> String { "\(fixed(ratio, 1)) dB" }

  private func number(_ value: Double) -> String {
    fixed(value, abs(value) >= 100 ? 0 : abs(value) >= 1 ? 2 : 4)
  }
}
