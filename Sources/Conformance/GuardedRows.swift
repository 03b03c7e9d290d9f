/// Output rows of a kernel between bytes that must not change.
///
/// A row of `count` elements is followed by its guard and the next row's at once: rows lie at any alignment that the elements
/// allow.
final class GuardedRows {
  static let guardBytes = 64
  private static let filler: UInt8 = 0xa5

  private let memory: UnsafeMutableRawPointer
  private let untouched: UnsafeMutableRawPointer
  private let capacity: Int
  private var rowBytes = 0
  private var stride = 0

  /// Room for `rows` rows of at most `rowBytes` bytes.
  init(rows: Int, rowBytes: Int) {
    capacity = rows * (rowBytes + 2 * Self.guardBytes)
    memory = .allocate(byteCount: capacity, alignment: 16)
    untouched = .allocate(byteCount: Self.guardBytes, alignment: 16)
    untouched.initializeMemory(as: UInt8.self, repeating: Self.filler, count: Self.guardBytes)
  }

  deinit {
    memory.deallocate()
    untouched.deallocate()
  }

  /// Clears room for `rows` rows of `rowBytes` bytes.
  ///
  /// Traps if there is no room for them.
  func clear(rows: Int, rowBytes: Int) {
    self.rowBytes = rowBytes
    stride = rowBytes + 2 * Self.guardBytes
    precondition(rows * stride <= capacity, "more rows than there is room for")
    memory.initializeMemory(as: UInt8.self, repeating: Self.filler, count: rows * stride)
  }

  /// The first byte of a row.
  func row(_ index: Int) -> UnsafeMutableRawPointer {
    memory + (index * stride + Self.guardBytes)
  }

  /// The byte of row `index` that first differs from `expected`, nil where none does.
  func difference(_ index: Int, _ expected: UnsafeRawPointer) -> Int? {
    Self.difference(row(index), expected, rowBytes)
  }

  /// Whether the bytes around row `index` are as they were.
  func isIntact(_ index: Int) -> Bool {
    let row = row(index)
    return Self.difference(row - Self.guardBytes, untouched, Self.guardBytes) == nil
      && Self.difference(row + rowBytes, untouched, Self.guardBytes) == nil
  }

  /// What is wrong with the first row that is, whose pixels have a row of channels each; nil where none is.
  ///
  /// `expected` gives what a pixel's row should hold.
  func failure(pixels: Int, _ expected: (_ pixel: Int) -> UnsafeRawPointer) -> String? {
    for pixel in 0..<pixels {
      let wanted = expected(pixel)
      if let channel = difference(pixel, wanted) {
        let value = row(pixel).load(fromByteOffset: channel, as: UInt8.self)
        let should = wanted.load(fromByteOffset: channel, as: UInt8.self)
        return "pixel \(pixel), channel \(channel) is \(value), expected \(should)"
      }
      guard isIntact(pixel) else {
        return "pixel \(pixel): bytes around the output were written, expected as they were"
      }
    }
    return nil
  }

  private static func difference(
    _ a: UnsafeRawPointer,
    _ b: UnsafeRawPointer,
    _ count: Int
  ) -> Int? {
    var index = 0
    while index + 8 <= count,
      a.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        == b.loadUnaligned(fromByteOffset: index, as: UInt64.self)
    {
      index += 8
    }
    while index < count,
      a.load(fromByteOffset: index, as: UInt8.self)
        == b.load(fromByteOffset: index, as: UInt8.self)
    {
      index += 1
    }
    return index < count ? index : nil
  }
}
