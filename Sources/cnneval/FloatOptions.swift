internal import ArgumentParser
internal import GraphIR
internal import GraphPasses
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
    request.inputSize = (file.input.height, file.input.width)
    var graph: Graph
    do throws(ImportError) {
      graph = try ModelImporters.importModel(request).graph
    } catch {
      throw Failure(error.description)
    }
    guard let preprocessing = Preprocessing(statedBy: file) else {
      throw Failure("the model states no preprocessing, so no float model can be compared with it")
    }
    do throws(GraphError) {
      _ = try FloatNetwork.prepare(
        &graph,
        mean: preprocessing.mean,
        std: preprocessing.std,
        isBGR: preprocessing.color == .bgr,
        endsInProbabilities: file.input.outputIsProbability
      )
    } catch {
      throw Failure("\(float): \(error)")
    }
    try Self.check(graph, file, float)
    return graph
  }

  private static func check(_ graph: Graph, _ file: ModelFile, _ path: String) throws(Failure) {
    let shape = [1, file.input.height, file.input.width, file.input.channels]
    let found = graph.shape(of: graph.inputs[0])
    guard found == shape else {
      throw Failure("\(path): input \(found), expected \(shape), that of the model")
    }
    let outputs = graph.outputs.map { graph.shape(of: $0).reduce(1, *) }
    let expected = file.tensors[file.outputTensor].elementCount
    guard outputs == [expected] else {
      throw Failure("\(path): outputs of \(outputs) elements, expected one of \(expected)")
    }
  }
}
