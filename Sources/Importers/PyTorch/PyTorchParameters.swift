internal import Containers
internal import GraphIR

/// The parameters of a network by name: a state_dict, whatever file it came in.
///
/// Numbers are read when a layer asks for them.
struct PyTorchParameters {
  /// Where a parameter's numbers come from.
  enum Source {
    case archive(PyTorchArchive, PyTorchTensor)
    case safetensors(SafetensorsFile, SafetensorsFile.Entry)
  }

  /// Path of the file, for messages.
  let path: String
  /// Names in the order of the file, which is usually that of the layers.
  private(set) var names: [String] = []
  private var sources: [String: Source] = [:]

  /// No parameters yet.
  init(path: String) { self.path = path }

  /// Adds a parameter; a name that comes again replaces the earlier one, as in Python.
  mutating func add(_ name: String, _ source: Source) {
    if sources.updateValue(source, forKey: name) == nil { names.append(name) }
  }

  /// Whether there is a parameter of that name.
  func contains(_ name: String) -> Bool { sources[name] != nil }

  /// Extents of a parameter.
  func shape(_ name: String) -> [Int]? {
    switch sources[name] {
    case .archive(_, let tensor): tensor.shape
    case .safetensors(_, let entry): entry.shape
    case nil: nil
    }
  }

  /// The first extent of a parameter.
  func extent(_ name: String, _ axis: Int = 0) -> Int? {
    guard let shape = shape(name), shape.indices.contains(axis) else { return nil }
    return shape[axis]
  }

  /// Whether any name starts so.
  func hasPrefix(_ prefix: String) -> Bool { names.contains { $0.hasPrefix(prefix) } }

  /// The parameter's numbers.
  ///
  /// - Throws: `ImportError.parameterMismatch` where it is missing, `.malformed` where its numbers cannot be read or are
  ///   not finite.
  func tensor(_ name: String) throws(ImportError) -> Tensor {
    guard let source = sources[name] else {
      throw .parameterMismatch(path: path, missing: [name], unexpected: [], wrong: [])
    }
    let values: [Float]
    let shape: [Int]
    switch source {
    case .archive(let archive, let tensor):
      shape = tensor.shape
      do throws(PyTorchError) {
        values = try archive.floats(of: tensor)
      } catch { throw .malformed(path: path, place: "parameter \"\(name)\"", problem: "\(error)") }
    case .safetensors(let file, let entry):
      shape = entry.shape
      values = file.floats(of: entry)
    }
    if let index = values.firstIndex(where: { !$0.isFinite }) {
      throw .malformed(
        path: path,
        place: "parameter \"\(name)\"",
        problem:
          "value \(index) is \(values[index]), expected finite numbers; was the training stable?"
      )
    }
    return Tensor(shape: shape, values: values)
  }

  /// The same parameters under other names; those that `rename` maps to nil are left out.
  func renamed(_ rename: (String) -> String?) -> PyTorchParameters {
    var result = PyTorchParameters(path: path)
    for name in names {
      if let new = rename(name), let source = sources[name] { result.add(new, source) }
    }
    return result
  }

  /// Names and shapes in one line, for messages.
  var summary: String {
    let shown = names.filter { !$0.hasSuffix("num_batches_tracked") }
    let list = shown.prefix(6).map { "\($0) \(shape($0) ?? [])" }.joined(separator: ", ")
    return "\(shown.count) parameters: \(list)\(shown.count > 6 ? ", …" : "")"
  }
}
