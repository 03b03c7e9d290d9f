/// The picture formats that are read, told apart by their first bytes and never by a file's name.
public enum ImageFormat: Sendable, Equatable {
  /// ITU-T T.81, any process that libjpeg-turbo decodes.
  case jpeg
  /// ISO/IEC 15948.
  case png
  /// Netpbm's binary PGM (P5).
  case portableGraymap
  /// Netpbm's binary PPM (P6).
  case portablePixmap

  /// The usual name, lower case.
  public var name: String {
    switch self {
    case .jpeg: "jpeg"
    case .png: "png"
    case .portableGraymap: "pgm"
    case .portablePixmap: "ppm"
    }
  }

  /// The format that `bytes` begin like, nil where it is none of these.
  public init?(firstBytesOf bytes: UnsafeRawBufferPointer) {
    func starts(_ a: UInt8, _ b: UInt8, _ c: UInt8) -> Bool {
      bytes.count >= 3 && bytes[0] == a && bytes[1] == b && bytes[2] == c
    }
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
    if starts(0xFF, 0xD8, 0xFF) {
      self = .jpeg
    } else if starts(0x89, 0x50, 0x4E) {
      self = .png
    } else if bytes.count >= 3, bytes[0] == 0x50, isSpace(bytes[2]), bytes[1] == 0x35 {
      self = .portableGraymap
    } else if bytes.count >= 3, bytes[0] == 0x50, isSpace(bytes[2]), bytes[1] == 0x36 {
      self = .portablePixmap
    } else {
      return nil
    }
  }
}
