internal import GraphIR
internal import ModelFormat
internal import Quantization

/// Gathers what a conversion knows of every operator, and fills the report with it.
struct Diagnosis {
  /// Share of images with the same class in float and int8 below which accuracy suffers.
  private static let goodAgreement = 0.98

  private let model: QuantizedGraph
  private let contents: ModelContents
  private let calibrated: CalibrationResult
  private let finder: CauseFinder
  private let evidence: [LayerEvidence]
  private let inputs: [[Int]]
  private let operatorValues: [ValueID?]

  /// Looks at a lowered graph whose memory is planned.
  ///
  /// `channels` are of the operators that were compared; `calibrated` may be of made-up images, which `remedies` says.
  init(
    _ model: QuantizedGraph,
    _ contents: ModelContents,
    operatorValues: [ValueID?],
    calibrated: CalibrationResult,
    channels: [Int: ChannelNoise],
    remedies: Remedies
  ) {
    self.model = model
    self.contents = contents
    self.calibrated = calibrated
    self.operatorValues = operatorValues
    finder = CauseFinder(remedies: remedies)
    inputs = contents.operatorInputs
    let partners = ScalePartners(model, calibrated)
    var evidence: [LayerEvidence] = []
    for (index, operation) in contents.operators.enumerated() {
      var layer = LayerEvidence(layer: index, name: operation.name)
      let ratio = operation.record.noiseRatio
      layer.noiseRatio = ratio.isNaN ? nil : Double(ratio)
      layer.inputNoiseRatio =
        inputs[index].compactMap { $0 < 0 ? nil : evidence[$0].noiseRatio }.min()
      layer.channels = channels[index]
      if let value = operatorValues[index] {
        layer.look(at: value, model, calibrated)
        layer.partner = partners.widest(besides: value)
      }
      evidence.append(layer)
    }
    self.evidence = evidence
  }

  /// Adds numbers, causes and what is drawn.
  func describe(in report: inout ConversionReport) {
    for (index, layer) in evidence.enumerated() {
      report.layers[index].rangeNoiseRatio = layer.fit?.noiseRatio.map { Self.rounded($0, 100) }
      report.layers[index].weightNoiseRatio = layer.weights?.noiseRatio.map {
        Self.rounded($0, 100)
      }
      report.layers[index].saturation = layer.fit.map { Self.rounded($0.saturation, 1e6) }
      report.layers[index].rangeUse = layer.fit.map { Self.rounded($0.use, 1e4) }
      report.layers[index].channelRatio = layer.weights?.ratio.map { Self.rounded($0, 100) }
    }
    let agreement = report.agreeing.map { Double($0) / Double(max(1, report.calibrationImages)) }
    report.causes = finder.causes(evidence, suffers: (agreement ?? 1) < Self.goodAgreement)
    var details = ReportDetails()
    details.layers = evidence.map(details(of:))
    details.memory = contents.memoryBlocks
    // Layers with a cause come first, the others by the noise that they add.
    let blamed = report.causes.filter { $0.kind != .deadChannels }.map(\.layer)
    var worst: [Int] = []
    let order = evidence.sorted { ($1.addedNoise, $0.layer) < ($0.addedNoise, $1.layer) }
    for layer in blamed + order.map(\.layer) where !worst.contains(layer) { worst.append(layer) }
    details.histograms = Array(
      worst.lazy.compactMap { histogram(evidence[$0]) }.prefix(ReportDetails.ValueCounts.limit)
    )
    details.channelWeights = evidence.filter { ($0.weights?.largest.count ?? 0) > 1 }
      .sorted { ($1.weights?.ratio ?? 0, $0.layer) < ($0.weights?.ratio ?? 0, $1.layer) }
      .prefix(ReportDetails.ChannelWeights.limit)
      .compactMap { channelWeights($0) }
    report.details = details
  }

  private static func rounded(_ value: Double, _ steps: Double) -> Double {
    (value * steps).rounded() / steps
  }

  private func details(of layer: LayerEvidence) -> ReportDetails.Layer {
    var details = ReportDetails.Layer()
    let record = contents.operators[layer.layer].record
    details.inputs = inputs[layer.layer]
    switch record.kind {
    case .convolution, .depthwiseConvolution, .maxPool, .averagePool:
      details.kernel = "\(record.kernelHeight)×\(record.kernelWidth)/\(record.strideY)"
    default: break
    }
    details.elementType = "\(contents.tensors[record.output].record.elementType)"
    if let fit = layer.fit {
      details.range = [Double(fit.range.low), Double(fit.range.high)]
      details.seen = [Double(fit.seen.low), Double(fit.seen.high)]
    }
    details.weightSpread = layer.weights?.spread
    return details
  }

  private func histogram(_ layer: LayerEvidence) -> ReportDetails.ValueCounts? {
    // What only picks or moves values has those of the layer before it.
    let kind = contents.operators[layer.layer].record.kind
    guard ![.maxPool, .gatherChannels, .reshape, .transpose, .pad].contains(kind),
      let fit = layer.fit, let value = operatorValues[layer.layer],
      let histogram = calibrated.histograms[value]
    else { return nil }
    let start = Double(min(fit.seen.low, fit.range.low))
    let end = Double(max(fit.seen.high, fit.range.high))
    let bins = ReportDetails.ValueCounts.bins
    guard end > start else { return nil }
    let width = (end - start) / Double(bins)
    var counts = [Int](repeating: 0, count: bins)
    for (middle, count) in histogram.bins {
      let bin = Int(((middle - start) / width).rounded(.down))
      counts[min(max(bin, 0), bins - 1)] += Int(count)
    }
    return ReportDetails.ValueCounts(
      layer: layer.layer,
      start: start,
      binWidth: width,
      counts: counts,
      range: [Double(fit.range.low), Double(fit.range.high)]
    )
  }

  private func channelWeights(_ layer: LayerEvidence) -> ReportDetails.ChannelWeights? {
    guard let weights = layer.weights else { return nil }
    let channels = weights.largest.count
    let bins = ReportDetails.ChannelWeights.bins
    let perBin = (channels + bins - 1) / bins
    let largest = stride(from: 0, to: channels, by: perBin).map { start in
      weights.largest[start..<min(start + perBin, channels)].max() ?? 0
    }
    return ReportDetails.ChannelWeights(
      layer: layer.layer,
      channelsPerBin: perBin,
      widest: weights.widest,
      largest: largest,
      median: weights.median
    )
  }
}

extension LayerEvidence {
  /// Takes up what is known of the value that the operator computes.
  fileprivate mutating func look(
    at value: ValueID,
    _ model: QuantizedGraph,
    _ calibrated: CalibrationResult
  ) {
    if let parameters = model.parameters[value], let histogram = calibrated.histograms[value] {
      step = Double(parameters.scale)
      let isWide = model.wideValues.contains(value)
      fit = RangeFit(histogram, parameters, isWide: isWide, bounds: model.saturations[value])
    }
    if let means = calibrated.channelMeans[value], let low = calibrated.histograms[value]?.minimum,
      low >= 0
    {
      silentChannels = means.count { $0 == 0 }
    }
    // A clamp that became part of the operator before it leaves the weights with that one's value.
    let source = model.fusedClamps.first { $0.value.value == value }?.key ?? value
    guard let node = model.graph.producer(of: source).map({ model.graph.nodes[$0] }) else { return }
    mayBeWide =
      step != nil && !model.wideValues.contains(value) && node.name == name
      && WideLayers.hasWideForm(node.operation)
    guard let integers = model.weights[source], let rows = node.operation.weightRows else {
      return
    }
    quantized = integers
    weights = WeightFit(rows: rows, integers)
  }
}
