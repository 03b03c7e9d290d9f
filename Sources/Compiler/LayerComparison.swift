internal import GraphIR
internal import ModelFormat
internal import Quantization
internal import Runtime

/// Runs float and int8 on the same images and adds up each operator's signal and noise.
struct LayerComparison {
  private let evaluator: FloatEvaluator
  private let saturations: [ValueID: ValueRange]
  private let operatorValues: [ValueID?]
  private var signal: [Double]
  private var noise: [Double]
  /// Channel by channel, for each operator that was compared.
  private(set) var channels: [Int: ChannelNoise] = [:]

  /// Prepares to compare the operators with the values that they compute; nil where there is none.
  init(_ model: QuantizedGraph, operatorValues: [ValueID?]) {
    evaluator = FloatEvaluator(model.graph)
    saturations = model.saturations
    self.operatorValues = operatorValues
    signal = [Double](repeating: 0, count: operatorValues.count)
    noise = signal
  }

  /// Compares one image, pixels 0…255, rounded to bytes for both.
  mutating func add(_ image: Tensor, _ network: Network) throws(GraphError) {
    let bytes = image.pixelBytes
    let wanted = Set(operatorValues.compactMap { $0 })
    var reference: [ValueID: Tensor] = [:]
    let pixels = Tensor(shape: image.shape, values: bytes.map { Float($0) })
    _ = try evaluator.run([pixels]) { node, result in
      if wanted.contains(node.output) { reference[node.output] = result }
    }
    network.setInput(bytes)
    var signal = self.signal
    var noise = self.noise
    var channels = self.channels
    network.run { operation in
      guard let value = operatorValues[operation], let tensor = reference[value] else { return }
      let expected = tensor.values
      let found = network.values(ofOutputOf: operation)
      guard found.count == expected.count else { return }
      let bounds = saturations[value]
      let low = bounds.map { Double($0.low) } ?? -.infinity
      let high = bounds.map { Double($0.high) } ?? .infinity
      var differences = [Double](repeating: 0, count: found.count)
      for index in found.indices {
        let exact = min(max(Double(expected[index]), low), high)
        let difference = min(max(Double(found[index]), low), high) - exact
        signal[operation] += exact * exact
        noise[operation] += difference * difference
        differences[index] = difference
      }
      channels[operation, default: ChannelNoise(channels: tensor.shape.last ?? 1)]
        .add(expected, differences: differences)
    }
    self.signal = signal
    self.noise = noise
    self.channels = channels
  }

  /// `10 log₁₀ (Σ x² ÷ Σ (x̂ − x)²)` in dB for each operator; NaN where nothing was compared or there is no signal.
  var ratios: [Double] {
    signal.indices.map { Decibels.ratio(signal: signal[$0], noise: noise[$0]) ?? .nan }
  }
}

extension Tensor {
  /// Pixels as the bytes that a camera would give.
  var pixelBytes: [UInt8] {
    values.map { $0.isNaN ? 0 : UInt8(min(max($0.rounded(), 0), 255)) }
  }
}
