internal import ArgumentParser
internal import HostCommands

/// `cnnconvert inspect model.bin`: what is in a flat file.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Prints a flat file: operators, shapes, arena, quantization, provenance, signer."
  )

  @Argument(help: "A model.bin.")
  var file: String

  func run() throws {
    Terminal.write(ModelListing(try FlatFile.read(file), name: file).text)
  }
}
