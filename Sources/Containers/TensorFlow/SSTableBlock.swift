/// The entries of one block of an `SSTable`.
///
/// An entry stores how many leading bytes its key shares with the key before, the rest of the key, and the value. Restart
/// positions at the block's end serve seeking and are only checked for size.
struct SSTableBlock {
  struct Entry: Sendable {
    var key: [UInt8]
    var value: [UInt8]
  }

  /// Longest key that is accepted: names of variables, encoded.
  private static let longestKey = 4096

  let entries: [Entry]

  /// Nil when the bytes are not a block with strictly ascending keys.
  init?(_ bytes: [UInt8]) {
    guard bytes.count >= 4 else { return nil }
    let restarts = bytes.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    guard restarts <= (bytes.count - 4) / 4 else { return nil }
    let end = bytes.count - 4 - 4 * restarts
    var entries: [Entry] = []
    var key: [UInt8] = []
    var position = 0
    while position < end {
      guard let shared = Varint.read(bytes, &position).flatMap({ Int(exactly: $0) }),
        let fresh = Varint.read(bytes, &position).flatMap({ Int(exactly: $0) }),
        let size = Varint.read(bytes, &position).flatMap({ Int(exactly: $0) }),
        position <= end, shared <= key.count, fresh <= Self.longestKey - shared,
        fresh <= end - position, size <= end - position - fresh
      else { return nil }
      var next = Array(key[..<shared])
      next += bytes[position..<position + fresh]
      position += fresh
      guard entries.isEmpty || key.lexicographicallyPrecedes(next) else { return nil }
      key = next
      entries.append(Entry(key: key, value: Array(bytes[position..<position + size])))
      position += size
    }
    self.entries = entries
  }
}

/// Base-128 numbers, low groups first.
package enum Varint {
  /// The number at `position`, which moves past it; nil where it is cut off or longer than 64 bits.
  package static func read(_ bytes: [UInt8], _ position: inout Int) -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 64, by: 7) {
      guard position < bytes.count else { return nil }
      let byte = bytes[position]
      position += 1
      guard shift < 63 || byte <= 1 else { return nil }
      value |= UInt64(byte & 0x7F) << UInt64(shift)
      if byte & 0x80 == 0 { return value }
    }
    return nil
  }
}
