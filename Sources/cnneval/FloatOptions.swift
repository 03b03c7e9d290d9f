internal import ArgumentParser
internal import GraphIR
internal import HostCommands
internal import Importers
internal import ModelFormat

/// The float model that a flat file is compared with.
struct FloatOptions: ParsableArguments {
  @Option(help: "The float model that the file was made of, to count agreement with.")
  var float: String?

  @Option(help: "Name of the float model's input, where its file leaves a choice.")
  var floatInput: String?

  @Option(help: "Name of the float model's output, where its file leaves a choice.")
  var floatOutput: String?

  @Option(help: "File that describes the float network, for files that hold parameters alone.")
  var architecture: String?

  /// The graph with the preprocessing that the flat file states in front; nil where no float model is asked for.
  func graph(for file: ModelFile) throws -> Graph? {
    guard let float else { return nil }
    var request = ImportRequest(path: float)
    request.input = floatInput
    request.outputs = floatOutput.map { [$0] } ?? []
    request.architecture = architecture
    return try FloatReference.read(request, like: file)
  }
}
