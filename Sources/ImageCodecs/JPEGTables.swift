internal import CImageCodecs

/// Makes JPEG frames of cameras, which leave out what every frame has in common, files that browsers show.
public enum JPEGTables {
  /// Bytes that a frame may become longer.
  public static let mostAdded = Int(CIC_STANDARD_TABLES_SIZE)

  /// Copies a frame, with the standard Huffman tables (ITU-T T.81, K.3) before its first scan if it has none at all.
  ///
  /// Returns how many bytes of `destination` it takes; nil where it does not fit, or is no JPEG up to its first scan.
  public static func complete(
    _ frame: UnsafeRawBufferPointer,
    into destination: UnsafeMutableRawBufferPointer
  ) -> Int? {
    guard let header = Header(frame) else { return nil }
    let added = header.hasTables ? 0 : mostAdded
    guard destination.count - added >= frame.count else { return nil }
    let place = header.scan
    destination.copyMemory(from: UnsafeRawBufferPointer(rebasing: frame[..<place]))
    if added > 0 {
      UnsafeMutableRawBufferPointer(rebasing: destination[place...])
        .copyMemory(from: UnsafeRawBufferPointer(start: cic_standard_tables(), count: added))
    }
    UnsafeMutableRawBufferPointer(rebasing: destination[(place + added)...])
      .copyMemory(from: UnsafeRawBufferPointer(rebasing: frame[place...]))
    return frame.count + added
  }

  /// The segments before the first scan.
  private struct Header {
    /// Where the first scan's marker is.
    var scan = 0
    var hasTables = false

    init?(_ frame: UnsafeRawBufferPointer) {
      guard frame.count >= 4, frame[0] == 0xFF, frame[1] == 0xD8 else { return nil }
      var at = 2
      while at + 4 <= frame.count {
        guard frame[at] == 0xFF else { return nil }
        let marker = frame[at + 1]
        if marker == 0xFF {
          at += 1
          continue
        }
        if marker == 0xDA {
          scan = at
          return
        }
        // Lengths belong to all markers that may stand before a scan.
        guard marker >= 0xC0, !(0xD0...0xD9).contains(marker) else { return nil }
        if marker == 0xC4 { hasTables = true }
        let length = Int(frame[at + 2]) << 8 | Int(frame[at + 3])
        guard length >= 2 else { return nil }
        at += 2 + length
      }
      return nil
    }
  }
}
