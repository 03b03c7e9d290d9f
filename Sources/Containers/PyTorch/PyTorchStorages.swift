extension PyTorchArchive {
  /// What the persistent identifier `("storage", class, key, location, count, view)` says.
  struct StorageReference {
    var scalar: PyTorchScalar
    var key: String
    var count: Int
    var view: (key: String, offset: Int)?
  }

  /// Reads a storage's identifier; nil for other identifiers.
  ///
  /// - Throws: `PyTorchError.malformed` for one that does not fit, `.unsupported` for quantized numbers.
  func storageReference(_ value: PickleValue) throws(PyTorchError) -> StorageReference? {
    guard let parts = value.persistentIdentifier?.elements, parts.first?.string == "storage" else {
      return nil
    }
    guard parts.count >= 5, let type = parts[1].global,
      let key = parts[2].string ?? parts[2].int.map(String.init), let count = parts[4].int,
      count >= 0
    else { throw .malformed(place: "storage", problem: "its identifier makes no sense") }
    let isUntyped = type.name == "UntypedStorage"
    guard let scalar = isUntyped ? .uint8 : PyTorchScalar(className: type.name) else {
      throw .unsupported(
        what: "storage of \(type.module).\(type.name)",
        hint: "only plain floating-point and integer tensors are read; save the float model"
      )
    }
    var view: (key: String, offset: Int)?
    if parts.count > 5, let metadata = parts[5].elements, metadata.count >= 2,
      let key = metadata[0].string, let offset = metadata[1].int, offset >= 0
    {
      view = (key, offset)
    }
    return StorageReference(scalar: scalar, key: key, count: count, view: view)
  }

  /// Finds the raw storages that follow the pickles of a legacy file: a count of 8 bytes, then the numbers.
  func readLegacyStorages(
    _ document: PickleDocument,
    keys: [PickleValue],
    from start: Int
  ) throws(PyTorchError) {
    var sizes: [String: Int] = [:]
    for identifier in document.persistentIdentifiers {
      guard let parts = identifier.elements else { continue }
      if parts.first?.string == "module", parts.count >= 4, let type = parts[1].global,
        let text = parts[3].string
      {
        addSource(of: "\(type.module).\(type.name)", text)
      }
    }
    for node in document.persistentValues {
      guard let reference = try storageReference(node) else { continue }
      sizes[reference.key] = reference.scalar.byteCount
      if let view = reference.view { views[view.key] = (reference.key, view.offset) }
    }
    var offset = start
    for key in keys {
      guard let name = key.string ?? key.int.map(String.init), let size = sizes[name] else {
        throw .malformed(place: "storage keys", problem: "lists one that no tensor refers to")
      }
      let count = try integer(at: offset, place: "storage \"\(name)\"")
      offset += 8
      let (byteCount, overflow) = count.multipliedReportingOverflow(by: size)
      guard count >= 0, !overflow, byteCount <= bytes.count - offset else {
        throw .malformed(
          place: "storage \"\(name)\"",
          problem:
            "has \(count) numbers, but the file ends after \(max(0, bytes.count - offset)) bytes"
        )
      }
      contents[name] = .file(offset..<offset + byteCount)
      offset += byteCount
    }
  }

  /// Storages of the tar format: how many, then for each (key, location, class), a count and the numbers; then views.
  func readTarStorages(_ range: Range<Int>) throws(PyTorchError) {
    var offset = range.lowerBound
    let bytes = Array(self.bytes[..<range.upperBound])
    let total = try Self.document(bytes, at: &offset, place: "storages").root.int ?? 0
    for _ in 0..<max(0, min(total, bytes.count)) {
      let entry = try Self.document(bytes, at: &offset, place: "storages").root.elements ?? []
      guard entry.count >= 3, let key = entry[0].int ?? entry[0].string.flatMap({ Int($0) }),
        let type = entry[2].global, let scalar = PyTorchScalar(className: type.name)
      else { throw .malformed(place: "storages", problem: "an entry without key and class") }
      let count = try integer(at: offset, place: "storage \"\(key)\"")
      offset += 8
      let (byteCount, overflow) = count.multipliedReportingOverflow(by: scalar.byteCount)
      guard count >= 0, !overflow, byteCount <= bytes.count - offset else {
        throw .malformed(
          place: "storage \"\(key)\"",
          problem:
            "has \(count) numbers, but its member ends after \(max(0, bytes.count - offset)) bytes"
        )
      }
      contents["\(key)"] = .file(offset..<offset + byteCount)
      offset += byteCount
    }
    let parts = try Self.document(bytes, at: &offset, place: "storage views").root.elements ?? []
    for part in parts {
      guard let view = part.elements, view.count >= 3, let target = view[0].int,
        let root = view[1].int, let start = view[2].int, start >= 0
      else { throw .malformed(place: "storage views", problem: "an entry that makes no sense") }
      views["\(target)"] = ("\(root)", start)
    }
  }

  /// Tensors of the tar format: (key, storage, class), then rank, extents, strides and offset in binary.
  func readTarTensors(_ range: Range<Int>) throws(PyTorchError) {
    var offset = range.lowerBound
    let bytes = Array(self.bytes[..<range.upperBound])
    let total = try Self.document(bytes, at: &offset, place: "tensors").root.int ?? 0
    for _ in 0..<max(0, min(total, bytes.count)) {
      let entry = try Self.document(bytes, at: &offset, place: "tensors").root.elements ?? []
      guard entry.count >= 3, let key = entry[0].int, let storage = entry[1].int,
        let type = entry[2].global, let scalar = PyTorchScalar(className: type.name)
      else { throw .malformed(place: "tensors", problem: "an entry without key and storage") }
      let place = "tensor \"\(key)\""
      let rank = try integer(at: offset, place: place) & 0xFFFF_FFFF
      guard rank <= 16 else {
        throw .malformed(place: place, problem: "has \(rank) axes, expected at most 16")
      }
      offset += 8
      var numbers: [Int] = []
      for _ in 0..<2 * rank + 1 {
        numbers.append(try integer(at: offset, place: place))
        offset += 8
      }
      let base = views["\(storage)"] ?? ("\(storage)", 0)
      let (position, overflow) = numbers[2 * rank].addingReportingOverflow(base.offset)
      let tensor = PyTorchTensor(
        scalar: scalar,
        shape: Array(numbers[..<rank]),
        strides: Array(numbers[rank..<2 * rank]),
        offset: overflow ? -1 : position,
        storage: base.root
      )
      keyedTensors["\(key)"] = tensor
    }
  }

  private func integer(at offset: Int, place: String) throws(PyTorchError) -> Int {
    guard offset >= 0, offset <= bytes.count - 8 else {
      throw .malformed(place: place, problem: "the file ends here; is it complete?")
    }
    let value = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Int64.self) }
    return Int(isBigEndian ? Int64(bigEndian: value) : Int64(littleEndian: value))
  }
}

extension PickleDocument {
  /// All references to objects outside the pickle.
  var persistentValues: [PickleValue] {
    nodes.indices.compactMap { index in
      if case .persistent = nodes[index] {
        PickleValue(document: self, identity: index)
      } else {
        nil
      }
    }
  }
}
