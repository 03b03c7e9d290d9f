internal import ArgumentParser
internal import Evaluation
internal import Foundation
internal import HostCommands

/// `cnneval merge part-*.json`.
struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Puts the shards of a set together: the same result as one run over all of it."
  )

  @Argument(help: "What --output of each shard wrote.")
  var parts: [String]

  @OptionGroup var outcome: OutcomeOptions

  func run() throws {
    try outcome.check()
    var read: [(path: String, result: EvaluationResult)] = []
    for path in parts {
      guard let data = FileManager.default.contents(atPath: path) else {
        throw Failure("\(path): cannot be read")
      }
      guard let part = try? JSONDecoder().decode(EvaluationResult.self, from: data), part.isSound
      else {
        throw Failure("\(path): not a result, expected what cnneval --output wrote")
      }
      read.append((path, part))
    }
    let whole: EvaluationResult
    do throws(EvaluationError) {
      whole = try EvaluationResult.merging(read)
    } catch {
      throw Failure(error.message)
    }
    try outcome.tell(whole)
  }
}
