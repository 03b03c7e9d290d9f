internal import ArgumentParser
internal import Evaluation
internal import Foundation
internal import HostCommands

/// What becomes of a result.
struct OutcomeOptions: ParsableArguments {
  @Flag(help: "End with one line of JSON: top1, top5, agreement as fractions, images and more.")
  var json = false

  @Option(help: "Fail when accuracy is below what this file records.")
  var baseline: String?

  @Flag(help: "Write the baseline instead of failing.")
  var updateBaseline = false

  @Option(name: .shortAndLong, help: "File to write all counts to, for merge.")
  var output: String?

  func validate() throws {
    guard !updateBaseline || baseline != nil else {
      throw ValidationError("--update-baseline: expected --baseline FILE too")
    }
  }

  /// Whether all files can be read or written, before hours of work are spent.
  func check() throws {
    if let output { try OutputFile.check(output) }
    guard let baseline else { return }
    if updateBaseline { try OutputFile.check(baseline) }
    if !updateBaseline || FileManager.default.fileExists(atPath: baseline) {
      _ = try Self.read(baseline)
    }
  }

  /// Prints the result, writes what was asked for, and fails where it is worse than the baseline.
  func tell(_ result: EvaluationResult) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    if let output { try OutputFile.write([UInt8](encoder.encode(result)), to: output) }
    Terminal.write(result.text + "\n")
    var regressions: [String] = []
    if let baseline {
      if updateBaseline {
        let old = try? Self.read(baseline)
        let new = try encoder.encode(Baseline(result, replacing: old))
        try OutputFile.write([UInt8](new) + [10], to: baseline)
      } else {
        regressions = try Self.read(baseline).regressions(of: result)
      }
    }
    for line in regressions { Terminal.error("\(baseline ?? ""): \(line)") }
    if json { Terminal.write(result.line + "\n") }
    if !regressions.isEmpty { throw ExitCode(1) }
  }

  private static func read(_ path: String) throws(Failure) -> Baseline {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Failure("\(path): cannot be read; --update-baseline writes it")
    }
    guard let baseline = try? JSONDecoder().decode(Baseline.self, from: data) else {
      throw Failure("\(path): not a baseline; --update-baseline writes one")
    }
    return baseline
  }
}
