/// The Castagnoli checksum of LevelDB tables and tensor bundles (RFC 3720, appendix B.4).
///
/// Reflected polynomial 0x82F63B78, eight tables so that eight bytes are taken a step.
enum CRC32C {
  /// `tables[k][b]`: the remainder of byte b followed by k zero bytes, flat.
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var remainder = UInt32(byte)
      for _ in 0..<8 {
        remainder = remainder & 1 == 1 ? remainder >> 1 ^ 0x82F6_3B78 : remainder >> 1
      }
      tables[byte] = remainder
    }
    for index in 256..<8 * 256 {
      let previous = tables[index - 256]
      tables[index] = previous >> 8 ^ tables[Int(previous & 0xFF)]
    }
    return tables
  }()

  /// Checksum of `bytes`.
  static func checksum(_ bytes: [UInt8]) -> UInt32 {
    tables.withUnsafeBufferPointer { table in
      bytes.withUnsafeBytes { bytes in
        var crc: UInt32 = .max
        var index = 0
        while index + 8 <= bytes.count {
          let word = UInt64(
            littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
          )
          let mixed = word ^ UInt64(crc)
          crc = 0
          for lane in 0..<8 {
            crc ^= table[(7 - lane) << 8 | Int(truncatingIfNeeded: mixed >> (8 * lane)) & 0xFF]
          }
          index += 8
        }
        while index < bytes.count {
          crc = crc >> 8 ^ table[Int(crc & 0xFF ^ UInt32(bytes[index]))]
          index += 1
        }
        return ~crc
      }
    }
  }

  /// The form in which files store a checksum, so that a checksum of bytes that hold checksums stays strong.
  static func masked(_ bytes: [UInt8]) -> UInt32 {
    let crc = checksum(bytes)
    return (crc >> 15 | crc << 17) &+ 0xA282_EAD8
  }
}
