internal import GraphIR
internal import Quantization

/// Values that have their scale in common, as parts of a concatenation do.
struct ScalePartners {
  private let parameters: [ValueID: QuantizationParameters]
  private var widest: [Key: (value: ValueID, name: String, span: Double)] = [:]

  private struct Key: Hashable {
    var scale: Float
    var zeroPoint: Int32

    init(_ parameters: QuantizationParameters) {
      (scale, zeroPoint) = (parameters.scale, parameters.zeroPoint)
    }
  }

  init(_ model: QuantizedGraph, _ calibrated: CalibrationResult) {
    parameters = model.parameters
    for node in model.graph.nodes {
      guard let parameters = parameters[node.output],
        let histogram = calibrated.histograms[node.output]
      else { continue }
      let span = Double(max(histogram.maximum, 0)) - Double(min(histogram.minimum, 0))
      let key = Key(parameters)
      if span > widest[key]?.span ?? 0 { widest[key] = (node.output, node.name, span) }
    }
  }

  /// The value with the widest span among those that share `value`'s scale; nil where that is its own.
  func widest(besides value: ValueID) -> (name: String, span: Double)? {
    guard let found = parameters[value].flatMap({ widest[Key($0)] }), found.value != value else {
      return nil
    }
    return (found.name, found.span)
  }
}
