public import GraphIR
public import GraphPasses
public import Importers
public import ModelFormat
public import Quantization

/// The float model that a flat file was made of, brought to the form in which the two can be compared.
public enum FloatReference {
  /// Reads a float model and puts the preprocessing in front that the flat file states.
  ///
  /// Both then eat the same pixels 0…255 and end alike.
  public static func read(
    _ request: ImportRequest,
    like file: ModelFile
  ) throws(Failure) -> Graph {
    guard let preprocessing = Preprocessing(statedBy: file) else {
      throw Failure("the model states no preprocessing, so no float model can be compared with it")
    }
    var request = request
    request.inputSize = (file.input.height, file.input.width)
    var graph = try ModelImporters.read(request).graph
    try prepare(
      &graph,
      preprocessing,
      endsInProbabilities: file.input.outputIsProbability,
      request.path
    )
    let shape = [1, file.input.height, file.input.width, file.input.channels]
    let found = graph.shape(of: graph.inputs[0])
    guard found == shape else {
      throw Failure("\(request.path): input \(found), expected \(shape), that of the model")
    }
    let outputs = graph.outputs.map { graph.shape(of: $0).reduce(1, *) }
    let expected = file.tensors[file.outputTensor].elementCount
    guard outputs == [expected] else {
      throw Failure("\(request.path): outputs of \(outputs) elements, expected one of \(expected)")
    }
    return graph
  }

  /// Puts `preprocessing` in front of an imported graph and optimises it, as a conversion does.
  @discardableResult
  public static func prepare(
    _ graph: inout Graph,
    _ preprocessing: Preprocessing,
    endsInProbabilities: Bool,
    _ path: String
  ) throws(Failure) -> FloatNetwork.Preparation {
    do throws(GraphError) {
      return try FloatNetwork.prepare(
        &graph,
        mean: preprocessing.mean,
        std: preprocessing.std,
        isBGR: preprocessing.color == .bgr,
        endsInProbabilities: endsInProbabilities
      )
    } catch {
      throw Failure("\(path): \(error)")
    }
  }
}

extension ModelImporters {
  /// The model that is asked for.
  public static func read(_ request: ImportRequest) throws(Failure) -> ImportedModel {
    do throws(ImportError) {
      return try importModel(request)
    } catch {
      throw Failure(error.description)
    }
  }
}

extension Preprocessing {
  /// The same as a map of pixels.
  public var map: PixelMap { PixelMap(mean: mean, std: std, isBGR: color == .bgr) }
}
