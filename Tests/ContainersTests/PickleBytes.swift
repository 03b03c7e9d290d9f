/// Writes pickles byte by byte, for tests.
struct PickleBytes {
  var bytes: [UInt8] = [0x80, 2]

  mutating func op(_ code: Unicode.Scalar) { bytes.append(UInt8(ascii: code)) }

  mutating func text(_ text: String) {
    op("X")
    bytes += little(UInt32(text.utf8.count)) + text.utf8
  }

  mutating func int(_ value: Int32) {
    op("J")
    bytes += little(UInt32(bitPattern: value))
  }

  mutating func tuple(_ values: [Int32]) {
    op("(")
    for value in values { int(value) }
    op("t")
  }

  mutating func global(_ module: String, _ name: String) {
    op("c")
    bytes += Array("\(module)\n\(name)\n".utf8)
  }

  /// `("storage", torch.<type>, key, "cpu", count, view)` as a persistent identifier.
  mutating func storage(_ type: String, key: String, count: Int32) {
    op("(")
    text("storage")
    global("torch", type)
    text(key)
    text("cpu")
    int(count)
    op("N")
    op("t")
    op("Q")
  }

  /// A tensor by `_rebuild_tensor_v2`.
  mutating func tensor(
    _ type: String,
    key: String,
    count: Int32,
    offset: Int32,
    shape: [Int32],
    strides: [Int32]
  ) {
    global("torch._utils", "_rebuild_tensor_v2")
    op("(")
    storage(type, key: key, count: count)
    int(offset)
    tuple(shape)
    tuple(strides)
    bytes.append(0x89)
    op("}")
    op("t")
    op("R")
  }

  mutating func stop() { op(".") }

  func little(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(value >> (8 * $0) & 0xFF) } }
}

/// Writes files in PyTorch's legacy format, for tests.
enum LegacyBytes {
  static let magic: [UInt8] = [
    0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
  ]

  /// A file with the given object and storages.
  static func file(
    _ object: PickleBytes,
    storages: [(key: String, count: Int, bytes: [UInt8])]
  ) -> [UInt8] {
    var version = PickleBytes()
    version.int(1001)
    version.stop()
    var system = PickleBytes()
    system.op("}")
    system.text("little_endian")
    system.bytes.append(0x88)
    system.op("s")
    system.stop()
    var keys = PickleBytes()
    keys.op("]")
    for storage in storages {
      keys.text(storage.key)
      keys.op("a")
    }
    keys.stop()
    var file = magic + version.bytes + system.bytes + object.bytes + keys.bytes
    for storage in storages {
      file += (0..<8).map { UInt8(storage.count >> (8 * $0) & 0xFF) } + storage.bytes
    }
    return file
  }

  /// Numbers as float32.
  static func floats(_ values: [Float]) -> [UInt8] {
    values.flatMap { value in (0..<4).map { UInt8(value.bitPattern >> (8 * $0) & 0xFF) } }
  }

  /// Two views of one storage of six numbers: a 2 × 3 matrix, and its transpose without the first column.
  static var sharedViews: [UInt8] {
    var object = PickleBytes()
    object.op("}")
    object.text("matrix")
    object.tensor("FloatStorage", key: "7", count: 6, offset: 0, shape: [2, 3], strides: [3, 1])
    object.op("s")
    object.text("part")
    object.tensor("FloatStorage", key: "7", count: 6, offset: 1, shape: [2, 2], strides: [1, 3])
    object.op("s")
    object.stop()
    return file(object, storages: [("7", 6, floats([0, 1, 2, 3, 4, 5]))])
  }
}
