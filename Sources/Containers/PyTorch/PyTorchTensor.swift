/// How PyTorch and safetensors store a number.
public enum PyTorchScalar: String, Sendable, CaseIterable {
  /// IEEE-754 binary64.
  case float64
  /// IEEE-754 binary32.
  case float32
  /// IEEE-754 binary16.
  case float16
  /// The upper half of a binary32.
  case bfloat16
  /// Signed, 64 bits.
  case int64
  /// Signed, 32 bits.
  case int32
  /// Signed, 16 bits.
  case int16
  /// Signed, 8 bits.
  case int8
  /// Unsigned, 8 bits.
  case uint8
  /// One byte, 0 or 1.
  case bool

  /// Bytes a number takes.
  public var byteCount: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .float16, .bfloat16, .int16: 2
    case .int8, .uint8, .bool: 1
    }
  }

  /// Whether it is made for real numbers.
  public var isFloatingPoint: Bool {
    switch self {
    case .float64, .float32, .float16, .bfloat16: true
    default: false
    }
  }

  /// The type that a storage class such as `FloatStorage` holds, or that `torch.float32` names.
  init?(className: String) {
    switch className {
    case "DoubleStorage", "DoubleTensor", "float64", "double": self = .float64
    case "FloatStorage", "FloatTensor", "float32", "float": self = .float32
    case "HalfStorage", "HalfTensor", "float16", "half": self = .float16
    case "BFloat16Storage", "BFloat16Tensor", "bfloat16": self = .bfloat16
    case "LongStorage", "LongTensor", "int64", "long": self = .int64
    case "IntStorage", "IntTensor", "int32", "int": self = .int32
    case "ShortStorage", "ShortTensor", "int16", "short": self = .int16
    case "CharStorage", "CharTensor", "int8": self = .int8
    case "ByteStorage", "ByteTensor", "uint8": self = .uint8
    case "BoolStorage", "BoolTensor", "bool": self = .bool
    default: return nil
    }
  }

  /// The number whose bytes start at `offset`, rounded to float32.
  func float(_ bytes: UnsafeRawBufferPointer, at offset: Int, isBigEndian: Bool) -> Float {
    func integer<T: FixedWidthInteger>(_ type: T.Type) -> T {
      let value = bytes.loadUnaligned(fromByteOffset: offset, as: type)
      return isBigEndian ? T(bigEndian: value) : T(littleEndian: value)
    }
    switch self {
    case .float64: return Float(Double(bitPattern: integer(UInt64.self)))
    case .float32: return Float(bitPattern: integer(UInt32.self))
    case .float16: return Self.widened(half: integer(UInt16.self))
    case .bfloat16: return Float(bitPattern: UInt32(integer(UInt16.self)) << 16)
    case .int64: return Float(integer(Int64.self))
    case .int32: return Float(integer(Int32.self))
    case .int16: return Float(integer(Int16.self))
    case .int8: return Float(integer(Int8.self))
    case .uint8, .bool: return Float(integer(UInt8.self))
    }
  }

  /// binary16 to binary32, exact.
  private static func widened(half: UInt16) -> Float {
    let sign = UInt32(half & 0x8000) << 16
    let exponent = UInt32(half >> 10 & 0x1F)
    let fraction = UInt32(half & 0x3FF)
    switch exponent {
    case 0:
      let magnitude = Float(fraction) * 0x1p-24
      return sign == 0 ? magnitude : -magnitude
    case 31: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
  }
}

/// A strided view of a storage: a tensor before its numbers are read.
public struct PyTorchTensor: Sendable, Equatable {
  /// Type of the numbers.
  public var scalar: PyTorchScalar
  /// Extents.
  public var shape: [Int]
  /// Distance between neighbours on each axis, in numbers.
  public var strides: [Int]
  /// Where the first number lies in the storage, in numbers.
  public var offset: Int
  /// The storage's name inside the file.
  public var storage: String

  /// Number of elements.
  public var count: Int { shape.reduce(1, *) }

  /// Strides of a dense row-major tensor.
  static func rowMajorStrides(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in stride(from: shape.count - 2, through: 0, by: -1) {
      strides[axis] = strides[axis + 1] * max(1, shape[axis + 1])
    }
    return strides
  }

  /// Checks that every element lies inside `storageCount` numbers and that there are no more elements than that.
  ///
  /// - Throws: `PyTorchError.malformed` naming the storage.
  func validate(storageCount: Int) throws(PyTorchError) {
    func fail(_ problem: String) -> PyTorchError {
      .malformed(place: "tensor in storage \"\(storage)\"", problem: problem)
    }
    guard shape.count == strides.count, shape.count <= 16, offset >= 0,
      shape.allSatisfy({ $0 >= 0 }), strides.allSatisfy({ $0 >= 0 })
    else { throw fail("shape \(shape), strides \(strides), offset \(offset) make no sense") }
    var count = 1
    var last = offset
    for (extent, step) in zip(shape, strides) {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      let (reach, reachOverflow) = step.multipliedReportingOverflow(by: max(0, extent - 1))
      let (sum, sumOverflow) = last.addingReportingOverflow(reach)
      guard !overflow, !reachOverflow, !sumOverflow else {
        throw fail("shape \(shape), strides \(strides) overflow")
      }
      (count, last) = (product, sum)
    }
    guard count == 0 || last < storageCount, count <= storageCount else {
      throw fail(
        "shape \(shape), strides \(strides), offset \(offset) reach outside its \(storageCount) numbers"
      )
    }
  }

  /// The numbers in row-major order, rounded to float32; the view was validated against the storage.
  func floats(in bytes: UnsafeRawBufferPointer, isBigEndian: Bool) -> [Float] {
    let count = self.count
    guard count > 0 else { return [] }
    let size = scalar.byteCount
    let isDense = strides == Self.rowMajorStrides(shape) || count == 1
    if isDense, scalar == .float32, !isBigEndian, 1.littleEndian == 1 {
      let source = bytes[offset * 4..<(offset + count) * 4]
      return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
        UnsafeMutableRawBufferPointer(buffer).copyBytes(from: source)
        initialized = count
      }
    }
    if isDense {
      return (0..<count).map {
        scalar.float(bytes, at: (offset + $0) * size, isBigEndian: isBigEndian)
      }
    }
    var values: [Float] = []
    values.reserveCapacity(count)
    var index = [Int](repeating: 0, count: shape.count)
    var position = offset
    for _ in 0..<count {
      values.append(scalar.float(bytes, at: position * size, isBigEndian: isBigEndian))
      for axis in stride(from: shape.count - 1, through: 0, by: -1) {
        index[axis] += 1
        position += strides[axis]
        if index[axis] < shape[axis] { break }
        position -= strides[axis] * shape[axis]
        index[axis] = 0
      }
    }
    return values
  }
}
