/// MNIST's idx format (http://yann.lecun.com/exdb/mnist): two zero bytes, a type, a rank, big-endian sizes, elements in C order.
struct IndexedArray {
  /// The sizes, outermost first.
  let shape: [Int]
  /// Where the elements start.
  let start: Int

  /// The type of unsigned bytes.
  private static let unsignedByte: UInt8 = 8

  /// Whether `bytes` begin like such an array of bytes.
  static func isOne(_ bytes: [UInt8]) -> Bool {
    bytes.count >= 8 && bytes[0] == 0 && bytes[1] == 0 && bytes[2] == unsignedByte
      && (1...4).contains(bytes[3])
  }

  /// Reads the header and holds the length against it.
  init(_ bytes: [UInt8], _ path: String) throws(DataSetError) {
    guard Self.isOne(bytes) else {
      throw .file(path: path, problem: "not an idx file of bytes")
    }
    let rank = Int(bytes[3])
    start = 4 + 4 * rank
    guard bytes.count >= start else {
      throw .file(path: path, problem: "\(bytes.count) bytes, expected a header of \(start)")
    }
    var shape: [Int] = []
    var elements = 1
    for axis in 0..<rank {
      let at = 4 + 4 * axis
      let size = bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
      let (product, isTooLarge) = elements.multipliedReportingOverflow(by: size)
      guard !isTooLarge else { throw .file(path: path, problem: "sizes overflow") }
      elements = product
      shape.append(size)
    }
    self.shape = shape
    guard bytes.count - start == elements else {
      throw .file(
        path: path,
        problem: "\(bytes.count - start) elements, expected \(elements) of \(shape)"
      )
    }
  }
}
