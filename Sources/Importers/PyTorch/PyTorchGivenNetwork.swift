internal import Foundation
internal import GraphIR

/// Fills the parameters of a file into the network that the user named with `--architecture`.
enum PyTorchGivenNetwork {
  /// The network at `architecture` with the file's parameters, under their names in the file or without a wrapper's prefix.
  ///
  /// - Throws: `ImportError.parameterMismatch` with all missing and unexpected names, for the naming that fits best.
  static func model(
    _ contents: PyTorchContents,
    architecture path: String
  ) throws(ImportError) -> ImportedModel {
    let architecture = try Architecture.read(path: path)
    var best: (error: ImportError, distance: Int)?
    for parameters in contents.candidates {
      var tensors: [String: Tensor] = [:]
      for name in parameters.names { tensors[name] = try parameters.tensor(name) }
      do throws(ImportError) {
        let graph = try architecture.build(
          parameters: tensors,
          source: contents.parameters.path
        )
        let file = URL(fileURLWithPath: path).lastPathComponent
        return ImportedModel(graph: graph, format: "\(contents.format), network of \(file)")
      } catch {
        guard case .parameterMismatch(_, let missing, let unexpected, let wrong) = error else {
          throw error
        }
        let distance = missing.count + unexpected.count + wrong.count
        if distance < best?.distance ?? .max { best = (error, distance) }
      }
    }
    throw best?.error
      ?? .parameterMismatch(path: contents.parameters.path, missing: [], unexpected: [], wrong: [])
  }
}
