/// Memory that holds a flat file, at a multiple of 64, for as long as anything refers to it.
///
/// The bytes never change after initialization.
public final class ModelBytes: @unchecked Sendable {
  /// The bytes.
  public let bytes: UnsafeRawBufferPointer
  private let release: (UnsafeRawBufferPointer) -> Void

  /// Takes over `bytes`; `release` gives them back when nothing refers to them any more.
  public init(_ bytes: UnsafeRawBufferPointer, release: @escaping (UnsafeRawBufferPointer) -> Void)
  {
    self.bytes = bytes
    self.release = release
  }

  /// An aligned copy of `content`.
  public convenience init(copying content: [UInt8]) {
    let copy = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(64, content.count),
      alignment: 64
    )
    content.withUnsafeBytes { copy.copyMemory(from: $0) }
    let whole = UnsafeRawBufferPointer(copy)
    self.init(UnsafeRawBufferPointer(rebasing: whole[..<content.count])) { bytes in
      UnsafeRawBufferPointer(start: bytes.baseAddress, count: bytes.count).deallocate()
    }
  }

  deinit { release(bytes) }
}
