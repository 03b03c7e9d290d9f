/// Whether the bytes of a camera's JPEG are all there, seen without decoding.
struct JPEGBounds: Equatable {
  /// Begins as a JPEG does.
  var hasStart: Bool
  /// Has the marker that ends one; cameras may pad behind it.
  var hasEnd: Bool

  /// Looks at the first bytes, and from the last one back for the end marker.
  ///
  /// Where the end is missing it visits every byte: inside the compressed data the marker cannot occur.
  init(_ bytes: UnsafeRawBufferPointer) {
    hasStart = bytes.count >= 4 && bytes[0] == 0xFF && bytes[1] == 0xD8
    hasEnd = false
    var index = bytes.count - 1
    while index > 2 {
      if bytes[index] == 0xD9 && bytes[index - 1] == 0xFF {
        hasEnd = true
        return
      }
      index -= 1
    }
  }
}
