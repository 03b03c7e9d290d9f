internal import Foundation

/// Reads the tensors of an ONNX file, stored in it or in files beside it.
struct ONNXTensorReader {
  /// The model file, for messages and to find its neighbours.
  let path: String
  private var companions: [String: Data] = [:]

  /// A reader for the model at `path`.
  init(path: String) { self.path = path }

  /// The tensor that `record` describes; `place` says where it stands, for messages.
  ///
  /// Nothing is allocated before the bytes that fill it were seen.
  ///
  /// - Throws: `ImportError` when sizes disagree, the type is not a number's or a companion file is missing.
  mutating func tensor(
    _ record: ONNXTensorRecord,
    place: String
  ) throws(ImportError) -> ONNXTensor {
    let shape = record.dims.map { Int($0) }
    let count = shape.reduce(1) { $0.saturatingProduct($1) }
    guard shape.allSatisfy({ $0 >= 0 }), count < 1 << 40 else {
      throw malformed(place, "extents \(shape), expected at least 0 and less than 2^40 elements")
    }
    guard let type = ONNXElementType(rawValue: record.dataType) else {
      throw malformed(
        place,
        "element type \(record.dataType), expected a number of 8 to 64 bits or a truth value"
      )
    }
    if record.dataLocation == 1 {
      let bytes = try external(record, place: place)
      guard let tensor = type.tensor(shape: shape, bytes: bytes) else {
        throw malformed(
          place,
          "\(bytes.count) bytes of external data, expected \(count) values of \(type.byteCount)"
        )
      }
      return tensor
    }
    if !record.rawData.isEmpty || count == 0 {
      guard let tensor = type.tensor(shape: shape, bytes: record.rawData) else {
        throw malformed(
          place,
          "\(record.rawData.count) bytes, expected \(count) values of \(type.byteCount)"
        )
      }
      return tensor
    }
    guard let tensor = type.tensor(shape: shape, fields: record) else {
      throw malformed(place, "does not hold the \(count) values of its shape \(shape)")
    }
    return tensor
  }

  /// The bytes of a tensor kept in another file, which must lie in the model's folder or below.
  private mutating func external(
    _ record: ONNXTensorRecord,
    place: String
  ) throws(ImportError) -> Data {
    var entries: [String: String] = [:]
    for entry in record.externalData { entries[entry.key] = entry.value }
    let location = entries["location"] ?? ""
    let parts = location.split(separator: "/", omittingEmptySubsequences: false)
    guard !location.isEmpty, !location.hasPrefix("/"), !parts.contains(".."),
      !location.contains("\0")
    else {
      throw malformed(place, "external data in \"\(location)\", expected a file beside the model")
    }
    let data = try companion(location)
    guard let offset = Int(entries["offset"] ?? "0"), (0...data.count).contains(offset),
      let length = Int(entries["length"] ?? "\(data.count - offset)"),
      (0...data.count - offset).contains(length)
    else {
      throw malformed(
        place,
        "external data at \(entries["offset"] ?? "0") of length \(entries["length"] ?? "any"), found \(data.count) bytes in \"\(location)\""
      )
    }
    let start = data.startIndex + offset
    return data[start..<start + length]
  }

  private mutating func companion(_ location: String) throws(ImportError) -> Data {
    if let data = companions[location] { return data }
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
    let url = folder.appendingPathComponent(location)
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory),
      !isDirectory.boolValue
    else {
      throw .missingCompanion(path: path, expected: "\"\(location)\", which holds its weights,")
    }
    do {
      let data = try Data(contentsOf: url, options: .mappedIfSafe)
      companions[location] = data
      return data
    } catch {
      throw .unreadable(path: url.path, reason: error.localizedDescription)
    }
  }

  private func malformed(_ place: String, _ problem: String) -> ImportError {
    .malformed(path: path, place: place, problem: problem)
  }
}

/// Element types of ONNX tensors that hold numbers; raw values are the format's.
enum ONNXElementType: Int32 {
  case float32 = 1
  case unsigned8 = 2
  case signed8 = 3
  case unsigned16 = 4
  case signed16 = 5
  case signed32 = 6
  case signed64 = 7
  case truth = 9
  case float16 = 10
  case float64 = 11
  case unsigned32 = 12
  case unsigned64 = 13
  case brainFloat16 = 16

  /// Bytes of one element.
  var byteCount: Int {
    switch self {
    case .unsigned8, .signed8, .truth: 1
    case .unsigned16, .signed16, .float16, .brainFloat16: 2
    case .float32, .signed32, .unsigned32: 4
    case .float64, .signed64, .unsigned64: 8
    }
  }

  /// Whether elements are floats.
  var isFloat: Bool { [.float32, .float16, .float64, .brainFloat16].contains(self) }

  /// The tensor in little-endian bytes, or nil when their number is not the shape's.
  func tensor(shape: [Int], bytes: Data) -> ONNXTensor? {
    let count = shape.reduce(1) { $0.saturatingProduct($1) }
    guard bytes.count == count.saturatingProduct(byteCount) else { return nil }
    return bytes.withUnsafeBytes { raw in
      func floats<T>(_ type: T.Type, _ convert: (T) -> Float) -> ONNXTensor {
        let step = MemoryLayout<T>.size
        return ONNXTensor(
          shape: shape,
          floats: (0..<count).map {
            convert(raw.loadUnaligned(fromByteOffset: $0 * step, as: T.self))
          }
        )
      }
      func integers<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type) -> ONNXTensor {
        let step = MemoryLayout<T>.size
        return ONNXTensor(
          shape: shape,
          integers: (0..<count).map {
            Int(clamping: raw.loadUnaligned(fromByteOffset: $0 * step, as: T.self))
          }
        )
      }
      switch self {
      case .float32:
        let values = [Float](unsafeUninitializedCapacity: count) { buffer, filled in
          UnsafeMutableRawBufferPointer(buffer).copyMemory(from: raw)
          filled = count
        }
        return ONNXTensor(shape: shape, floats: values)
      case .float16: return floats(UInt16.self) { Float(Float16(bitPattern: $0)) }
      case .brainFloat16: return floats(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
      case .float64: return floats(UInt64.self) { Float(Double(bitPattern: $0)) }
      case .unsigned8, .truth: return integers(UInt8.self)
      case .signed8: return integers(Int8.self)
      case .unsigned16: return integers(UInt16.self)
      case .signed16: return integers(Int16.self)
      case .signed32: return integers(Int32.self)
      case .unsigned32: return integers(UInt32.self)
      case .signed64: return integers(Int64.self)
      case .unsigned64: return integers(UInt64.self)
      }
    }
  }

  /// The tensor in the record's typed fields, or nil when they do not hold as many elements as the shape.
  func tensor(shape: [Int], fields record: ONNXTensorRecord) -> ONNXTensor? {
    let count = shape.reduce(1) { $0.saturatingProduct($1) }
    func floats(_ values: [Float]) -> ONNXTensor? {
      values.count == count ? ONNXTensor(shape: shape, floats: values) : nil
    }
    func integers(_ values: [Int]) -> ONNXTensor? {
      values.count == count ? ONNXTensor(shape: shape, integers: values) : nil
    }
    switch self {
    case .float32: return floats(record.floatData)
    case .float64: return floats(record.doubleData.map(Float.init))
    case .float16:
      return floats(
        record.int32Data.map { Float(Float16(bitPattern: UInt16(truncatingIfNeeded: $0))) }
      )
    case .brainFloat16:
      return floats(
        record.int32Data.map { Float(bitPattern: UInt32(truncatingIfNeeded: $0) << 16) }
      )
    case .unsigned8, .signed8, .unsigned16, .signed16, .signed32, .truth:
      return integers(record.int32Data.map(Int.init))
    case .signed64: return integers(record.int64Data.map(Int.init))
    case .unsigned32, .unsigned64: return integers(record.uint64Data.map { Int(clamping: $0) })
    }
  }
}
