internal import Containers
internal import GraphIR

/// Turns a pickled module or a TorchScript program into a graph.
enum PyTorchModuleImport {
  /// The network, or nil where the module's class came without source.
  ///
  /// The input's size is the one given, or the first usual one that the layers accept.
  ///
  /// - Throws: `ImportError.unsupported` with all operators that have no counterpart, or the first problem of the given size.
  static func model(
    _ contents: PyTorchContents,
    size: (height: Int, width: Int)?
  ) throws(ImportError) -> ImportedModel {
    guard let record = contents.module, let archive = contents.archive else {
      throw .needsArchitecture(path: contents.parameters.path, summary: contents.format)
    }
    let module = PyTorchModule(record: record, name: "")
    var firstError: ImportError?
    for shape in shapes(contents.parameters, size) {
      do throws(ImportError) {
        var model = try attempt(module, archive, contents, shape)
        if size == nil {
          model.notes.append(
            "took \(shape.height) × \(shape.width) as input size; use --input-size where that is wrong"
          )
        }
        return model
      } catch {
        if case .unsupported = error { throw error }
        if firstError == nil { firstError = error }
      }
    }
    throw firstError
      ?? .needsArchitecture(path: contents.parameters.path, summary: contents.format)
  }

  private static func attempt(
    _ module: PyTorchModule,
    _ archive: PyTorchArchive,
    _ contents: PyTorchContents,
    _ shape: (channels: Int, height: Int, width: Int)
  ) throws(ImportError) -> ImportedModel {
    var network = PyTorchNetwork(name: module.shortClassName, parameters: contents.parameters)
    let input = network.builder.image(
      name: "input",
      channels: shape.channels,
      height: shape.height,
      width: shape.width
    )
    var interpreter = PyTorchInterpreter(network: network, archive: archive)
    var result: PyTorchScriptValue
    do throws(ImportError) {
      result = try interpreter.run(module, [.tensor(input)])
      if let first = result.elements?.first { result = first }
    } catch {
      guard interpreter.unsupported.isEmpty else {
        throw .unsupported(path: contents.parameters.path, operators: interpreter.unsupported)
      }
      throw error
    }
    guard interpreter.unsupported.isEmpty else {
      throw .unsupported(path: contents.parameters.path, operators: interpreter.unsupported)
    }
    guard case .tensor(let output) = result else {
      throw interpreter.failure("forward gives \(result.kind), expected a tensor")
    }
    let unused = contents.parameters.names.filter {
      !interpreter.network.used.contains($0) && !$0.hasSuffix("num_batches_tracked")
    }
    interpreter.network.drop { _ in true }
    if !unused.isEmpty {
      let shown = unused.prefix(4).joined(separator: ", ")
      interpreter.network.notes.append(
        "\(unused.count) parameters have no part in inference: \(shown)\(unused.count > 4 ? ", …" : "")"
      )
    }
    return try PyTorchImporter.finish(&interpreter.network, output, contents.format)
  }

  /// Shapes of the input to try, from the first layer's weights.
  private static func shapes(
    _ parameters: PyTorchParameters,
    _ size: (height: Int, width: Int)?
  ) -> [(channels: Int, height: Int, width: Int)] {
    let first = parameters.names.lazy.compactMap { parameters.shape($0) }.first {
      $0.count == 4 || $0.count == 2
    }
    guard let first else { return [] }
    guard first.count == 4 else {
      let chain = TorchChain.flat(first[1], size)
      return chain.map { [($0.channels, $0.height, $0.width)] } ?? []
    }
    let usual = first[1] == 1 ? [28, 32, 64] : [224, 32, 28, 64, 96, 128, 227, 256, 299]
    let sizes = size.map { [$0] } ?? usual.map { (height: $0, width: $0) }
    return sizes.map { (first[1], $0.height, $0.width) }
  }
}
