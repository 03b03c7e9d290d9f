internal import Foundation

extension TensorFlowTensor {
  /// Elements that constants written as one repeated value may take together: a few bytes of a file ask for any size.
  package static let largestRepetition = 1 << 24

  /// The tensor of a record, or what is wrong with it.
  ///
  /// Values are raw bytes or a typed list; a list shorter than the shape repeats its last value, an empty one is zeros.
  package static func decode(_ record: TFTensorValue) -> Result<TensorFlowTensor, Problem> {
    guard let type = TensorFlowDataType(record: record.dtype) else {
      return .failure(Problem("element type \(record.dtype) is not supported"))
    }
    guard !record.tensorShape.unknownRank else { return .failure(Problem("shape is unknown")) }
    let shape = record.tensorShape.dim.map { Int($0.size) }
    guard let count = Self.count(of: shape) else {
      return .failure(Problem("shape \(shape), expected extents from 0 and at most 2^31 elements"))
    }
    if !record.tensorContent.isEmpty {
      guard type != .string else { return .failure(Problem("strings as raw bytes")) }
      guard
        let tensor = TensorFlowTensor(
          type: type,
          shape: shape,
          bytes: [UInt8](record.tensorContent)
        )
      else {
        return .failure(
          Problem("\(record.tensorContent.count) bytes, expected \(count) elements of \(type)")
        )
      }
      return .success(tensor)
    }
    let values = listed(record, type)
    guard values.count <= count else {
      return .failure(Problem("\(values.count) values, expected \(count)"))
    }
    guard values.count == count || count <= largestRepetition else {
      return .failure(Problem("one value repeated \(count) times, expected at most 2^24"))
    }
    return .success(TensorFlowTensor(type: type, shape: shape, values: values.extended(to: count)))
  }

  private static func listed(_ record: TFTensorValue, _ type: TensorFlowDataType) -> Values {
    switch type {
    case .float32: .floats(record.floatVal)
    case .float64: .floats(record.doubleVal.map { Float($0) })
    case .float16: .floats(record.halfVal.map { float(half: UInt16(truncatingIfNeeded: $0)) })
    case .bfloat16:
      .floats(record.halfVal.map { Float(bitPattern: UInt32(truncatingIfNeeded: $0) << 16) })
    case .int64: .integers(record.int64Val.map { Int($0) })
    case .uint32: .integers(record.uint32Val.map { Int($0) })
    case .uint64: .integers(record.uint64Val.map { Int(truncatingIfNeeded: $0) })
    case .bool: .booleans(record.boolVal)
    case .string: .strings(record.stringVal.map { [UInt8]($0) })
    case .int8, .uint8, .int16, .uint16, .int32, .quantizedInt8, .quantizedUInt8, .quantizedInt32:
      .integers(record.intVal.map { Int($0) })
    }
  }

  /// What is wrong with a tensor's record, without where it stands.
  package struct Problem: Error, Equatable {
    /// One line.
    package var text: String

    init(_ text: String) { self.text = text }
  }
}

extension TensorFlowTensor.Values {
  /// The values with the last one repeated up to `count`.
  fileprivate func extended(to count: Int) -> Self {
    func extended<T>(_ values: [T], _ zero: T) -> [T] {
      values + [T](repeating: values.last ?? zero, count: count - values.count)
    }
    return switch self {
    case .floats(let values): .floats(extended(values, 0))
    case .integers(let values): .integers(extended(values, 0))
    case .booleans(let values): .booleans(extended(values, false))
    case .strings(let values): .strings(extended(values, []))
    }
  }
}
