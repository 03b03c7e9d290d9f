/// The key under which a slice of a tensor is stored in both checkpoint versions.
///
/// The encoding keeps the order of (name, extents): 0, the escaped name, the number of axes, then start and length of each
/// axis as signed numbers of variable size.
enum TensorSliceKey {
  /// Key of the slice of `name` with the given extents; a whole axis is start 0, length −1.
  static func encode(name: String, extents: [(start: Int, length: Int)]) -> [UInt8] {
    var key = number(0)
    for byte in name.utf8 {
      switch byte {
      case 0x00: key += [0x00, 0xFF]
      case 0xFF: key += [0xFF, 0x00]
      default: key.append(byte)
      }
    }
    key += [0x00, 0x01]
    key += number(UInt64(extents.count))
    for extent in extents {
      key += signedNumber(Int64(extent.start))
      key += signedNumber(Int64(extent.length))
    }
    return key
  }

  /// A byte count, then that many bytes, most significant first.
  private static func number(_ value: UInt64) -> [UInt8] {
    let bytes = bigEndian(value).drop { $0 == 0 }
    return [UInt8(bytes.count)] + bytes
  }

  /// n bytes hold 7n − 1 bits and a sign: the first n bits are ones for a number from 0, and the first bit is inverted
  /// sign, so that bytes compare as the numbers do.
  private static func signedNumber(_ value: Int64) -> [UInt8] {
    let magnitude = UInt64(bitPattern: value < 0 ? ~value : value)
    let bits = 64 - magnitude.leadingZeroBitCount
    let length = bits / 7 + 1
    let sign: UInt8 = value < 0 ? 0xFF : 0
    let wide = [sign, sign] + bigEndian(UInt64(bitPattern: value))
    var bytes = Array(wide.suffix(length))
    // The header: `length` leading ones, over the first two bytes.
    let header = length >= 16 ? 0xFFFF : ~(0xFFFF >> UInt32(length)) & 0xFFFF
    bytes[0] ^= UInt8(header >> 8)
    if length > 1 { bytes[1] ^= UInt8(header & 0xFF) }
    return bytes
  }

  private static func bigEndian(_ value: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(56 - 8 * $0)) }
  }
}
