extension QuantizationRecipe {
  /// Methods to add where int8 loses too much, from the cheapest up; each gives the recipe with one method more.
  public static let steps: [@Sendable (QuantizationRecipe) -> QuantizationRecipe] = [
    { $0.with(\.observer, .meanSquaredError) },
    { $0.with(\.observer, .minMax) },
    { $0.with(\.observer, .best) },
    { $0.with(\.equalizes, true) },
    { $0.with(\.rounding, .adaptive) },
    { $0.with(\.biasCorrection, .empirical) },
  ]

  private func with<Value>(
    _ method: WritableKeyPath<QuantizationRecipe, Value>,
    _ value: Value
  ) -> QuantizationRecipe {
    var recipe = self
    recipe[keyPath: method] = value
    return recipe
  }
}
