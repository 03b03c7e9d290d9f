internal import Compiler
internal import Evaluation
internal import GraphIR
internal import HostCommands
internal import ModelFormat
internal import Quantization

/// A float graph, the images to calibrate it with, and everything else that goes into its flat file.
struct Conversion {
  /// The model as it was given, for errors.
  let source: String
  /// The graph, optimised.
  let graph: Graph
  let options: CompileOptions
  let calibration: CalibrationImages?

  /// The flat file that the methods of `recipe` make.
  func compile(_ recipe: QuantizationRecipe) throws(Failure) -> CompiledModel {
    var options = options
    options.recipe = recipe
    do throws(CompileError) {
      return try ModelCompiler.compile(graph, options: options, calibration: calibration)
    } catch {
      throw Failure("\(source): \(error)")
    }
  }

  /// The cheapest methods, from those of the options on, that lose at most `budget` points on the images that judge.
  func search(
    budget: Double,
    judges: ImageSet,
    outputs: [Int?]
  ) throws -> AccuracySearch.Outcome {
    let search = AccuracySearch(
      budget: budget,
      compile: compile,
      measure: { try score($0, judges, outputs) }
    )
    return try search.run(from: options.recipe)
  }

  /// Accuracy where all images have a class, else agreement with float.
  private func score(
    _ model: CompiledModel,
    _ judges: ImageSet,
    _ outputs: [Int?]
  ) throws -> AccuracySearch.Score {
    let file = try ModelFile(copying: model.bytes)
    let tally: Tally
    do throws(EvaluationError) {
      tally = try Evaluator(file, float: graph).run(
        judges,
        outputs: outputs,
        threads: options.threads
      )
    } catch {
      throw Failure(error.message)
    }
    guard tally.labelled == tally.images else {
      return AccuracySearch.Score(
        float: tally.compared,
        int8: tally.agreeing,
        images: tally.compared,
        isAccuracy: false
      )
    }
    return AccuracySearch.Score(
      float: tally.floatTop1,
      int8: tally.top1,
      images: tally.labelled,
      isAccuracy: true
    )
  }
}
