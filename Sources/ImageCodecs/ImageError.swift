internal import PlainText

/// Why bytes are not an image that can be used.
///
/// `message` is one lower-case line without the file's name, which the caller knows and puts in front.
public enum ImageError: Error, Equatable {
  /// There are no bytes at all.
  case empty
  /// The first bytes are those of no format that is read here; up to eight of them.
  case unknownFormat(firstBytes: [UInt8])
  /// The decoder of `format` refused the data.
  case refused(format: ImageFormat, reason: String)

  /// One line: what is wrong, what was found, what is expected.
  public var message: String {
    var text = TextBuilder()
    switch self {
    case .empty:
      text.append("the file is empty, expected a JPEG, PNG, PGM or PPM image")
    case .unknownFormat(let firstBytes):
      text.append("not an image: starts with")
      for byte in firstBytes {
        text.append(" ")
        text.append(UInt64(byte), radix: 16, digits: 2)
      }
      text.append(", expected JPEG, PNG, PGM (P5) or PPM (P6)")
    case .refused(let format, let reason):
      text.append("", format.name)
      text.append(": ", reason)
    }
    return text.string
  }
}
