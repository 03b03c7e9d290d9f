public import Quantization

/// Finds the cheapest methods whose int8 model stays within a budget of what float gets right.
///
/// Methods are added from the cheapest up, and one that makes the model worse is dropped again, until the budget is kept or there is
/// nothing left to try. Then the layers whose rounding to bytes adds most noise keep 16 bits: one, two, four and so on to all of them.
public struct AccuracySearch {
  /// How an int8 model compares with float on the images that judge it.
  public struct Score: Sendable, Equatable, Codable {
    /// Images of `images` for which float is right, or all where float is what int8 is held against.
    public var float: Int
    /// Images for which int8 is right, or names float's class.
    public var int8: Int
    /// Images that count.
    public var images: Int
    /// Whether classes are known, so that these counts are accuracy; else they are agreement with float.
    public var isAccuracy: Bool

    /// Counts of `images` images.
    public init(float: Int, int8: Int, images: Int, isAccuracy: Bool) {
      (self.float, self.int8, self.images, self.isAccuracy) = (float, int8, images, isAccuracy)
    }

    /// What int8 loses, in points of 100; negative where it is the better one.
    public var drop: Double { 100 * Double(float - int8) / Double(max(1, images)) }
  }

  /// Methods that were tried and what became of them.
  public struct Attempt: Sendable, Equatable, Codable {
    /// `QuantizationRecipe.description`.
    public var methods: String
    /// What the images said.
    public var score: Score
    /// Seconds that the conversion took.
    public var seconds: Double
  }

  /// What the search found.
  public struct Outcome: Sendable {
    /// The best model found; the cheapest within the budget where there is one.
    public var model: CompiledModel
    /// What was tried, in order.
    public var attempts: [Attempt]
    /// The attempt that gave `model`.
    public var chosen: Int
    /// Whether it is within the budget.
    public var isWithinBudget: Bool
  }

  private let budget: Double
  private let compile: (QuantizationRecipe) throws -> CompiledModel
  private let measure: (CompiledModel) throws -> Score

  /// A search for a model that loses at most `budget` points of 100.
  public init(
    budget: Double,
    compile: @escaping (QuantizationRecipe) throws -> CompiledModel,
    measure: @escaping (CompiledModel) throws -> Score
  ) {
    (self.budget, self.compile, self.measure) = (budget, compile, measure)
  }

  /// Tries `recipe` first, then more of them; what `compile` and `measure` throw ends the search.
  public func run(
    from recipe: QuantizationRecipe,
    tried: (Attempt) -> Void = { _ in }
  ) throws -> Outcome {
    var best = recipe
    var outcome = try attempt(recipe)
    if let first = outcome.attempts.first { tried(first) }
    func consider(_ next: QuantizationRecipe) throws {
      let found = try attempt(next)
      outcome.attempts += found.attempts
      if let attempt = found.attempts.first { tried(attempt) }
      guard found.score.drop < outcome.score.drop else { return }
      best = next
      outcome.model = found.model
      outcome.chosen = outcome.attempts.count - 1
    }
    for step in QuantizationRecipe.steps where outcome.score.drop > budget {
      let next = step(best)
      if next != best { try consider(next) }
    }
    let narrow = best
    let layers = outcome.model.report.layersToWiden
    var count = 1
    while outcome.score.drop > budget, count < 2 * layers.count {
      var next = narrow
      next.wideLayers.formUnion(layers.prefix(count))
      try consider(next)
      count *= 2
    }
    outcome.isWithinBudget = outcome.score.drop <= budget
    return outcome
  }

  private func attempt(_ recipe: QuantizationRecipe) throws -> Outcome {
    let start = ContinuousClock.now
    let model = try compile(recipe)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let score = try measure(model)
    let attempt = Attempt(methods: "\(recipe)", score: score, seconds: seconds)
    return Outcome(model: model, attempts: [attempt], chosen: 0, isWithinBudget: false)
  }
}

extension AccuracySearch.Outcome {
  /// What was measured of the chosen attempt.
  public var score: AccuracySearch.Score { attempts[chosen].score }
}
