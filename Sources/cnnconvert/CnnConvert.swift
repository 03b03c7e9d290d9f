internal import ArgumentParser
internal import Foundation

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
      ConvertCommand.self, ExplainCommand.self, InspectCommand.self, KeygenCommand.self,
      SignCommand.self,
    ],
    defaultSubcommand: ConvertCommand.self
  )

  /// Parses and runs; every error is one line on standard error.
  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let failure as Failure {
      Terminal.error(failure.message)
      Foundation.exit(1)
    } catch {
      let code = exitCode(for: error)
      guard code != .success else { exit(withError: error) }
      Terminal.write(fullMessage(for: error) + "\n", to: .standardError)
      Foundation.exit(2)
    }
  }
}

/// Bad input: one line for the user, exit status 1.
struct Failure: Error {
  var message: String

  init(_ message: String) { self.message = message }
}

/// The version that is written into every file.
enum ConverterVersion {
  static let text = "0.1.0"
}
