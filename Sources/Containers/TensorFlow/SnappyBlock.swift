internal import CSnappy

/// Decompression of one Snappy block.
enum SnappyBlock {
  /// A copy element takes at least 3 bytes and makes at most 64, so output is under 22 times the input.
  private static let largestExpansion = 22

  /// The uncompressed bytes, or nil when `compressed` is not a valid block.
  static func decompress(_ compressed: [UInt8]) -> [UInt8]? {
    compressed.withUnsafeBytes { input -> [UInt8]? in
      guard let start = input.bindMemory(to: CChar.self).baseAddress else { return nil }
      var length = 0
      guard snappy_uncompressed_length(start, input.count, &length) == SNAPPY_OK,
        length >= 0, length / largestExpansion <= input.count
      else { return nil }
      var isValid = false
      let output = [UInt8](unsafeUninitializedCapacity: max(1, length)) { buffer, count in
        var written = length
        isValid = buffer.withMemoryRebound(to: CChar.self) { output in
          guard let target = output.baseAddress else { return false }
          return snappy_uncompress(start, input.count, target, &written) == SNAPPY_OK
        }
        count = isValid && written == length ? length : 0
      }
      return isValid && output.count == length ? output : nil
    }
  }
}
