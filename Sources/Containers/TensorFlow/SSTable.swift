/// A LevelDB table: the container of V2 `.index` files and of whole V1 checkpoints.
///
/// The file is a sequence of blocks; a block is its content, one byte of compression kind and a masked CRC-32C of both. The
/// footer, the last 48 bytes, says where the index block is, whose entries map the last key of each data block to where
/// that block lies.
public struct SSTable: Sendable {
  private static let footerBytes = 48
  private static let trailerBytes = 5
  private static let magic: [UInt8] = [0x57, 0xFB, 0x80, 0x8B, 0x24, 0x75, 0x47, 0xDB]

  private struct Handle {
    var offset: Int
    var count: Int
  }

  private let source: ByteSource
  private let index: [SSTableBlock.Entry]

  /// Whether `source` ends like a table.
  public static func recognizes(_ source: ByteSource) -> Bool {
    guard source.count >= footerBytes else { return false }
    return (try? source.read(offset: source.count - magic.count, count: magic.count)) == magic
  }

  /// Opens a table and reads its index.
  ///
  /// - Throws: `TensorFlowFileError` for a file that is not a table, or whose index is damaged.
  public init(_ source: ByteSource) throws(TensorFlowFileError) {
    guard source.count >= Self.footerBytes else {
      throw TensorFlowFileError(
        source.name,
        "\(source.count) bytes, a checkpoint table has at least \(Self.footerBytes)"
      )
    }
    let footer = try source.read(
      offset: source.count - Self.footerBytes,
      count: Self.footerBytes
    )
    guard Array(footer.suffix(Self.magic.count)) == Self.magic else {
      throw TensorFlowFileError(
        source.name,
        "does not end like a checkpoint table; is it truncated, or another format?"
      )
    }
    var position = 0
    guard Self.handle(footer, &position) != nil, let handle = Self.handle(footer, &position) else {
      throw TensorFlowFileError(source.name, "footer without block positions")
    }
    self.source = source
    self.index = try Self.block(handle, of: source, what: "index block").entries
  }

  /// Value of `key`, or nil where the table has none.
  ///
  /// - Throws: `TensorFlowFileError` when the block that should hold it is damaged.
  public func value(for key: [UInt8]) throws(TensorFlowFileError) -> [UInt8]? {
    guard let entry = index.first(where: { !$0.key.lexicographicallyPrecedes(key) }) else {
      return nil
    }
    return try block(at: entry).entries.first { $0.key == key }?.value
  }

  /// Every key and value in order.
  ///
  /// - Throws: `TensorFlowFileError` at the first damaged block.
  public func entries() throws(TensorFlowFileError) -> [(key: [UInt8], value: [UInt8])] {
    var all: [(key: [UInt8], value: [UInt8])] = []
    for entry in index {
      for inner in try block(at: entry).entries { all.append((inner.key, inner.value)) }
    }
    return all
  }

  private func block(at entry: SSTableBlock.Entry) throws(TensorFlowFileError) -> SSTableBlock {
    var position = 0
    guard let handle = Self.handle(entry.value, &position) else {
      throw TensorFlowFileError(source.name, "index entry without a block position")
    }
    return try Self.block(handle, of: source, what: "block at \(handle.offset)")
  }

  private static func handle(_ bytes: [UInt8], _ position: inout Int) -> Handle? {
    guard let offset = Varint.read(bytes, &position), let count = Varint.read(bytes, &position),
      let offset = Int(exactly: offset), let count = Int(exactly: count)
    else { return nil }
    return Handle(offset: offset, count: count)
  }

  private static func block(
    _ handle: Handle,
    of source: ByteSource,
    what: String
  ) throws(TensorFlowFileError) -> SSTableBlock {
    let (stored, overflow) = handle.count.addingReportingOverflow(trailerBytes)
    guard !overflow else {
      throw TensorFlowFileError(source.name, "\(what): \(handle.count) bytes")
    }
    let bytes = try source.read(offset: handle.offset, count: stored)
    let checked = Array(bytes.dropLast(4))
    let expected = bytes.suffix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    guard CRC32C.masked(checked) == expected else {
      throw TensorFlowFileError(source.name, "\(what): checksum mismatch; the file is damaged")
    }
    var content = Array(checked.dropLast())
    switch checked.last {
    case 0: break
    case 1:
      guard let uncompressed = SnappyBlock.decompress(content) else {
        throw TensorFlowFileError(source.name, "\(what): invalid snappy data")
      }
      content = uncompressed
    default:
      throw TensorFlowFileError(
        source.name,
        "\(what): compression kind \(checked.last ?? 0), expected 0 (none) or 1 (snappy)"
      )
    }
    guard let block = SSTableBlock(content) else {
      throw TensorFlowFileError(source.name, "\(what): malformed entries")
    }
    return block
  }
}
