internal import Containers
internal import GraphIR

/// What a PyTorch or safetensors file turned out to hold.
struct PyTorchContents {
  /// The parameters, under the names in the file.
  var parameters: PyTorchParameters
  /// The pickled module, where the file holds one.
  var module: PickleValue?
  /// The archive, unless it is a safetensors file.
  var archive: PyTorchArchive?
  /// Lightning's hyper-parameters.
  var hyperParameters: PickleValue?
  /// What it is, in a phrase.
  var format: String
  /// What was chosen, for the user.
  var notes: [String] = []
  /// Bytes of the file.
  var byteCount: Int
  /// Modules entered so far; a module that contains another twice, and so on, would not end.
  private var visitedModules = 0

  /// Reads the file.
  ///
  /// - Throws: `ImportError.malformed` with the container's own words.
  init(path: String, isSafetensors: Bool) throws(ImportError) {
    do throws(PyTorchError) {
      if isSafetensors {
        try self.init(path: path, safetensors: try SafetensorsFile(path: path))
      } else {
        try self.init(path: path, archive: try PyTorchArchive(path: path))
      }
    } catch {
      throw .malformed(path: path, place: "", problem: "\(error)")
    }
  }

  private init(path: String, safetensors file: SafetensorsFile) throws(PyTorchError) {
    parameters = PyTorchParameters(path: path)
    for entry in file.entries { parameters.add(entry.name, .safetensors(file, entry)) }
    format = "safetensors file"
    byteCount = file.byteCount
  }

  private init(path: String, archive: PyTorchArchive) throws(PyTorchError) {
    parameters = PyTorchParameters(path: path)
    self.archive = archive
    byteCount = archive.byteCount
    let form =
      archive.serialization == .pickle ? "plain pickle" : "\(archive.serialization.rawValue) format"
    if archive.serialization == .torchScript {
      format = "TorchScript program"
      module = archive.root
      try add(module: archive.root, prefix: "", depth: 0)
      return
    }
    format = "PyTorch checkpoint (\(form))"
    hyperParameters = archive.root["hyper_parameters"] ?? archive.root["hparams"]
    var visited: Set<Int> = []
    guard let (found, keys) = try Self.search(archive.root, archive, &visited) else {
      throw .malformed(
        place: "pickle",
        problem:
          "holds a \(archive.root.kind) without parameters, expected a state_dict or a module"
      )
    }
    if !keys.isEmpty {
      notes.append("parameters are those under \"\(keys.joined(separator: "."))\"")
    }
    if Self.isModule(found) {
      format = "pickled PyTorch module \(found.className ?? "") (\(form))"
      module = found
      try add(module: found, prefix: "", depth: 0)
      return
    }
    format =
      archive.root["pytorch-lightning_version"] == nil
      ? format : "PyTorch Lightning checkpoint (\(form))"
    for (key, value) in found.entries ?? [] {
      guard let name = key.string, let tensor = try archive.tensor(value) else { continue }
      parameters.add(name, .archive(archive, tensor))
    }
  }

  /// Whether the value is an instance of `nn.Module`.
  static func isModule(_ value: PickleValue) -> Bool {
    value.object?.state?["_modules"] != nil || value.object?.state?["_parameters"] != nil
  }

  private static let holders = [
    "state_dict", "model_state_dict", "model", "net", "network", "model_state", "net_state_dict",
    "weights", "params",
    "module", "state_dict_ema", "model_ema", "ema_state_dict", "ema",
  ]

  /// The state_dict or module inside dictionaries, and the keys that lead to it.
  private static func search(
    _ value: PickleValue,
    _ archive: PyTorchArchive,
    _ visited: inout Set<Int>
  ) throws(PyTorchError) -> (PickleValue, [String])? {
    if isModule(value) { return (value, []) }
    guard visited.count < 64, let entries = value.entries, visited.insert(value.identity).inserted
    else { return nil }
    for holder in holders {
      guard let inner = value[holder],
        let (found, keys) = try search(inner, archive, &visited)
      else { continue }
      return (found, [holder] + keys)
    }
    var tensors = 0
    for (key, entry) in entries where key.string != nil {
      if try archive.tensor(entry) != nil { tensors += 1 }
    }
    return tensors > 0 ? (value, []) : nil
  }

  /// Enters a module's parameters and buffers, and those of the modules inside.
  private mutating func add(
    module: PickleValue,
    prefix: String,
    depth: Int
  ) throws(PyTorchError) {
    visitedModules += 1
    guard depth < 64, visitedModules < 1 << 14 else {
      throw .malformed(
        place: "module",
        problem: "contains too many others; does it contain itself?"
      )
    }
    guard let archive else { return }
    for (name, value) in PyTorchModule.attributes(of: module) {
      if PyTorchModule.isModule(value) {
        try add(module: value, prefix: prefix + name + ".", depth: depth + 1)
      } else if let tensor = try archive.tensor(value) {
        parameters.add(prefix + name, .archive(archive, tensor))
      }
    }
  }

  // MARK: Names

  /// The parameters under the names of the file and, one after another, without the prefixes that wrappers add.
  var candidates: [PyTorchParameters] {
    var result = [parameters.renamed { $0 == "n_averaged" ? nil : $0 }]
    while let last = result.last, result.count < 6, let prefix = Self.wrapper(last.names) {
      result.append(
        last.renamed { $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : nil }
      )
    }
    return result
  }

  /// A first component that all names share, or that a wrapper is known to add to the network's.
  private static func wrapper(_ names: [String]) -> String? {
    func first(_ name: String) -> String? {
      guard let dot = name.firstIndex(of: ".") else { return nil }
      let rest = name[name.index(after: dot)...]
      return rest.contains(".") ? String(name[...dot]) : nil
    }
    let prefixes = Set(names.map(first))
    if prefixes.count == 1, let only = prefixes.first, let only { return only }
    return ["model.", "module.", "net.", "network.", "backbone.", "_orig_mod."].first { known in
      names.filter { $0.hasPrefix(known) }.count * 2 > names.count
    }
  }
}
