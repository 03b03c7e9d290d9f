internal import Quantization

/// Which flag of `cnnconvert` mends what, given the methods that a conversion already used.
struct Remedies {
  /// The methods used.
  let recipe: QuantizationRecipe
  /// Whether there were calibration images.
  let hasImages: Bool

  /// The flag; nil where none helps that was not used already.
  func flag(for kind: Cause.Kind, _ layer: LayerEvidence) -> String? {
    switch kind {
    case .wideChannel: recipe.equalizes ? wide(layer) : "--equalize"
    case .outliers:
      switch recipe.observer {
      case .minMax: "--observer percentile"
      case .percentile: "--observer mse"
      default: wide(layer)
      }
    case .saturation: recipe.observer == .minMax ? nil : "--observer min-max"
    case .guessedRange: "--calibrate FOLDER"
    case .clippedWeights: hasImages ? nil : "--calibrate FOLDER"
    case .shift:
      switch recipe.biasCorrection {
      case .none: "--bias-correction analytic"
      case .analytic: hasImages ? "--bias-correction empirical" : nil
      case .empirical: nil
      }
    case .coarseWeights: hasImages && recipe.rounding == .nearest ? "--rounding adaptive" : nil
    case .sharedScale: wide(layer)
    // Sixteen bits help where the noise is that of the layer's own output.
    case .noise: layer.isRoundingMost ? wide(layer) : nil
    case .deadChannels: nil
    }
  }

  /// `--wide NAME`, with marks around a name that a shell would take apart; nil where it cannot be.
  private func wide(_ layer: LayerEvidence) -> String? {
    // The option takes several names with commas between.
    guard layer.mayBeWide, !layer.name.isEmpty, !layer.name.contains(where: { ",'".contains($0) })
    else { return nil }
    let isPlain = layer.name.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
      default: "_./:-".utf8.contains(byte)
      }
    }
    return isPlain ? "--wide \(layer.name)" : "--wide '\(layer.name)'"
  }
}
