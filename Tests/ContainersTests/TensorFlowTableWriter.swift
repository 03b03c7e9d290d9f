import Containers
import SwiftProtobuf

/// Writes LevelDB tables the plain way, for files small enough to damage at every byte.
struct TensorFlowTableWriter {
  var entriesPerBlock = 3
  var isCompressed = false

  func table(_ entries: [(key: [UInt8], value: [UInt8])]) -> [UInt8] { parts(entries).bytes }

  /// A table, and where its block of meta information lies, which nobody reads.
  func parts(_ entries: [(key: [UInt8], value: [UInt8])]) -> (bytes: [UInt8], unread: Range<Int>) {
    var file: [UInt8] = []
    var index: [(key: [UInt8], value: [UInt8])] = []
    for start in stride(from: 0, to: entries.count, by: entriesPerBlock) {
      let part = Array(entries[start..<min(start + entriesPerBlock, entries.count)])
      let handle = append(block(part), to: &file)
      index.append((part[part.count - 1].key, handle))
    }
    let start = file.count
    let meta = append(block([]), to: &file)
    let unread = start..<file.count
    let footer = meta + append(block(index), to: &file)
    let bytes =
      file + footer + [UInt8](repeating: 0, count: 40 - footer.count)
      + [0x57, 0xFB, 0x80, 0x8B, 0x24, 0x75, 0x47, 0xDB]
    return (bytes, unread)
  }

  /// Appends a block and returns its handle.
  private func append(_ block: [UInt8], to file: inout [UInt8]) -> [UInt8] {
    let content = (isCompressed ? Self.snappy(block) : block) + [isCompressed ? 1 : 0]
    let handle = Self.varint(file.count) + Self.varint(content.count - 1)
    file += content + Self.bytes(Self.masked(content))
    return handle
  }

  private func block(_ entries: [(key: [UInt8], value: [UInt8])]) -> [UInt8] {
    var block: [UInt8] = []
    var previous: [UInt8] = []
    for (key, value) in entries {
      let shared = zip(previous, key).prefix { $0 == $1 }.count
      block += Self.varint(shared) + Self.varint(key.count - shared) + Self.varint(value.count)
      block += key[shared...] + value
      previous = key
    }
    return block + Self.bytes(0) + Self.bytes(1)
  }

  /// A block of literals and, for every run of eight equal bytes, a copy.
  static func snappy(_ bytes: [UInt8]) -> [UInt8] {
    var output = varint(bytes.count)
    var position = 0
    while position < bytes.count {
      let run = bytes[position...].prefix { $0 == bytes[position] }.count
      if position > 0, run >= 8, bytes[position - 1] == bytes[position] {
        let length = min(run, 11)
        output += [UInt8(length - 4) << 2 | 1, 1]
        position += length
      } else {
        output += [0, bytes[position]]
        position += 1
      }
    }
    return output
  }

  static func varint(_ value: Int) -> [UInt8] {
    var rest = value
    var bytes: [UInt8] = []
    while rest >= 128 {
      bytes.append(UInt8(rest & 127 | 128))
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  static func bytes(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(value >> (8 * $0) & 255) } }

  /// CRC-32C a bit at a time, masked.
  static func masked(_ bytes: [UInt8]) -> UInt32 {
    var crc: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
    }
    crc = ~crc
    return (crc >> 15 | crc << 17) &+ 0xA282_EAD8
  }
}

/// Small checkpoints in memory.
enum TensorFlowCheckpoints {
  static func shape(_ extents: [Int]) -> TFTensorShape {
    var shape = TFTensorShape()
    shape.dim = extents.map { extent in
      var dimension = TFDimension()
      dimension.size = Int64(extent)
      return dimension
    }
    return shape
  }

  static func slice(_ extents: [(Int, Int)?]) -> TFTensorSlice {
    var slice = TFTensorSlice()
    slice.extent = extents.map { extent in
      var record = TFSliceExtent()
      if let extent {
        record.start = Int64(extent.0)
        record.length = Int64(extent.1)
      }
      return record
    }
    return slice
  }

  static func floats(_ values: [Float]) -> [UInt8] {
    values.flatMap { TensorFlowTableWriter.bytes($0.bitPattern) }
  }

  /// Index and shards of a bundle with `a` [2, 3] in shard 0, int64 `b` [] in shard 1, and `c` [4, 2] as two slices.
  static func bundle(_ writer: TensorFlowTableWriter = .init()) throws -> (
    index: [UInt8], shards: [[UInt8]], unread: Range<Int>
  ) {
    var shards: [[UInt8]] = [[], []]
    func entry(_ type: Int32, _ extents: [Int], _ shard: Int32, _ bytes: [UInt8]) -> TFBundleEntry {
      var entry = TFBundleEntry()
      entry.dtype = type
      entry.shape = shape(extents)
      entry.shardID = shard
      entry.offset = Int64(shards[Int(shard)].count)
      entry.size = Int64(bytes.count)
      entry.crc32C = TensorFlowTableWriter.masked(bytes)
      shards[Int(shard)] += bytes
      return entry
    }
    var header = TFBundleHeader()
    header.numShards = 2
    let a = entry(1, [2, 3], 0, floats([1, 2, 3, 4, 5, 6]))
    let b = entry(9, [], 1, [7, 0, 0, 0, 0, 0, 0, 0])
    var c = TFBundleEntry()
    c.dtype = 1
    c.shape = shape([4, 2])
    c.slices = [slice([(0, 3), nil]), slice([(3, 1), nil])]
    let upper = entry(1, [3, 2], 1, floats([1, 2, 3, 4, 5, 6]))
    let lower = entry(1, [1, 2], 0, floats([7, 8]))
    // name "c", two axes, rows 0 + 3 and 3 + 1, all columns (0, −1); see the ordered code of TensorFlow.
    let key: [UInt8] = [0, UInt8(ascii: "c"), 0, 1, 1, 2]
    let entries: [(key: [UInt8], value: [UInt8])] = [
      ([], try header.serializedBytes()),
      (key + [0x80, 0x83, 0x80, 0x7F], try upper.serializedBytes()),
      (key + [0x83, 0x81, 0x80, 0x7F], try lower.serializedBytes()),
      (Array("a".utf8), try a.serializedBytes()),
      (Array("b".utf8), try b.serializedBytes()),
      (Array("c".utf8), try c.serializedBytes()),
    ]
    let (index, unread) = writer.parts(entries)
    return (index, shards, unread)
  }

  static func open(_ index: [UInt8], _ shards: [[UInt8]]) throws -> TensorBundle {
    try TensorBundle(index: ByteSource(name: "m.index", bytes: index)) {
      (shard, count) throws(TensorFlowFileError) in
      guard shard < shards.count, count == shards.count else {
        throw TensorFlowFileError("m.data", "missing")
      }
      return ByteSource(name: "m.data-\(shard)", bytes: shards[shard])
    }
  }

  /// A V1 checkpoint with `w` [2, 3] whole, and `v` [2, 2] as two rows.
  static func tensorSlices(isCompressed: Bool = true) throws -> (
    bytes: [UInt8], unread: Range<Int>
  ) {
    func meta(_ name: String, _ extents: [Int], _ slices: [TFTensorSlice]) -> TFSavedSliceMeta {
      var meta = TFSavedSliceMeta()
      meta.name = name
      meta.type = 1
      meta.shape = shape(extents)
      meta.slice = slices
      return meta
    }
    func data(_ name: String, _ slice: TFTensorSlice, _ values: [Float]) throws -> [UInt8] {
      var record = TFSavedTensorSlices()
      record.data.name = name
      record.data.slice = slice
      record.data.data.dtype = 1
      record.data.data.floatVal = values
      return try record.serializedBytes()
    }
    let whole = slice([nil, nil])
    let rows = [slice([(0, 1), nil]), slice([(1, 1), nil])]
    var list = TFSavedTensorSlices()
    list.meta.tensor = [meta("v", [2, 2], rows), meta("w", [2, 3], [whole])]
    let (v, w) = (UInt8(ascii: "v"), UInt8(ascii: "w"))
    return TensorFlowTableWriter(entriesPerBlock: 2, isCompressed: isCompressed).parts([
      ([], try list.serializedBytes()),
      ([0, v, 0, 1, 1, 2, 0x80, 0x81, 0x80, 0x7F], try data("v", rows[0], [1, 2])),
      ([0, v, 0, 1, 1, 2, 0x81, 0x81, 0x80, 0x7F], try data("v", rows[1], [3, 4])),
      (
        [0, w, 0, 1, 1, 2, 0x80, 0x7F, 0x80, 0x7F],
        try data("w", whole, [0, 0, 0, 0, 0, 6])
      ),
    ])
  }
}
