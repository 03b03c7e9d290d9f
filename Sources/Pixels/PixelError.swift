internal import PlainText

/// Why images of a size cannot become a model's input.
public enum PixelError: Error, Equatable {
  /// The model's input is not an image: it has neither 1 nor 3 channels.
  case notAnImage(channels: Int)
  /// A side of the source is outside 1…65,536.
  case sourceSize(height: Int, width: Int)
  /// The region is empty or not all within the image.
  case region(PixelRegion, height: Int, width: Int)
  /// A side of the model's input is outside 1…65,536.
  case modelSize(height: Int, width: Int)
  /// The crop fraction is not in (0, 1], or so small that the scaled image would exceed 2²⁰ pixels a side.
  case cropFraction(Float)
  /// Scaling would need more than 2²⁸ bytes of scratch memory.
  case scratch(byteCount: Int64)

  /// One line: what was found and what is expected.
  public var message: String {
    var text = TextBuilder()
    switch self {
    case .notAnImage(let channels):
      text.append("the model's input has ", channels)
      text.append(" channels, expected 1 or 3 for images; give raw input")
    case .sourceSize(let height, let width):
      text.append("image of ", width)
      text.append(" x ", height)
      text.append(" pixels, expected 1...65536 a side")
    case .region(let region, let height, let width):
      text.append("region of ", region.width)
      text.append(" x ", region.height)
      text.append(" pixels at ", region.x)
      text.append(", ", region.y)
      text.append(", expected one within the image of ", width)
      text.append(" x ", height)
    case .modelSize(let height, let width):
      text.append("model input of ", width)
      text.append(" x ", height)
      text.append(" pixels, expected 1...65536 a side")
    case .cropFraction:
      text.append("the model's crop fraction is outside its range, expected above 0 and at most 1")
    case .scratch(let byteCount):
      text.append("scaling needs ")
      text.append(byteCount)
      text.append(" bytes of scratch memory, expected at most 268435456")
    }
    return text.string
  }
}
