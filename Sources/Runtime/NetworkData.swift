public import ModelFormat

/// Input, output and what lies between.
extension Network {
  /// The record of the input tensor: its shape and quantization.
  public var inputRecord: TensorRecord { file.tensors[file.inputTensor] }
  /// The record of the output tensor.
  public var outputRecord: TensorRecord { file.tensors[file.outputTensor] }

  /// Operators of a run.
  public var operatorCount: Int { steps.count }
  /// Bytes of a dense input: height × width × channels.
  public var inputByteCount: Int { input.denseBytes }
  /// Bytes of a dense output.
  public var outputByteCount: Int { output.denseBytes }
  /// Elements of the output.
  public var outputElementCount: Int { output.elements }

  /// Channel 0 of the input's first pixel, for writing in place: byte (y, x, c) is at `(y × width + x) × stride + c`.
  ///
  /// The memory may serve other tensors during a run: write the whole input before each. Only channels need values.
  public var inputPixels: UnsafeMutablePointer<UInt8> { input.bytes }
  /// That memory whole: height × width × `inputPixelStride` bytes.
  public var inputMemory: UnsafeMutableBufferPointer<UInt8> {
    UnsafeMutableBufferPointer(start: input.bytes, count: input.pixels * input.pixelBytes)
  }
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

  /// Writes the byte stream of a golden vector's seed into place.
  func setInput(seed: UInt64) {
    SplitMix64.forEachByte(seed: seed, count: inputByteCount) { index, byte in
      let (pixel, at) = (index / input.rowBytes, index % input.rowBytes)
      input.pixel(pixel)[at] = byte
    }
  }

  /// The dense output bytes of the last run; little-endian binary32 for a float32 output.
  public var outputBytes: [UInt8] { denseBytes(output) }

  /// The output of the last run as real numbers: floats as they are, bytes dequantized.
  public var outputValues: [Float] { values(output) }

  /// Copies the dense output bytes of the last run to `destination`, which has room for `outputByteCount`.
  public func copyOutput(to destination: UnsafeMutableRawPointer) { output.copy(to: destination) }

  /// Writes the output of the last run as real numbers to `destination`, which has room for `outputElementCount`.
  public func copyOutputValues(to destination: UnsafeMutablePointer<Float>) {
    for index in 0..<output.elements { destination[index] = output.value(index) }
  }

  /// The dense bytes of an operator's output; valid until another operator writes there, so inside `run(observing:)`.
  public func bytes(ofOutputOf operation: Int) -> [UInt8] {
    denseBytes(view(file.operators[operation].output))
  }

  /// The real values of an operator's output; valid inside `run(observing:)`.
  public func values(ofOutputOf operation: Int) -> [Float] {
    values(view(file.operators[operation].output))
  }

  /// The real values of a tensor; valid inside `run(observing:)`, after an operator that writes or reads it.
  public func values(of tensor: Int) -> [Float] { values(view(tensor)) }

  /// XXH64 (seed 0) over the dense bytes of an operator's output; valid inside `run(observing:)`.
  public func hash(ofOutputOf operation: Int) -> UInt64 {
    view(file.operators[operation].output).hash
  }

  private func values(_ view: TensorView) -> [Float] {
    (0..<view.elements).map { view.value($0) }
  }

  private func denseBytes(_ view: TensorView) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: view.denseBytes) { buffer, count in
      if let base = buffer.baseAddress { view.copy(to: base) }
      count = view.denseBytes
    }
  }
}
