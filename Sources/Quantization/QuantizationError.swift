/// Why a graph cannot be quantized; every case names the layer.
public enum QuantizationError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A weight or bias is NaN or infinite.
  case weightNotFinite(layer: String, value: String)
  /// A layer computed NaN or infinity for a calibration image.
  case activationNotFinite(layer: String, image: String)
  /// A calibration image could not be loaded.
  case image(index: Int, problem: String)
  /// The float run was refused.
  case graph(String)
  /// There are no images.
  case noImages
  /// No layer is called that.
  case unknownLayer(name: String, known: [String])

  /// One line: where, what, expected.
  public var description: String {
    switch self {
    case .weightNotFinite(let layer, let value):
      "layer \"\(layer)\": weight or bias is \(value), expected finite numbers; is the checkpoint damaged?"
    case .activationNotFinite(let layer, let image):
      "layer \"\(layer)\": output for calibration image \(image) is NaN or infinite, expected finite numbers"
    case .image(let index, let problem): "calibration image \(index): \(problem)"
    case .graph(let problem): problem
    case .noImages: "calibration: 0 images, expected at least 1"
    case .unknownLayer(let name, let known):
      "layer \"\(name)\": not in this network, expected one of \(known.count) such as \"\(known.first ?? "")\"; `cnnconvert explain` lists them"
    }
  }
}
