public import ImageCodecs
public import Pixels
internal import PlainText

/// Why a frame did not become a model's input.
public enum FrameError: Error, Equatable {
  /// Frames of this size cannot become the model's input, whatever they show.
  case pixels(PixelError)
  /// A raw frame has fewer bytes than its size and stride take.
  case short(byteCount: Int)
  /// A JPEG has no picture, or there is no room for one.
  case image(ImageError)
  /// A JPEG ends before its last pixel.
  case truncated
  /// Some pixels of a JPEG had to be guessed.
  case damaged
  /// This build has no JPEG decoder.
  case noDecoder

  /// Whether every frame of the format will fail alike, so that the settings must change.
  public var isLasting: Bool {
    switch self {
    case .pixels, .noDecoder: true
    case .short, .image, .truncated, .damaged: false
    }
  }

  /// One line: what was found and what is expected.
  public var message: String {
    switch self {
    case .pixels(let error): return error.message
    case .image(let error): return error.message
    case .truncated: return "jpeg: ends before its last pixel"
    case .damaged: return "jpeg: damaged data"
    case .noDecoder:
      return "this build has no JPEG decoder, expected raw frames; set another format"
    case .short(let byteCount):
      var text = TextBuilder("frame of ")
      text.append("", byteCount)
      text.append(" bytes, expected all rows of its size")
      return text.string
    }
  }
}
