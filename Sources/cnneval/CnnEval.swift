internal import ArgumentParser
internal import HostCommands

/// The command: an evaluation unless a subcommand is named.
@main
struct CnnEval: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cnneval",
    abstract: "Measures a model.bin on labelled images, and holds it against what it was.",
    discussion: """
      cnneval model.bin images/ --baseline baseline.json
      Images: a folder with a subfolder a class, a TSV of files and classes, MNIST's idx, CIFAR's binary records.
      Exit status: 0 done, 1 regression or bad input, 2 wrong usage.
      """,
    version: ConverterVersion.text,
    subcommands: [EvaluateCommand.self, MergeCommand.self],
    defaultSubcommand: EvaluateCommand.self
  )

  static func main() { runAsRoot() }
}
