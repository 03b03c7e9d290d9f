internal import Containers
internal import GraphIR
internal import ModelFormat

/// Reads what `torch.save` and `torch.jit.save` write, and safetensors files.
struct PyTorchImporter: ModelImporter {
  static var formatName: String { "PyTorch" }

  static func recognizes(_ probe: FileProbe) -> Bool {
    PyTorchArchive.recognizes(head: probe.head, path: probe.path)
      || SafetensorsFile.recognizes(head: probe.head, size: probe.size)
  }

  static func importModel(_ request: ImportRequest) throws(ImportError) -> ImportedModel {
    let probe = try FileProbe(path: request.path)
    let contents = try PyTorchContents(
      path: request.path,
      isSafetensors: SafetensorsFile.recognizes(head: probe.head, size: probe.size)
    )
    var model = try network(contents, request)
    model.sourceBytes = contents.byteCount
    model.notes = contents.notes + model.notes
    if let hyperParameters = contents.hyperParameters {
      PyTorchHyperParameters(hyperParameters).describe(&model)
    }
    return model
  }

  private static func network(
    _ contents: PyTorchContents,
    _ request: ImportRequest
  ) throws(ImportError) -> ImportedModel {
    let size =
      request.inputSize
      ?? contents.hyperParameters.flatMap {
        PyTorchHyperParameters($0).inputSize
      }
    if let architecture = request.architecture {
      return try PyTorchGivenNetwork.model(contents, architecture: architecture)
    }
    if contents.archive?.serialization == .torchScript {
      return try PyTorchModuleImport.model(contents, size: size)
    }
    var moduleError: ImportError?
    if contents.module != nil {
      do throws(ImportError) {
        return try PyTorchModuleImport.model(contents, size: size)
      } catch { moduleError = error }
    }
    let candidates = contents.candidates
    for parameters in candidates {
      for type in PyTorchArchitectures.all {
        guard let architecture = type.recognize(parameters) else { continue }
        return try model(architecture, parameters, contents, size)
      }
    }
    if let moduleError { throw moduleError }
    for parameters in candidates.reversed() {
      guard let chain = TorchChain.recognize(parameters, inputSize: size) else { continue }
      return try model(chain, parameters, contents)
    }
    throw .needsArchitecture(
      path: request.path,
      summary: "\(contents.format), \(candidates.last?.summary ?? contents.parameters.summary)"
    )
  }

  private static func model(
    _ architecture: any PyTorchArchitecture,
    _ parameters: PyTorchParameters,
    _ contents: PyTorchContents,
    _ size: (height: Int, width: Int)?
  ) throws(ImportError) -> ImportedModel {
    let size = size ?? architecture.inputSize
    var network = PyTorchNetwork(name: architecture.name, parameters: parameters)
    let input = network.builder.image(
      name: "input",
      channels: architecture.inputChannels,
      height: size.height,
      width: size.width
    )
    let output = try architecture.build(&network, input)
    var model = try finish(&network, output, "\(contents.format), \(architecture.name)")
    if architecture.inputChannels == 3, output.shape.last == 1000 {
      model.preprocessing = architecture.imageNetPreprocessing
      var contract = InputContract()
      (contract.resize, contract.cropFraction) = (.crop, 0.875)
      model.contract = contract
      model.notes.append("1000 classes: pixels are prepared as torchvision does for ImageNet")
    }
    return model
  }

  private static func model(
    _ chain: TorchChain,
    _ parameters: PyTorchParameters,
    _ contents: PyTorchContents
  ) throws(ImportError) -> ImportedModel {
    var network = PyTorchNetwork(name: "chain", parameters: parameters)
    network.notes.append(chain.assumption)
    let input = network.builder.image(
      name: "input",
      channels: chain.geometry.channels,
      height: chain.geometry.height,
      width: chain.geometry.width
    )
    let output = try chain.build(&network, input)
    let layers = chain.convolutions.count + chain.linears.count
    return try finish(&network, output, "\(contents.format), a chain of \(layers) layers")
  }

  /// The finished model; every parameter must have found its place.
  static func finish(
    _ network: inout PyTorchNetwork,
    _ output: PyTorchNetwork.Value,
    _ format: String
  ) throws(ImportError) -> ImportedModel {
    try network.requireAllUsed()
    var model = ImportedModel(graph: network.builder.finish(outputs: [output]), format: format)
    model.notes = network.notes
    return model
  }
}
