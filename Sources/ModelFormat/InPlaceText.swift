/// The file's strings where they lie, each ended by a zero byte: for C, and without allocating.
///
/// Valid as long as the file's bytes; never nil, as every file has the empty string.
public struct InPlaceText: @unchecked Sendable {
  private let strings: UnsafePointer<CChar>?
  private let labels: UnsafeRawBufferPointer
  private let metadata: UnsafeRawBufferPointer

  /// The strings of a validated file.
  public init(_ file: ModelFile) {
    labels = file.section(.labels)
    metadata = file.section(.metadata)
    strings = file.section(.strings).baseAddress?.assumingMemoryBound(to: CChar.self)
  }

  /// The empty string.
  public var empty: UnsafePointer<CChar>? { strings }
  /// The name of a tensor.
  public func name(of tensor: TensorRecord) -> UnsafePointer<CChar>? { text(tensor.name) }
  /// The name of an operator.
  public func name(of operation: OperatorRecord) -> UnsafePointer<CChar>? { text(operation.name) }
  /// The label of an output element, the empty string where there is none.
  public func label(_ index: Int) -> UnsafePointer<CChar>? {
    index >= 0 && index < labels.count / 4 ? text(labels.u32(4 * index)) : empty
  }

  /// A metadata pair, in ascending order of keys; `index` from 0 to the file's `metadataCount − 1`.
  public func metadata(
    at index: Int
  ) -> (key: UnsafePointer<CChar>?, value: UnsafePointer<CChar>?) {
    (text(metadata.u32(8 * index)), text(metadata.u32(8 * index + 4)))
  }

  /// The metadata value of `key`, the empty string where there is none.
  public func metadata(_ key: StaticString) -> UnsafePointer<CChar>? {
    for index in 0..<metadata.count / 8 {
      let pair = metadata(at: index)
      // A shorter key ends with a zero byte, which differs: nothing is read behind it.
      guard let found = pair.key else { continue }
      let isKey = (0..<key.utf8CodeUnitCount).allSatisfy {
        found[$0] == CChar(bitPattern: key.utf8Start[$0])
      }
      if isKey && found[key.utf8CodeUnitCount] == 0 { return pair.value }
    }
    return empty
  }

  private func text(_ offset: UInt32) -> UnsafePointer<CChar>? { strings.map { $0 + Int(offset) } }
}
