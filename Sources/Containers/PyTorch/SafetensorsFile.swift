internal import Foundation

/// A safetensors file: a JSON header of names, types, shapes and ranges, then the numbers.
public struct SafetensorsFile: Sendable {
  /// One tensor of the file.
  public struct Entry: Sendable, Equatable {
    /// The parameter's name.
    public var name: String
    /// Type of the numbers.
    public var scalar: PyTorchScalar
    /// Extents.
    public var shape: [Int]
    /// Where the numbers lie, in bytes from the end of the header.
    public var range: Range<Int>
  }

  /// Tensors in the order in which their numbers lie.
  public let entries: [Entry]
  /// Free text that the writer left, by key.
  public let metadata: [String: String]
  /// Bytes of the file.
  public var byteCount: Int { bytes.count }
  private let bytes: [UInt8]
  private let start: Int

  /// Whether a file of `size` bytes that starts like this may be one.
  public static func recognizes(head: [UInt8], size: Int) -> Bool {
    guard head.count > 9, let length = headerLength(head) else { return false }
    return length >= 2 && length <= size - 8 && head[8] == UInt8(ascii: "{")
  }

  /// Reads the file at `path`.
  ///
  /// - Throws: `PyTorchError`.
  public init(path: String) throws(PyTorchError) {
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
    else { throw .malformed(place: "file", problem: "cannot be read") }
    try self.init(bytes: [UInt8](data))
  }

  /// Reads a file in memory.
  ///
  /// - Throws: `PyTorchError.malformed` naming the tensor that does not fit.
  public init(bytes: [UInt8]) throws(PyTorchError) {
    func fail(_ problem: String) -> PyTorchError {
      .malformed(place: "safetensors header", problem: problem)
    }
    guard let length = Self.headerLength(bytes), length >= 2, length <= bytes.count - 8 else {
      throw fail("is longer than the file; is the file complete?")
    }
    let header = Data(bytes[8..<8 + length])
    guard let json = try? JSONSerialization.jsonObject(with: header) as? [String: Any] else {
      throw fail("is not a JSON object")
    }
    self.bytes = bytes
    start = 8 + length
    var entries: [Entry] = []
    var metadata: [String: String] = [:]
    for (name, value) in json {
      guard name != "__metadata__" else {
        metadata = value as? [String: String] ?? [:]
        continue
      }
      entries.append(try Self.entry(name, value, available: bytes.count - 8 - length))
    }
    self.metadata = metadata
    self.entries = entries.sorted {
      ($0.range.lowerBound, $0.range.upperBound, $0.name)
        < ($1.range.lowerBound, $1.range.upperBound, $1.name)
    }
    for (a, b) in zip(self.entries, self.entries.dropFirst())
    where a.range.upperBound > b.range.lowerBound {
      throw .malformed(
        place: "tensor \"\(b.name)\"",
        problem: "overlaps tensor \"\(a.name)\""
      )
    }
  }

  private static func entry(
    _ name: String,
    _ value: Any,
    available: Int
  ) throws(PyTorchError) -> Entry {
    func fail(_ problem: String) -> PyTorchError {
      .malformed(place: "tensor \"\(name)\"", problem: problem)
    }
    guard let record = value as? [String: Any], let type = record["dtype"] as? String,
      let shape = record["shape"] as? [Int], let offsets = record["data_offsets"] as? [Int],
      offsets.count == 2
    else { throw fail("needs dtype, shape and data_offsets") }
    let scalars: [String: PyTorchScalar] = [
      "F64": .float64, "F32": .float32, "F16": .float16, "BF16": .bfloat16, "I64": .int64,
      "I32": .int32, "I16": .int16, "I8": .int8, "U8": .uint8, "BOOL": .bool,
    ]
    guard let scalar = scalars[type] else {
      throw .unsupported(
        what: "tensor \"\(name)\" of \(type)",
        hint: "only plain floating-point and integer tensors are read; save the float model"
      )
    }
    guard offsets[0] >= 0, offsets[0] <= offsets[1], offsets[1] <= available else {
      throw fail("lies at \(offsets[0])…\(offsets[1]), but the file has \(available) bytes of data")
    }
    var size = scalar.byteCount
    for extent in shape {
      let (product, overflow) = size.multipliedReportingOverflow(by: extent)
      guard extent >= 0, !overflow else { throw fail("shape \(shape) makes no sense") }
      size = product
    }
    guard size == offsets[1] - offsets[0] else {
      throw fail("shape \(shape) needs \(size) bytes, found \(offsets[1] - offsets[0])")
    }
    return Entry(name: name, scalar: scalar, shape: shape, range: offsets[0]..<offsets[1])
  }

  private static func headerLength(_ bytes: [UInt8]) -> Int? {
    guard bytes.count >= 8 else { return nil }
    var length: UInt64 = 0
    for (index, byte) in bytes[..<8].enumerated() { length |= UInt64(byte) << (8 * index) }
    return Int(exactly: length)
  }

  /// The tensor's numbers in row-major order, rounded to float32.
  public func floats(of entry: Entry) -> [Float] {
    let tensor = PyTorchTensor(
      scalar: entry.scalar,
      shape: entry.shape,
      strides: PyTorchTensor.rowMajorStrides(entry.shape),
      offset: 0,
      storage: ""
    )
    return bytes.withUnsafeBytes { all in
      let range = start + entry.range.lowerBound..<start + entry.range.upperBound
      return tensor.floats(in: UnsafeRawBufferPointer(rebasing: all[range]), isBigEndian: false)
    }
  }
}
