internal import Foundation
internal import SwiftProtobuf

/// A V2 checkpoint: `prefix.index`, a table of entries, and `prefix.data-0000k-of-0000n`, the tensors' bytes.
public struct TensorBundle: TensorFlowCheckpoint {
  private let index: SSTable
  private let indexName: String
  private let entries: [String: TFBundleEntry]
  private let shards: [ByteSource]
  /// Type and shape of every variable.
  public let variables: [String: TensorFlowVariable]

  /// How many data files there are, and the version.
  public var summary: String { "V2, \(shards.count) shard\(shards.count == 1 ? "" : "s")" }

  /// Path of data file `shard` of `count` beside the prefix.
  public static func shardPath(prefix: String, shard: Int, count: Int) -> String {
    func padded(_ number: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
    return "\(prefix).data-\(padded(shard))-of-\(padded(count))"
  }

  /// Opens the bundle whose files start with `prefix`.
  ///
  /// - Throws: `TensorFlowFileError` naming the file that is missing or damaged.
  public init(prefix: String) throws(TensorFlowFileError) {
    try self.init(index: try ByteSource(path: prefix + ".index")) {
      (shard, count) throws(TensorFlowFileError) in
      let path = Self.shardPath(prefix: prefix, shard: shard, count: count)
      guard FileManager.default.fileExists(atPath: path) else {
        throw TensorFlowFileError(path, "missing; it holds the values of \(prefix.lastName).index")
      }
      return try ByteSource(path: path)
    }
  }

  /// Opens a bundle from its index and a function that gives data file k of n.
  ///
  /// - Throws: `TensorFlowFileError` when the index is damaged, and what `shard` throws.
  public init(
    index source: ByteSource,
    shard: (_ shard: Int, _ count: Int) throws(TensorFlowFileError) -> ByteSource
  ) throws(TensorFlowFileError) {
    let table = try SSTable(source)
    var header: TFBundleHeader?
    var entries: [String: TFBundleEntry] = [:]
    var variables: [String: TensorFlowVariable] = [:]
    for (key, value) in try table.entries() {
      if key.isEmpty {
        header = try Self.record(value, "header", source)
        continue
      }
      // Slices of partitioned variables have keys that start with a zero byte.
      guard key[0] != 0, let name = String(validating: key, as: UTF8.self) else { continue }
      let entry: TFBundleEntry = try Self.record(value, "entry \"\(name)\"", source)
      entries[name] = entry
      var variable = TensorFlowVariable(
        typeNumber: entry.dtype,
        shape: entry.shape.dim.map { Int($0.size) }
      )
      for slice in entry.slices where !variable.addSlice(slice) {
        throw TensorFlowFileError(source.name, "\"\(name)\": slice outside \(variable.shape)")
      }
      variables[name] = variable
    }
    guard let header else {
      throw TensorFlowFileError(source.name, "no header; is it the index of a checkpoint?")
    }
    guard header.endianness == 0 else {
      throw TensorFlowFileError(source.name, "big-endian data, expected little-endian")
    }
    guard (1...99_999).contains(header.numShards) else {
      throw TensorFlowFileError(source.name, "\(header.numShards) data files, expected 1…99999")
    }
    var shards: [ByteSource] = []
    for number in 0..<Int(header.numShards) {
      shards.append(try shard(number, Int(header.numShards)))
    }
    index = table
    indexName = source.name
    self.entries = entries
    self.shards = shards
    self.variables = variables
  }

  /// Values of one variable; its checksum is checked.
  ///
  /// - Throws: `TensorFlowFileError` when there is none, or its bytes are damaged.
  public func tensor(_ name: String) throws(TensorFlowFileError) -> TensorFlowTensor {
    guard let entry = entries[name], let variable = variables[name] else {
      throw TensorFlowFileError(indexName, "no variable \"\(name)\"")
    }
    guard let type = TensorFlowDataType(record: entry.dtype) else {
      throw TensorFlowFileError(indexName, "\"\(name)\": element type \(entry.dtype)")
    }
    guard !entry.slices.isEmpty else {
      return try read(entry, name, type, shape: variable.shape)
    }
    guard var whole = SliceAssembler(variable) else {
      throw TensorFlowFileError(indexName, "\"\(name)\": slices do not cover \(variable.shape)")
    }
    for (record, slice) in zip(entry.slices, variable.slices) {
      let key = TensorSliceKey.encode(name: name, extents: record.keyExtents)
      guard let value = try index.value(for: key) else {
        throw TensorFlowFileError(indexName, "\"\(name)\": a slice is missing")
      }
      let part: TFBundleEntry = try Self.record(value, "slice of \"\(name)\"", indexName)
      let tensor = try read(part, name, type, shape: slice.map(\.length))
      guard whole.add(slice, tensor) else {
        throw TensorFlowFileError(indexName, "\"\(name)\": slices of \(type) are not supported")
      }
    }
    guard let tensor = whole.tensor(type) else {
      throw TensorFlowFileError(indexName, "\"\(name)\": slices do not cover \(variable.shape)")
    }
    return tensor
  }

  private func read(
    _ entry: TFBundleEntry,
    _ name: String,
    _ type: TensorFlowDataType,
    shape: [Int]
  ) throws(TensorFlowFileError) -> TensorFlowTensor {
    guard let size = type.elementBytes else {
      throw TensorFlowFileError(indexName, "\"\(name)\" holds strings, expected numbers")
    }
    guard let count = TensorFlowTensor.count(of: shape), entry.size == Int64(count * size) else {
      throw TensorFlowFileError(
        indexName,
        "\"\(name)\": \(entry.size) bytes, expected \(shape) elements of \(type)"
      )
    }
    guard shards.indices.contains(Int(entry.shardID)) else {
      throw TensorFlowFileError(
        indexName,
        "\"\(name)\": in data file \(entry.shardID) of \(shards.count)"
      )
    }
    let shard = shards[Int(entry.shardID)]
    let bytes = try shard.read(offset: Int(entry.offset), count: Int(entry.size))
    guard CRC32C.masked(bytes) == entry.crc32C else {
      throw TensorFlowFileError(shard.name, "\"\(name)\": checksum mismatch; the file is damaged")
    }
    guard let tensor = TensorFlowTensor(type: type, shape: shape, bytes: bytes) else {
      throw TensorFlowFileError(shard.name, "\"\(name)\": bytes do not fill \(shape)")
    }
    return tensor
  }

  private static func record<Record: SwiftProtobuf.Message>(
    _ bytes: [UInt8],
    _ what: String,
    _ source: ByteSource
  ) throws(TensorFlowFileError) -> Record {
    try record(bytes, what, source.name)
  }

  private static func record<Record: SwiftProtobuf.Message>(
    _ bytes: [UInt8],
    _ what: String,
    _ name: String
  ) throws(TensorFlowFileError) -> Record {
    guard let record = Record(discardingUnknown: bytes) else {
      throw TensorFlowFileError(name, "\(what): malformed record")
    }
    return record
  }
}

extension String {
  /// The last component of a path.
  fileprivate var lastName: String { split(separator: "/").last.map(String.init) ?? self }
}

extension SwiftProtobuf.Message {
  /// The record in `bytes` without the fields it does not know, or nil when they are malformed.
  package init?(discardingUnknown bytes: [UInt8]) {
    var options = BinaryDecodingOptions()
    options.discardUnknownFields = true
    guard let record = try? Self(serializedBytes: bytes, options: options) else { return nil }
    self = record
  }
}
