public import ArgumentParser
internal import Foundation
public import Quantization

/// Which methods quantize.
struct MethodOptions: ParsableArguments {
  @Option(help: "How ranges follow from the images.")
  var observer = QuantizationRecipe().observer

  @Option(help: "How weights become integers.")
  var rounding = QuantizationRecipe().rounding

  @Option(help: "How biases take back what rounding the weights costs.")
  var biasCorrection = QuantizationRecipe().biasCorrection

  @Flag(help: "Scale channels so that the ranges of neighbouring layers match.")
  var equalize = false

  @Flag(help: "Move biases that are so high that a ReLU never cuts into the next layer.")
  var absorbBias = false

  @Option(help: "Layers whose outputs keep 16 bits, by name, with commas between; may be repeated.")
  var wide: [String] = []

  /// The methods as the compiler takes them.
  var recipe: QuantizationRecipe {
    var recipe = QuantizationRecipe()
    recipe.observer = observer
    recipe.rounding = rounding
    recipe.biasCorrection = biasCorrection
    recipe.equalizes = equalize
    recipe.absorbsBias = absorbBias
    recipe.wideLayers = Set(
      wide.flatMap { $0.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } }
    )
    return recipe
  }
}

extension WeightRounding: ExpressibleByArgument {}

extension BiasCorrection: ExpressibleByArgument {}

extension RangeObserver: ExpressibleByArgument {
  /// The observer of that name; nil where there is none.
  public init?(argument: String) { self.init(argument) }

  /// What there is to choose from.
  public static var allValueStrings: [String] {
    ["min-max", "percentile", "percentile:99.9", "moving-average", "mse", "kl", "best"]
  }

  /// As the command line shows it.
  public var defaultValueDescription: String { description }
}
