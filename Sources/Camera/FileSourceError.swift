internal import CLinux
internal import PlainText

/// Why a source without a camera cannot be played.
public enum FileSourceError: Error, Equatable {
  /// The size of a pattern is not two numbers, or out of range.
  case pattern(String)
  /// The system refuses the file or folder; an errno value.
  case system(path: String, error: Int32)
  /// The folder has nothing whose name ends as that of a picture does.
  case empty(path: String)
  /// There is no memory.
  case memory

  /// One line: what was found and what is expected.
  public var message: String {
    var text = TextBuilder()
    switch self {
    case .pattern(let words):
      text.append(string: words)
      text.append(": expected pattern:WIDTHxHEIGHT, an even width, 2x1...8192x8192")
    case .system(let path, let error):
      text.append(string: path)
      text.append(": ")
      text.append(TextBuilder(cString: cl_error_text(error)))
      text.append(", expected a folder of pictures, a Motion-JPEG file, or - for standard input")
    case .empty(let path):
      text.append(string: path)
      text.append(": no pictures, expected .jpg, .jpeg, .png, .ppm or .pgm")
    case .memory:
      text.append("out of memory")
    }
    return text.string
  }
}
