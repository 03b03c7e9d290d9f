internal import CEdgeCNN
internal import CKernels
internal import ModelFormat
internal import Runtime

private let emptyText: StaticString = ""

@c @implementation
func edgecnn_error_text(_ network: OpaquePointer?) -> UnsafePointer<CChar>? {
  guard let network else { return nothing }
  return UnsafeRawPointer(Session.at(network).pointee.error).assumingMemoryBound(to: CChar.self)
}

@c @implementation
func edgecnn_describe(
  _ network: OpaquePointer?,
  _ model: UnsafeMutablePointer<edgecnn_model>?
) -> edgecnn_status {
  withSession(network) { session, network in
    guard let model else { return session.missing("model") }
    let file = network.file
    model.pointee = edgecnn_model(
      name: session.pointee.text.metadata("source.name"),
      kernels: network.kernels.functions.name,
      file_bytes: file.byteCount,
      arena_bytes: file.arenaSize,
      operator_count: file.operators.count,
      metadata_count: file.metadataCount,
      label_count: file.labelCount,
      golden_count: file.goldenCount,
      threads: Int32(network.threads),
      output_is_probability: file.input.outputIsProbability ? 1 : 0
    )
    return EDGECNN_OK
  }
}

@c @implementation
func edgecnn_input(
  _ network: OpaquePointer?,
  _ tensor: UnsafeMutablePointer<edgecnn_tensor>?
) -> edgecnn_status {
  withSession(network) { session, network in
    describe(network.inputRecord, session, tensor)
  }
}

@c @implementation
func edgecnn_output(
  _ network: OpaquePointer?,
  _ tensor: UnsafeMutablePointer<edgecnn_tensor>?
) -> edgecnn_status {
  withSession(network) { session, network in
    describe(network.outputRecord, session, tensor)
  }
}

@c @implementation
func edgecnn_label(_ network: OpaquePointer?, _ index: Int) -> UnsafePointer<CChar>? {
  guard let network else { return nothing }
  return Session.at(network).pointee.text.label(index)
}

@c @implementation
func edgecnn_metadata(
  _ network: OpaquePointer?,
  _ index: Int,
  _ key: UnsafeMutablePointer<UnsafePointer<CChar>?>?,
  _ value: UnsafeMutablePointer<UnsafePointer<CChar>?>?
) -> edgecnn_status {
  withSession(network) { session, network in
    guard let key else { return session.missing("key") }
    guard let value else { return session.missing("value") }
    let count = network.file.metadataCount
    guard index >= 0, index < count else {
      return session.refuse("index", index, ", expected below ", count)
    }
    (key.pointee, value.pointee) = session.pointee.text.metadata(at: index)
    return EDGECNN_OK
  }
}

@c @implementation
func edgecnn_describe_operator(
  _ network: OpaquePointer?,
  _ index: Int,
  _ description: UnsafeMutablePointer<edgecnn_operator>?
) -> edgecnn_status {
  withSession(network) { session, network in
    guard let description else { return session.missing("description") }
    let count = network.file.operators.count
    guard index >= 0, index < count else {
      return session.refuse("index", index, ", expected below ", count)
    }
    let operation = network.file.operators[index]
    description.pointee = edgecnn_operator()
    description.pointee.name = session.pointee.text.name(of: operation)
    description.pointee.multiply_accumulates = operation.multiplyAccumulates
    withUnsafeMutableBytes(of: &description.pointee.kind) { kind in
      // The last byte stays zero.
      for (at, byte) in operation.kind.name.utf8.enumerated() where at < kind.count - 1 {
        kind[at] = byte
      }
    }
    return EDGECNN_OK
  }
}

/// The empty string of calls without a network.
private var nothing: UnsafePointer<CChar> {
  UnsafeRawPointer(emptyText.utf8Start).assumingMemoryBound(to: CChar.self)
}

private func describe(
  _ record: TensorRecord,
  _ session: UnsafeMutablePointer<Session>,
  _ tensor: UnsafeMutablePointer<edgecnn_tensor>?
) -> edgecnn_status {
  guard let tensor else { return session.missing("tensor") }
  tensor.pointee = edgecnn_tensor(
    name: session.pointee.text.name(of: record),
    height: record.height,
    width: record.width,
    channels: record.channels,
    element_count: record.elementCount,
    byte_count: record.elementCount * record.elementSize,
    element: record.elementType == .u8 ? EDGECNN_U8 : EDGECNN_FLOAT,
    scale: record.scale,
    zero_point: record.zeroPoint
  )
  return EDGECNN_OK
}
