internal import Foundation
internal import GraphIR
internal import ModelFormat
internal import Quantization
internal import Runtime

/// Runs float and int8 on the same images and adds up each operator's signal and noise.
struct LayerComparison {
  /// The highest ratio told, for outputs without any noise.
  static let highestRatio = 200.0

  private let evaluator: FloatEvaluator
  private let saturations: [ValueID: ValueRange]
  private let operatorValues: [ValueID?]
  private var signal: [Double]
  private var noise: [Double]

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
    var reference: [ValueID: [Float]] = [:]
    let pixels = Tensor(shape: image.shape, values: bytes.map { Float($0) })
    _ = try evaluator.run([pixels]) { node, result in
      if wanted.contains(node.output) { reference[node.output] = result.values }
    }
    network.setInput(bytes)
    var signal = self.signal
    var noise = self.noise
    network.run { operation in
      guard let value = operatorValues[operation], let expected = reference[value] else { return }
      let found = network.values(ofOutputOf: operation)
      guard found.count == expected.count else { return }
      let bounds = saturations[value]
      let low = bounds.map { Double($0.low) } ?? -.infinity
      let high = bounds.map { Double($0.high) } ?? .infinity
      for index in found.indices {
        let exact = min(max(Double(expected[index]), low), high)
        let difference = min(max(Double(found[index]), low), high) - exact
        signal[operation] += exact * exact
        noise[operation] += difference * difference
      }
    }
    self.signal = signal
    self.noise = noise
  }

  /// `10 log₁₀ (Σ x² ÷ Σ (x̂ − x)²)` in dB for each operator; NaN where nothing was compared or there is no signal.
  var ratios: [Double] {
    signal.indices.map { index in
      guard signal[index] > 0 else { return .nan }
      guard noise[index] > 0 else { return Self.highestRatio }
      return min(10 * Foundation.log10(signal[index] / noise[index]), Self.highestRatio)
    }
  }
}

extension Tensor {
  /// Pixels as the bytes that a camera would give.
  var pixelBytes: [UInt8] {
    values.map { $0.isNaN ? 0 : UInt8(min(max($0.rounded(), 0), 255)) }
  }
}
