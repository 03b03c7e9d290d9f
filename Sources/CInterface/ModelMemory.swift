internal import CLinux
internal import ModelFormat
internal import Runtime

extension ModelFile {
  /// A model in the caller's memory, which is used in place or copied.
  static func inMemory(
    _ content: UnsafeRawBufferPointer,
    isBorrowed: Bool
  ) throws(OpeningError) -> ModelFile {
    guard isBorrowed || content.isEmpty else { return try validated(copy(of: content)) }
    guard UInt(bitPattern: content.baseAddress) % 64 == 0 || content.isEmpty else {
      throw .argument("bytes: expected at a multiple of 64, as EDGECNN_BORROW uses them in place")
    }
    return try validated(ModelBytes(content) { _ in })
  }

  private static func copy(of content: UnsafeRawBufferPointer) throws(OpeningError) -> ModelBytes {
    guard let memory = cl_allocate(content.count), let source = content.baseAddress else {
      throw .runtime(.resources("bytes of the model", content.count))
    }
    memory.copyMemory(from: source, byteCount: content.count)
    return ModelBytes(UnsafeRawBufferPointer(start: memory, count: content.count)) {
      cl_release(UnsafeMutableRawPointer(mutating: $0.baseAddress), $0.count)
    }
  }

  private static func validated(_ bytes: ModelBytes) throws(OpeningError) -> ModelFile {
    do throws(ModelFormatError) {
      return try ModelFile(bytes)
    } catch {
      throw .runtime(.model(path: "memory", error))
    }
  }
}
