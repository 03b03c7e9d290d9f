/// Element types of TensorFlow tensors that this reader gives values of; raw values are those of the files.
public enum TensorFlowDataType: Int32, Sendable, CaseIterable {
  /// IEEE binary32.
  case float32 = 1
  /// IEEE binary64.
  case float64 = 2
  /// 32-bit integer.
  case int32 = 3
  /// 8-bit unsigned integer.
  case uint8 = 4
  /// 16-bit integer.
  case int16 = 5
  /// 8-bit integer.
  case int8 = 6
  /// Bytes of any length.
  case string = 7
  /// 64-bit integer.
  case int64 = 9
  /// True or false.
  case bool = 10
  /// 8-bit integer with a range given beside it.
  case quantizedInt8 = 11
  /// 8-bit unsigned integer with a range given beside it.
  case quantizedUInt8 = 12
  /// 32-bit integer with a range given beside it.
  case quantizedInt32 = 13
  /// The upper half of a binary32.
  case bfloat16 = 14
  /// 16-bit unsigned integer.
  case uint16 = 17
  /// IEEE binary16.
  case float16 = 19
  /// 32-bit unsigned integer.
  case uint32 = 22
  /// 64-bit unsigned integer.
  case uint64 = 23

  /// The type behind a number of a file; a reference to a variable is its type + 100.
  public init?(record: Int32) {
    self.init(rawValue: record > 100 ? record - 100 : record)
  }

  /// Size of an element in bytes; nil for strings.
  public var elementBytes: Int? {
    switch self {
    case .float64, .int64, .uint64: 8
    case .float32, .int32, .quantizedInt32, .uint32: 4
    case .float16, .bfloat16, .int16, .uint16: 2
    case .int8, .uint8, .quantizedInt8, .quantizedUInt8, .bool: 1
    case .string: nil
    }
  }

  /// Whether values are real numbers.
  public var isFloat: Bool {
    switch self {
    case .float32, .float64, .float16, .bfloat16: true
    default: false
    }
  }
}
