internal import Quantization

/// Which flag of `cnnconvert` mends what, given the methods that a conversion already used.
struct Remedies {
  /// The methods used.
  let recipe: QuantizationRecipe
  /// Whether there were calibration images.
  let hasImages: Bool

  /// The flag; nil where none helps that was not used already.
  func flag(for kind: Cause.Kind) -> String? {
    switch kind {
    case .outliers:
      switch recipe.observer {
      case .minMax: "--observer percentile"
      case .percentile: "--observer mse"
      default: nil
      }
    case .saturation: recipe.observer == .minMax ? nil : "--observer min-max"
    case .guessedRange: "--calibrate FOLDER"
    case .clippedWeights: hasImages ? nil : "--calibrate FOLDER"
    case .shift: recipe.biasCorrection == .none ? "--bias-correction analytic" : nil
    case .wideChannel, .sharedScale, .coarseWeights, .noise, .deadChannels: nil
    }
  }
}
