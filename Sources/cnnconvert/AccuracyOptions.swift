internal import ArgumentParser
internal import Compiler
internal import Evaluation
internal import HostCommands
internal import ModelFormat
internal import TextTables

/// How much int8 may lose, and which images say how much it does.
struct AccuracyOptions: ParsableArguments {
  /// One image in so many of those to calibrate with judges instead, where no others are given.
  private static let heldOut = 4

  @Option(
    help: "Points of top-1 that int8 may lose against float; methods are added until it does not."
  )
  var maxDrop: Double?

  @Option(
    name: .customLong("validate"),
    help: "Images that judge --max-drop; every fourth of --calibrate's if left out."
  )
  var judges: String?

  @Option(help: "Output of class number 0 of those images: 1 where output 0 is the background.")
  var classOffset = 0

  func validate() throws {
    if let maxDrop, !(0...100).contains(maxDrop) {
      throw ValidationError("--max-drop: \(maxDrop), expected points, 0…100")
    }
    guard judges == nil || maxDrop != nil else {
      throw ValidationError("--validate: expected --max-drop too, which its images judge")
    }
  }

  /// The images to calibrate with, and those that judge: none without `--max-drop`.
  func split(
    _ images: ImageSet,
    _ contract: InputContract
  ) throws(Failure) -> (calibration: ImageSet, judges: ImageSet?) {
    guard maxDrop != nil else { return (images, nil) }
    if let judges { return (images, try ImageSet.opened(judges, contract)) }
    guard images.items.count >= Self.heldOut else {
      throw Failure(
        "--max-drop: \(images.items.count) images, expected at least \(Self.heldOut) of which some judge, or --validate"
      )
    }
    let parts = images.split(every: Self.heldOut)
    return (parts.rest, parts.chosen)
  }

  /// What the images that judge show, by output; nothing where their classes are not the model's.
  func outputs(of judges: ImageSet, labels: [String], count: Int) -> [Int?] {
    do throws(DataSetError) {
      return try ClassNames(labels, count: count)
        .outputs(of: judges, offset: classOffset, assume: Terminal.warning)
    } catch {
      Terminal.warning("\(error.message); agreement with float judges instead of accuracy")
      return judges.items.map { _ in nil }
    }
  }
}

extension AccuracySearch.Outcome {
  /// What was tried, for a terminal.
  var text: String {
    var table = TextTable(["methods", "float", "int8", "of", "drop", ""], leftAligned: 1)
    for (index, attempt) in attempts.enumerated() {
      let score = attempt.score
      table.add([
        attempt.methods, "\(score.float)", "\(score.int8)", "\(score.images)",
        fixed(score.drop, 2), index == chosen ? "taken" : "",
      ])
    }
    return table.lines.joined(separator: "\n") + "\n"
  }

  /// Why the budget is not kept and what stands in the way.
  func shortfall(_ budget: Double) -> String {
    let margin =
      100
      * EvaluationResult.margin(
        Double(score.int8) / Double(max(1, score.images)),
        max(1, score.images)
      )
    return
      "--max-drop \(budget): int8 loses \(fixed(score.drop, 2)) ± \(fixed(margin, 2)) points on"
      + " \(score.images) images with every method that there is; the most noise is in"
      + " \(model.report.worstLayers.joined(separator: ", "))"
  }
}
