extension PyTorchArchive {
  /// The tensor that `value` describes, or nil where it is something else.
  ///
  /// Parameters, subclasses and NumPy arrays count as tensors.
  ///
  /// - Throws: `PyTorchError` for a tensor that does not fit its storage, or of a kind that is not read.
  public func tensor(_ value: PickleValue) throws(PyTorchError) -> PyTorchTensor? {
    try tensor(value, depth: 0)
  }

  private func tensor(_ value: PickleValue, depth: Int) throws(PyTorchError) -> PyTorchTensor? {
    guard depth < 8 else { return nil }
    if let key = value.persistentIdentifier?.string
      ?? value.persistentIdentifier?.int.map(String.init)
    {
      return try checked(keyedTensors[key])
    }
    guard let object = value.object, let type = object.type.global,
      case let arguments = object.arguments.elements ?? []
    else { return nil }
    switch type.name {
    case "_rebuild_parameter", "_rebuild_parameter_with_state":
      guard let inner = arguments.first else { return nil }
      return try tensor(inner, depth: depth + 1)
    case "_rebuild_from_type_v2" where arguments.count >= 3:
      let inner = arguments[2].elements ?? []
      return try rebuilt(arguments[0].global?.name ?? "", inner, depth: depth)
    case "Parameter" where !arguments.isEmpty, "Variable" where !arguments.isEmpty:
      return try tensor(arguments[0], depth: depth + 1)
    case "_reconstruct", "_frombuffer":
      guard type.module.hasPrefix("numpy") else { return nil }
      return try array(value, name: type.name, arguments)
    default:
      guard type.module.hasPrefix("torch") else { return nil }
      return try rebuilt(type.name, arguments, depth: depth)
    }
  }

  private func rebuilt(
    _ name: String,
    _ arguments: [PickleValue],
    depth: Int
  ) throws(PyTorchError) -> PyTorchTensor? {
    switch name {
    case "_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3": break
    case "_rebuild_parameter", "_rebuild_parameter_with_state":
      guard let inner = arguments.first else { return nil }
      return try tensor(inner, depth: depth + 1)
    case "_rebuild_qtensor", "_rebuild_sparse_tensor", "_rebuild_sparse_csr_tensor",
      "_rebuild_nested_tensor", "_rebuild_meta_tensor_no_storage":
      throw .unsupported(
        what: "tensor made by \(name)",
        hint: "only dense float tensors are read; save the float model before it was quantized"
      )
    default: return nil
    }
    guard arguments.count >= 4, let offset = arguments[1].int,
      let shape = integers(arguments[2]), let strides = integers(arguments[3])
    else { throw .malformed(place: "tensor", problem: "its description makes no sense") }
    guard let (reference, storage) = try storage(arguments[0]) else {
      throw .malformed(place: "tensor", problem: "its storage is a \(arguments[0].kind)")
    }
    var tensor = PyTorchTensor(
      scalar: reference.scalar,
      shape: shape,
      strides: strides,
      offset: offset,
      storage: storage
    )
    if name == "_rebuild_tensor_v3", arguments.count > 6, let type = arguments[6].global,
      let scalar = PyTorchScalar(className: type.name)
    {
      tensor.scalar = scalar
    }
    if let view = reference.view {
      let (sum, overflow) = offset.addingReportingOverflow(view.offset)
      tensor.offset = overflow ? -1 : sum
    }
    return try checked(tensor)
  }

  private func integers(_ value: PickleValue) -> [Int]? {
    guard let elements = value.elements, elements.count <= 16 else {
      return value.elements == nil && value.object != nil ? [] : nil
    }
    let numbers = elements.compactMap(\.int)
    return numbers.count == elements.count ? numbers : nil
  }

  private func checked(_ tensor: PyTorchTensor?) throws(PyTorchError) -> PyTorchTensor? {
    guard let tensor else { return nil }
    guard let content = contents[tensor.storage] else {
      throw .malformed(place: "storage \"\(tensor.storage)\"", problem: "is missing")
    }
    try tensor.validate(storageCount: byteCount(of: content) / tensor.scalar.byteCount)
    return tensor
  }

  /// The storage's type and its name in `contents`, where it is entered.
  private func storage(
    _ value: PickleValue
  ) throws(PyTorchError) -> (StorageReference, name: String)? {
    if let reference = try storageReference(value) {
      if contents[reference.key] != nil { return (reference, reference.key) }
      let isConstant = constants.map { $0.document === value.document } ?? false
      guard let entry = entry(key: reference.key, isConstant: isConstant) else {
        throw .malformed(place: "storage \"\(reference.key)\"", problem: "is missing")
      }
      contents[entry] = .entry(entry)
      return (reference, entry)
    }
    // pickle.dump of a model stores each storage as the bytes of a torch.save of its own.
    guard value.className == "torch.storage._load_from_bytes", serialization == .pickle,
      let nested = value.object?.arguments.elements?.first?.bytes
    else { return nil }
    let archive = try PyTorchArchive(bytes: nested)
    guard archive.serialization != .pickle,
      let reference = try archive.storageReference(archive.root)
    else { throw .malformed(place: "storage", problem: "its bytes hold a \(archive.root.kind)") }
    let whole = PyTorchTensor(
      scalar: .uint8,
      shape: [reference.count * reference.scalar.byteCount],
      strides: [1],
      offset: 0,
      storage: reference.key
    )
    let name = "inline \(value.identity)"
    if contents[name] == nil {
      contents[name] = .inline(
        try archive.rawBytes(of: whole, key: reference.key),
        isBigEndian: archive.isBigEndian
      )
    }
    return (reference, name)
  }

  private func rawBytes(of tensor: PyTorchTensor, key: String) throws(PyTorchError) -> [UInt8] {
    if contents[key] == nil, let entry = entry(key: key, isConstant: false) {
      contents[key] = .entry(entry)
    }
    return try floats(of: tensor).map { UInt8($0) }
  }

  // MARK: NumPy

  /// `_reconstruct(...)` with state (version, shape, dtype, Fortran order, bytes), or `_frombuffer(bytes, dtype, shape, order)`.
  private func array(
    _ value: PickleValue,
    name: String,
    _ arguments: [PickleValue]
  ) throws(PyTorchError) -> PyTorchTensor? {
    let parts: (shape: PickleValue, type: PickleValue, bytes: PickleValue, isFortran: Bool)
    if name == "_frombuffer" {
      guard arguments.count >= 4 else { return nil }
      parts = (arguments[2], arguments[1], arguments[0], arguments[3].string == "F")
    } else {
      guard let state = value.object?.state?.elements, state.count >= 5 else { return nil }
      parts = (state[1], state[2], state[4], state[3].bool ?? false)
    }
    guard let shape = integers(parts.shape), let bytes = parts.bytes.bytes,
      let code = parts.type.object?.arguments.elements?.first?.string
    else { return nil }
    let scalars: [String: PyTorchScalar] = [
      "f8": .float64, "f4": .float32, "f2": .float16, "i8": .int64, "i4": .int32, "i2": .int16,
      "i1": .int8, "u1": .uint8, "b1": .bool,
    ]
    guard let scalar = scalars[code] else { return nil }
    let order = parts.type.object?.state?.elements?.dropFirst().first?.string
    let strides =
      parts.isFortran
      ? Array(PyTorchTensor.rowMajorStrides(shape.reversed()).reversed())
      : PyTorchTensor.rowMajorStrides(shape)
    let name = "inline \(value.identity)"
    contents[name] = .inline(bytes, isBigEndian: order == ">")
    return try checked(
      PyTorchTensor(scalar: scalar, shape: shape, strides: strides, offset: 0, storage: name)
    )
  }
}
