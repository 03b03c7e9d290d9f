internal import Foundation
public import GraphIR

/// A network without its parameters, which are filled in by name: the file of `--architecture`.
///
/// It is either an ONNX file, whose own parameters are replaced, or a text in the grammar of GraphIR's README.
public struct Architecture: Sendable {
  enum Content: Sendable {
    case onnx
    case text(inputs: [Input], calls: [ArchitectureLine], outputs: [Input])
  }

  /// A name, where it stands, and extents where it has any.
  struct Input: Sendable {
    var line: Int
    var name: String
    var extents: [Int] = []
  }

  /// The path as typed.
  public let path: String
  let content: Content

  /// Most bytes of a network text.
  static let largestText = 1 << 24

  /// Reads the file at `path`, whatever of the two it is.
  ///
  /// - Throws: `ImportError` naming the line that does not follow the grammar.
  public static func read(path: String) throws(ImportError) -> Architecture {
    let probe = try FileProbe(path: path)
    if ONNXFile.recognizes(probe.head) { return Architecture(path: path, content: .onnx) }
    guard !probe.isDirectory, probe.size <= largestText,
      let data = FileManager.default.contents(atPath: path),
      let text = String(validating: data, as: UTF8.self), !text.contains("\0")
    else {
      throw .unknownFormat(path: path, found: "\(probe.summary), no network description")
    }
    return try read(text: text, path: path)
  }

  /// Reads a network text; `path` is for messages.
  ///
  /// - Throws: `ImportError.malformed` naming the line that does not follow the grammar.
  public static func read(
    text: String,
    path: String = "architecture"
  ) throws(ImportError) -> Architecture {
    do throws(ArchitectureError) {
      let grammar = try ArchitectureGrammar(text)
      guard !grammar.inputs.isEmpty else {
        throw ArchitectureError(line: 1, problem: "no input, expected a line \"input NAME CxHxW\"")
      }
      guard !grammar.calls.isEmpty else {
        throw ArchitectureError(
          line: grammar.inputs[0].line,
          problem: "no layers, expected lines \"NAME = OPERATOR(…)\""
        )
      }
      return Architecture(
        path: path,
        content: .text(
          inputs: grammar.inputs.map { Input(line: $0.line, name: $0.name, extents: $0.extents) },
          calls: grammar.calls,
          outputs: grammar.outputs.map { Input(line: $0.line, name: $0.name) }
        )
      )
    } catch {
      throw .malformed(path: path, place: "line \(error.line)", problem: error.problem)
    }
  }

  /// The network with its parameters.
  ///
  /// `parameters` are in PyTorch's layouts; `source` is the file that they come from, for messages. Counters of training
  /// steps (`num_batches_tracked`) may be left over, nothing else.
  ///
  /// - Throws: `ImportError.parameterMismatch` with all missing and unexpected names, or naming the line that does not fit.
  public func build(
    parameters: [String: Tensor],
    source: String? = nil
  ) throws(ImportError) -> Graph {
    switch content {
    case .onnx:
      do throws(ImportError) {
        let request = ImportRequest(path: path)
        return try ONNXImporter.importModel(request, parameters: parameters).graph
      } catch {
        if case .parameterMismatch(_, let missing, let unexpected, let wrong) = error {
          throw .parameterMismatch(
            path: source ?? path,
            missing: missing,
            unexpected: unexpected,
            wrong: wrong
          )
        }
        throw error
      }
    case .text(let inputs, let calls, let outputs):
      try requireNames(calls, parameters, source: source ?? path)
      var assembly = ArchitectureAssembly(parameters: parameters)
      do {
        return try assembly.run(inputs: inputs, calls: calls, outputs: outputs)
      } catch let error as ArchitectureError {
        throw .malformed(path: path, place: "line \(error.line)", problem: error.problem)
      } catch let error as ArchitectureAssembly.WrongShape {
        throw .parameterMismatch(
          path: source ?? path,
          missing: [],
          unexpected: [],
          wrong: [error.description]
        )
      } catch {
        throw .malformed(path: path, place: "", problem: "\(error)")
      }
    }
  }

  /// Checks the names of all parameters at once.
  private func requireNames(
    _ calls: [ArchitectureLine],
    _ parameters: [String: Tensor],
    source: String
  ) throws(ImportError) {
    var missing: [String] = []
    var known: Set<String> = []
    for call in calls {
      guard let layer = ArchitectureAssembly.operators[call.callee] else { continue }
      for name in layer.required(call) {
        known.insert(name)
        if parameters[name] == nil { missing.append(name) }
      }
      known.formUnion(layer.optional.map { "\(call.prefix).\($0)" })
    }
    let unexpected = parameters.keys.filter {
      !known.contains($0) && !$0.hasSuffix("num_batches_tracked")
    }.sorted()
    guard missing.isEmpty, unexpected.isEmpty else {
      throw .parameterMismatch(path: source, missing: missing, unexpected: unexpected, wrong: [])
    }
  }
}
