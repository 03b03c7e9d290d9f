internal import ArgumentParser
internal import HostCommands
internal import Importers

/// An image size as `HxW` or one number for both.
struct ImageSize: ExpressibleByArgument, Equatable {
  var height: Int
  var width: Int

  init?(argument: String) {
    let parts = argument.lowercased().split(separator: "x", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Int($0) }
    guard numbers.count == parts.count, (1...2).contains(numbers.count),
      numbers.allSatisfy({ (1...8192).contains($0) })
    else { return nil }
    (height, width) = (numbers[0], numbers[numbers.count - 1])
  }
}

/// Which model to read, and from where to where.
struct SourceOptions: ParsableArguments {
  @Argument(help: "Model file, folder or checkpoint prefix; the format is recognised by its bytes.")
  var model: String

  @Option(help: "Name of the input to start from, where the file leaves a choice.")
  var input: String?

  @Option(help: "Name of the output to end at, where the file leaves a choice; may be repeated.")
  var output: [String] = []

  @Option(help: "File that describes the network, for files that hold parameters alone.")
  var architecture: String?

  @Option(help: "Height and width of the input, HxW, where the file leaves them open.")
  var inputSize: ImageSize?

  /// Reads the model.
  func load() throws -> ImportedModel {
    var request = ImportRequest(path: model)
    request.input = input
    request.outputs = output
    request.architecture = architecture
    request.inputSize = inputSize.map { ($0.height, $0.width) }
    return try ModelImporters.read(request)
  }
}
