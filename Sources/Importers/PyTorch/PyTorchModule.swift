internal import Containers

/// A pickled `nn.Module` or a TorchScript object, read without constructing it.
struct PyTorchModule {
  /// The record in the pickle.
  let record: PickleValue
  /// Where it hangs in the tree: `layer1.0.conv1`; empty for the whole network.
  let name: String

  /// `module.Class`.
  var className: String { record.className ?? "object" }

  /// The class without its module.
  var shortClassName: String {
    String(className.split(separator: ".").last ?? "object")
  }

  /// A parameter, buffer, child or plain attribute.
  subscript(attribute: String) -> PickleValue? {
    guard let state = record.object?.state else { return nil }
    for group in ["_parameters", "_buffers", "_modules"] {
      if let value = state[group]?[attribute] { return value }
    }
    return state[attribute]
  }

  /// The modules inside, in order of registration.
  var children: [PyTorchModule] {
    Self.attributes(of: record).filter { Self.isModule($0.value) }.map {
      PyTorchModule(record: $0.value, name: name.isEmpty ? $0.name : "\(name).\($0.name)")
    }
  }

  /// A module inside.
  func child(_ attribute: String) -> PyTorchModule? {
    guard let value = self[attribute], Self.isModule(value) else { return nil }
    return PyTorchModule(record: value, name: name.isEmpty ? attribute : "\(name).\(attribute)")
  }

  /// Whether the value is a module, pickled or scripted.
  static func isModule(_ value: PickleValue) -> Bool {
    PyTorchContents.isModule(value) || value.className?.hasPrefix("__torch__.") ?? false
  }

  /// Parameters, buffers and modules by name; for TorchScript, all attributes.
  static func attributes(of module: PickleValue) -> [(name: String, value: PickleValue)] {
    guard let state = module.object?.state else { return [] }
    var result: [(name: String, value: PickleValue)] = []
    if module.className?.hasPrefix("__torch__.") ?? false {
      for (key, value) in state.entries ?? [] {
        if let name = key.string { result.append((name, value)) }
      }
      return result
    }
    for group in ["_parameters", "_buffers", "_modules"] {
      for (key, value) in state[group]?.entries ?? [] {
        if let name = key.string { result.append((name, value)) }
      }
    }
    return result
  }
}
