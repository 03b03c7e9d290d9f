internal import Quantization
internal import TextTables

/// Says in words why a layer loses accuracy.
struct CauseFinder {
  /// A channel counts as wide where its largest weight is so many times the median.
  private static let wideRatio = 8.0
  /// The steps that half of the channels get beside a wide one are few below this.
  private static let fewSteps = 48.0
  /// Below this share of the steps a range is badly used.
  private static let badUse = 0.25
  /// Below this many dB of its own a range is worth a word.
  private static let rangeNoise = 30.0
  /// Above this share of clipped values a range is too narrow.
  private static let muchClipped = 0.005
  /// Below this many dB rounded weights are coarse.
  private static let weightNoise = 25.0
  /// Below this many dB a layer is noisy.
  private static let noisy = 15.0

  let remedies: Remedies

  /// Layers named where noise adds up without any fault.
  private static let namedLayers = 3

  /// The causes of all layers, that which adds most noise first.
  ///
  /// Where accuracy suffers and no layer is at fault, those that add most noise are named.
  func causes(_ layers: [LayerEvidence], suffers: Bool) -> [Cause] {
    let order = layers.sorted { ($1.addedNoise, $0.layer) < ($0.addedNoise, $1.layer) }
    let found = order.flatMap { causes($0) }
    let dead = found.filter { $0.kind == .deadChannels }
    var harmful = found.filter { $0.kind != .deadChannels }
    if harmful.isEmpty, suffers {
      harmful = order.lazy.filter { $0.weights != nil && $0.noiseRatio != nil && $0.step != nil }
        .prefix(Self.namedLayers)
        .map { cause($0, .noise, nil, fall($0)) }
    }
    return harmful + dead
  }

  /// The causes of one layer, the gravest first.
  private func causes(_ evidence: LayerEvidence) -> [Cause] {
    var found: [(Cause.Kind, Int?, String)] = []
    if let wide = wideChannel(evidence) { found.append((.wideChannel, wide.0, wide.1)) }
    if let words = saturation(evidence) { found.append((.saturation, nil, words)) }
    if found.isEmpty {
      if let words = sharedScale(evidence) {
        found.append((.sharedScale, nil, words))
      } else if let words = looseRange(evidence) {
        found.append((remedies.hasImages ? .outliers : .guessedRange, nil, words))
      }
    }
    if let words = coarseWeights(evidence) { found.append((.coarseWeights, nil, words)) }
    if let words = clippedWeights(evidence) { found.append((.clippedWeights, nil, words)) }
    if let words = shift(evidence) { found.append((.shift, nil, words)) }
    if found.isEmpty, let words = noise(evidence) { found.append((.noise, nil, words)) }
    if let words = deadChannels(evidence) { found.append((.deadChannels, nil, words)) }
    return found.map { cause(evidence, $0, $1, $2) }
  }

  private func cause(
    _ evidence: LayerEvidence,
    _ kind: Cause.Kind,
    _ channel: Int?,
    _ words: String
  ) -> Cause {
    Cause(
      layer: evidence.layer,
      name: evidence.name,
      kind: kind,
      channel: channel,
      words: words,
      remedy: remedies.flag(for: kind, evidence)
    )
  }

  private func wideChannel(_ evidence: LayerEvidence) -> (Int, String)? {
    guard let weights = evidence.weights, let ratio = weights.ratio, ratio >= Self.wideRatio,
      let step = evidence.step, weights.largest.count > 1
    else { return nil }
    let channel = weights.widest
    let wide =
      "channel \(channel)'s weights are \(significant(ratio, 2)) times wider than the median"
    guard let channels = evidence.channels, channels.reach.indices.contains(channel) else {
      // Without images only the made-up ones tell whether the channel decides the range.
      return evidence.fit.map(isLoose) == true ? (channel, "\(wide), and all share one range") : nil
    }
    let median = channels.medianReach(of: weights.alive)
    let steps = Double(median) / step
    guard channels.reach[channel] >= 4 * median, steps < Self.fewSteps else { return nil }
    return (
      channel, "\(wide), so half of the channels use at most \(Int(steps) + 1) of the 256 steps"
    )
  }

  private func saturation(_ evidence: LayerEvidence) -> String? {
    guard let fit = evidence.fit, fit.saturation > Self.muchClipped, fit.clippedShare > 0.5 else {
      return nil
    }
    return
      "\(percent(fit.saturation)) of the values lie outside of the range \(span(fit.range)) and are clipped"
  }

  private func sharedScale(_ evidence: LayerEvidence) -> String? {
    guard let fit = evidence.fit, let partner = evidence.partner, isLoose(fit) else { return nil }
    let own = Double(max(fit.seen.high, 0) - min(fit.seen.low, 0))
    guard own > 0, partner.span > own / Self.badUse else { return nil }
    return
      "shares its scale with \(partner.name), whose range is \(significant(partner.span / own, 2)) times wider"
  }

  private func looseRange(_ evidence: LayerEvidence) -> String? {
    guard let fit = evidence.fit, isLoose(fit) else { return nil }
    guard remedies.hasImages else {
      return
        "the range \(span(fit.range)) is a guess; made-up images use \(percent(fit.use)) of it"
    }
    return
      "99.9 % of the values lie in \(span(fit.middle)), few others stretch the range to \(span(fit.range)): \(Int(fit.use * 256) + 1) of 256 steps are used"
  }

  private func isLoose(_ fit: RangeFit) -> Bool {
    fit.use < Self.badUse && (fit.noiseRatio ?? Decibels.highest) < Self.rangeNoise
  }

  private func coarseWeights(_ evidence: LayerEvidence) -> String? {
    guard let ratio = evidence.weights?.noiseRatio, ratio < Self.weightNoise else { return nil }
    return
      "rounding its weights leaves \(fixed(ratio, 1)) dB: within a channel they differ too much in size"
  }

  private func clippedWeights(_ evidence: LayerEvidence) -> String? {
    guard let quantized = evidence.quantized, quantized.clippedChannels > 0 else { return nil }
    return
      "the weights of \(quantized.clippedChannels) of \(quantized.scales.count) channels are clipped, because the output's range is too narrow for them"
  }

  private func shift(_ evidence: LayerEvidence) -> String? {
    guard let ratio = evidence.noiseRatio, ratio < Self.weightNoise,
      let share = evidence.channels?.shiftShare, share > 0.5
    else { return nil }
    return "\(percent(share)) of its noise is a constant in each channel"
  }

  private func noise(_ evidence: LayerEvidence) -> String? {
    guard let ratio = evidence.noiseRatio, ratio < Self.noisy,
      evidence.addedNoise > Decibels.power(-ratio) / 2
    else { return nil }
    return fall(evidence)
  }

  private func fall(_ evidence: LayerEvidence) -> String {
    let after = evidence.noiseRatio.map { fixed($0, 1) } ?? ""
    guard let before = evidence.inputNoiseRatio else {
      return "signal to noise is \(after) dB here"
    }
    return "signal to noise falls from \(fixed(before, 1)) to \(after) dB here"
  }

  private func deadChannels(_ evidence: LayerEvidence) -> String? {
    guard let quantized = evidence.quantized else { return nil }
    let total = quantized.scales.count
    // Made-up images are no proof that a channel is always silent.
    let silent = remedies.hasImages ? evidence.silentChannels : 0
    guard max(silent, quantized.deadChannels) > 0, silent <= total else { return nil }
    return silent > quantized.deadChannels
      ? "\(silent) of \(total) channels are 0 on every image"
      : "\(quantized.deadChannels) of \(total) channels have no weights"
  }

  private func percent(_ share: Double) -> String { "\(significant(100 * share, 2)) %" }

  private func span(_ range: ValueRange) -> String {
    "\(significant(Double(range.low), 3)) … \(significant(Double(range.high), 3))"
  }
}
