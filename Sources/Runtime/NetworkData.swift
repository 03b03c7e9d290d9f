public import ModelFormat

/// Input, output and what lies between.
extension Network {
  /// The record of the input tensor: its shape and quantization.
  public var inputRecord: TensorRecord { file.tensors[file.inputTensor] }
  /// The record of the output tensor.
  public var outputRecord: TensorRecord { file.tensors[file.outputTensor] }

  /// Bytes of a dense input: height × width × channels.
  public var inputByteCount: Int { input.denseBytes }
  /// Bytes of a dense output.
  public var outputByteCount: Int { output.denseBytes }

  /// Channel 0 of the input's first pixel, for writing in place: byte (y, x, c) is at `(y × width + x) × stride + c`.
  ///
  /// The memory may serve other tensors during a run: write the whole input before each. Only channels need values.
  public var inputPixels: UnsafeMutablePointer<UInt8> { input.bytes }
  /// Bytes from an input pixel to the next.
  public var inputPixelStride: Int { input.pixelBytes }

  /// Copies a dense input, row by row, channels innermost, into place.
  ///
  /// Traps if `dense` does not have `inputByteCount` bytes.
  public func setInput(_ dense: UnsafeRawBufferPointer) {
    precondition(dense.count == inputByteCount, "input of another size")
    if let base = dense.baseAddress { input.fill(from: base) }
  }

  /// Copies a dense input into place.
  ///
  /// Traps if `dense` does not have `inputByteCount` bytes.
  public func setInput(_ dense: [UInt8]) { dense.withUnsafeBytes { setInput($0) } }

  /// The dense output bytes of the last run; little-endian binary32 for a float32 output.
  public var outputBytes: [UInt8] { denseBytes(output) }

  /// The output of the last run as real numbers: floats as they are, bytes dequantized.
  public var outputValues: [Float] { values(ofTensor: file.outputTensor) }

  /// The dense bytes of an operator's output; valid until another operator writes there, so inside `run(observing:)`.
  public func bytes(ofOutputOf operation: Int) -> [UInt8] {
    denseBytes(view(file.operators[operation].output))
  }

  /// The real values of an operator's output; valid inside `run(observing:)`.
  public func values(ofOutputOf operation: Int) -> [Float] {
    values(ofTensor: file.operators[operation].output)
  }

  /// XXH64 (seed 0) over the dense bytes of an operator's output; valid inside `run(observing:)`.
  public func hash(ofOutputOf operation: Int) -> UInt64 {
    view(file.operators[operation].output).hash
  }

  /// Element `index` of the dense output as a real number.
  func outputValue(_ index: Int) -> Float { value(output, outputRecord, index) }

  private func value(_ view: TensorView, _ record: TensorRecord, _ index: Int) -> Float {
    let (pixel, channel) = (index / view.channels, index % view.channels)
    if record.elementType == .float32 { return view.floats(pixel)[channel] }
    return Float(Int32(view.pixel(pixel)[channel]) - record.zeroPoint) * record.scale
  }

  private func values(ofTensor tensor: Int) -> [Float] {
    let (view, record) = (view(tensor), file.tensors[tensor])
    return (0..<record.elementCount).map { value(view, record, $0) }
  }

  private func denseBytes(_ view: TensorView) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: view.denseBytes) { buffer, count in
      if let base = buffer.baseAddress { view.copy(to: base) }
      count = view.denseBytes
    }
  }
}
