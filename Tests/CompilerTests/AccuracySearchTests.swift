import Quantization
import Testing

@testable import Compiler

@Suite struct AccuracySearchTests {
  private typealias Score = AccuracySearch.Score

  /// Searches where `right` images of 100 are right in int8, by the recipe that is asked for; float gets 90.
  private func search(
    budget: Double,
    layers: [String] = [],
    right: @escaping (QuantizationRecipe) -> Int
  ) throws -> AccuracySearch.Outcome {
    var last = QuantizationRecipe()
    var report = ConversionReport()
    // The last named adds most noise.
    report.layers = layers.enumerated().map { index, name in
      ConversionReport.Layer(
        name: name,
        kind: "convolution",
        shape: [1, 1, 8],
        multiplyAccumulates: 8,
        weightBytes: 8,
        noiseRatio: 30,
        rangeNoiseRatio: 40 - Double(index)
      )
    }
    let search = AccuracySearch(
      budget: budget,
      compile: { recipe in
        last = recipe
        return CompiledModel(bytes: Array("\(recipe)".utf8), report: report)
      },
      measure: { model in
        #expect(model.bytes == Array("\(last)".utf8))
        return Score(float: 90, int8: right(last), images: 100, isAccuracy: true)
      }
    )
    return try search.run(from: QuantizationRecipe())
  }

  @Test func `a model within the budget is taken at once`() throws {
    let outcome = try search(budget: 0.5) { _ in 90 }
    #expect(outcome.attempts.count == 1)
    #expect(outcome.isWithinBudget)
    #expect(outcome.score.drop == 0)
  }

  @Test func `int8 that is better than float is within every budget`() throws {
    let outcome = try search(budget: 0) { _ in 92 }
    #expect(outcome.attempts.count == 1)
    #expect(outcome.isWithinBudget)
    #expect(outcome.score.drop == -2)
  }

  @Test func `the first method that keeps the budget ends the search`() throws {
    let outcome = try search(budget: 1) { $0.observer == .meanSquaredError ? 89 : 80 }
    #expect(outcome.isWithinBudget)
    #expect(outcome.score.drop == 1)
    #expect(outcome.chosen == outcome.attempts.count - 1)
    #expect(outcome.attempts[0].score.drop == 10)
    #expect(outcome.model.bytes == Array(outcome.attempts[outcome.chosen].methods.utf8))
  }

  @Test func `where nothing keeps the budget the best model is kept, and of equals the cheapest`()
    throws
  {
    let outcome = try search(budget: 0.5) { $0.observer == .meanSquaredError ? 85 : 80 }
    #expect(!outcome.isWithinBudget)
    #expect(outcome.score.int8 == 85)
    #expect(outcome.attempts.count > 2)
    #expect(outcome.model.bytes == Array(outcome.attempts[outcome.chosen].methods.utf8))
    let equal = try search(budget: 0.5) { _ in 80 }
    #expect(equal.chosen == 0)
  }

  @Test func `a method that makes it worse is dropped again`() throws {
    var worse: [QuantizationRecipe] = []
    let outcome = try search(budget: 0) { recipe in
      guard recipe.observer == .meanSquaredError else { return 88 }
      worse.append(recipe)
      return 70
    }
    #expect(worse.count == 1)
    #expect(outcome.score.int8 == 88)
  }

  @Test func `where methods do not do, more and more of the noisiest layers keep 16 bits`() throws {
    let layers = ["a", "b", "c", "d", "e"]
    var tried: [Set<String>] = []
    let outcome = try search(budget: 1, layers: layers) { recipe in
      tried.append(recipe.wideLayers)
      return recipe.wideLayers.count >= 4 ? 89 : 80
    }
    #expect(outcome.isWithinBudget)
    #expect(tried.filter { !$0.isEmpty } == [["e"], ["e", "d"], ["e", "d", "c", "b"]])
    let hopeless = try search(budget: 0, layers: layers) { _ in 80 }
    #expect(hopeless.attempts.last?.methods.contains("and 1 more") == true)
    #expect(!hopeless.isWithinBudget)
  }

  @Test func `no recipe is tried twice`() throws {
    let outcome = try search(budget: 0, layers: ["a", "b"]) { _ in 80 }
    let methods = outcome.attempts.map(\.methods)
    #expect(Set(methods).count == methods.count)
  }
}
