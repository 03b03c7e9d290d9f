/// A dense tensor as TensorFlow stores it, its values widened to one type a kind.
public struct TensorFlowTensor: Sendable, Equatable {
  /// Values in row-major order.
  public enum Values: Sendable, Equatable {
    /// float16, bfloat16, float32; float64 rounded to float32.
    case floats([Float])
    /// Every integer type, and quantized ones without their range.
    case integers([Int])
    /// Truth values.
    case booleans([Bool])
    /// Byte strings.
    case strings([[UInt8]])

    /// Number of values.
    public var count: Int {
      switch self {
      case .floats(let values): values.count
      case .integers(let values): values.count
      case .booleans(let values): values.count
      case .strings(let values): values.count
      }
    }
  }

  /// Element type in the file.
  public var type: TensorFlowDataType
  /// Extents, outermost first; empty for a scalar.
  public var shape: [Int]
  /// `shape.product` values.
  public var values: Values

  /// A tensor; traps if `values` does not fill `shape`.
  public init(type: TensorFlowDataType, shape: [Int], values: Values) {
    precondition(shape.reduce(1, *) == values.count, "\(values.count) values for \(shape)")
    self.type = type
    self.shape = shape
    self.values = values
  }

  /// Product of extents, or nil where one is negative or the product exceeds 2³¹.
  public static func count(of shape: [Int]) -> Int? {
    var count = 1
    for extent in shape {
      guard extent >= 0 else { return nil }
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow, product <= 1 << 31 else { return nil }
      count = product
    }
    return count
  }

  /// Little-endian elements one after another, as bundles and `tensor_content` hold them.
  ///
  /// Nil for strings, or when the bytes do not fill the shape.
  public init?(type: TensorFlowDataType, shape: [Int], bytes: [UInt8]) {
    guard let size = type.elementBytes, let count = Self.count(of: shape),
      bytes.count == count * size
    else { return nil }
    self.init(type: type, shape: shape, values: Self.decode(type, bytes, count))
  }

  private static func decode(_ type: TensorFlowDataType, _ bytes: [UInt8], _ count: Int) -> Values {
    bytes.withUnsafeBytes { raw in
      func load<T: FixedWidthInteger>(_: T.Type, _ index: Int) -> T {
        T(
          littleEndian: raw.loadUnaligned(fromByteOffset: index * MemoryLayout<T>.size, as: T.self)
        )
      }
      let all = 0..<count
      return switch type {
      case .float32: .floats(all.map { Float(bitPattern: load(UInt32.self, $0)) })
      case .float64: .floats(all.map { Float(Double(bitPattern: load(UInt64.self, $0))) })
      case .float16: .floats(all.map { float(half: load(UInt16.self, $0)) })
      case .bfloat16: .floats(all.map { Float(bitPattern: UInt32(load(UInt16.self, $0)) << 16) })
      case .int64: .integers(all.map { Int(load(Int64.self, $0)) })
      case .uint64: .integers(all.map { Int(truncatingIfNeeded: load(UInt64.self, $0)) })
      case .int32, .quantizedInt32: .integers(all.map { Int(load(Int32.self, $0)) })
      case .uint32: .integers(all.map { Int(load(UInt32.self, $0)) })
      case .int16: .integers(all.map { Int(load(Int16.self, $0)) })
      case .uint16: .integers(all.map { Int(load(UInt16.self, $0)) })
      case .int8, .quantizedInt8: .integers(all.map { Int(load(Int8.self, $0)) })
      case .uint8, .quantizedUInt8: .integers(all.map { Int(raw[$0]) })
      case .bool: .booleans(all.map { raw[$0] != 0 })
      case .string: .strings([])
      }
    }
  }

  /// A binary16 by its fields: some targets' Swift lacks Float16.
  static func float(half bits: UInt16) -> Float {
    let sign = UInt32(bits >> 15) << 31
    let exponent = UInt32(bits >> 10 & 0x1F)
    let fraction = UInt32(bits & 0x3FF)
    switch exponent {
    case 0:
      let magnitude = Float(fraction) / 16_777_216
      return sign == 0 ? magnitude : -magnitude
    case 31: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
  }
}
