internal import ArgumentParser
internal import HostCommands

/// The command: a conversion unless a subcommand is named.
@main
struct CnnConvert: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cnnconvert",
    abstract: "Turns a trained float CNN into one flat int8 file for cnnrun.",
    discussion: """
      cnnconvert model.ckpt -o model.bin --calibrate images/
      The format is recognised from the bytes. Exit status: 0 done, 1 bad input, 2 wrong usage.
      """,
    version: ConverterVersion.text,
    subcommands: [
      ConvertCommand.self, CompareCommand.self, ExplainCommand.self, InspectCommand.self,
      KeygenCommand.self, SignCommand.self,
    ],
    defaultSubcommand: ConvertCommand.self
  )

  static func main() { runAsRoot() }
}
