/// How a camera says that its pixels are to be turned: the EXIF tag 0x0112, 1…8.
///
/// The reader walks JPEG segments up to the first scan and the first directory of a TIFF block (EXIF 2.32,
/// section 4.6); every offset is compared with the bytes there are, and anything odd means "as it is".
struct ExifOrientation: Equatable {
  /// 1 as stored, 2 mirrored, 3 half a turn, 4 flipped, 5 transposed, 6 to be turned clockwise, 7 transversed,
  /// 8 to be turned counterclockwise.
  let code: Int

  /// The orientation 1…8.
  init(code: Int) { self.code = code }

  /// The orientation that the first EXIF segment of a JPEG file gives, 1 where there is none.
  init(jpeg bytes: UnsafeRawBufferPointer) {
    code = Self.find(bytes) ?? 1
  }

  private static func find(_ bytes: UnsafeRawBufferPointer) -> Int? {
    var at = 2
    while at + 4 <= bytes.count {
      guard bytes[at] == 0xFF else {
        at += 1
        continue
      }
      let marker = bytes[at + 1]
      switch marker {
      case 0xFF:
        at += 1
      case 0x00, 0x01, 0xD0...0xD8:
        at += 2
      case 0xD9, 0xDA:
        return nil
      default:
        let length = Int(bytes[at + 2]) << 8 | Int(bytes[at + 3])
        guard length >= 2, length <= bytes.count - at - 2 else { return nil }
        let payload = UnsafeRawBufferPointer(rebasing: bytes[(at + 4)..<(at + 2 + length)])
        if marker == 0xE1, isExif(payload) {
          return directoryEntry(UnsafeRawBufferPointer(rebasing: payload.dropFirst(6)))
        }
        at += 2 + length
      }
    }
    return nil
  }

  private static func isExif(_ payload: UnsafeRawBufferPointer) -> Bool {
    // "Exif", then two zero bytes.
    payload.count >= 14 && payload[0] == 0x45 && payload[1] == 0x78 && payload[2] == 0x69
      && payload[3] == 0x66 && payload[4] == 0 && payload[5] == 0
  }

  /// The value of tag 0x0112 in the first directory of a TIFF block, nil where it has no usable one.
  private static func directoryEntry(_ tiff: UnsafeRawBufferPointer) -> Int? {
    let isLittle = tiff[0] == 0x49 && tiff[1] == 0x49
    guard isLittle || (tiff[0] == 0x4D && tiff[1] == 0x4D) else { return nil }
    func u16(_ at: Int) -> UInt32 {
      let low = UInt32(tiff[at])
      let high = UInt32(tiff[at + 1])
      return isLittle ? high << 8 | low : low << 8 | high
    }
    func u32(_ at: Int) -> UInt32 {
      isLittle ? u16(at + 2) << 16 | u16(at) : u16(at) << 16 | u16(at + 2)
    }
    guard tiff.count >= 8, u16(2) == 42 else { return nil }
    // An offset of 2³¹ or more would not fit Int on 32-bit boards; a segment has at most 65,533 bytes.
    guard u32(4) <= 65_535 else { return nil }
    let directory = Int(u32(4))
    guard directory <= tiff.count - 2 else { return nil }
    var entry = directory + 2
    for _ in 0..<u16(directory) {
      guard entry <= tiff.count - 12 else { return nil }
      if u16(entry) == 0x0112 {
        // Type 3 is a 16-bit value, left-aligned in its four bytes; 4 is a 32-bit one.
        let value = u16(entry + 2) == 4 ? u32(entry + 8) : u16(entry + 8)
        return (1...8).contains(value) ? Int(value) : nil
      }
      entry += 12
    }
    return nil
  }

  /// `image` with its pixels moved so that it needs no orientation any more.
  @_optimize(speed)
  func upright(_ image: Image) -> Image {
    guard (2...8).contains(code) else { return image }
    let swapsSides = code >= 5
    let countsRowsBackwards = code == 3 || code == 4 || code == 6 || code == 7
    let countsColumnsBackwards = code == 2 || code == 3 || code == 7 || code == 8
    let height = swapsSides ? image.width : image.height
    let width = swapsSides ? image.height : image.width
    var rgb: [UInt8] = []
    rgb.reserveCapacity(image.rgb.count)
    for y in 0..<height {
      for x in 0..<width {
        let row = swapsSides ? x : y
        let column = swapsSides ? y : x
        let storedRow = countsRowsBackwards ? image.height - 1 - row : row
        let storedColumn = countsColumnsBackwards ? image.width - 1 - column : column
        let from = (storedRow * image.width + storedColumn) * 3
        rgb.append(image.rgb[from])
        rgb.append(image.rgb[from + 1])
        rgb.append(image.rgb[from + 2])
      }
    }
    return Image(height: height, width: width, rgb: rgb, warnings: image.warnings)
  }
}

extension ImageDecoder {
  /// Whether a file is a JPEG whose pixels need no turn: what a decoder that ignores EXIF shows upright.
  public static func isUprightJPEG(_ bytes: UnsafeRawBufferPointer) -> Bool {
    ImageFormat(firstBytesOf: bytes) == .jpeg && ExifOrientation(jpeg: bytes).code == 1
  }
}
