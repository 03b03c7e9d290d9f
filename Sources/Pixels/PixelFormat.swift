/// How a pixel of a source image lies in memory, a byte a channel.
public enum PixelFormat: Sendable, Equatable, CaseIterable {
  /// Red, green, blue.
  case rgb
  /// Blue, green, red.
  case bgr
  /// Red, green, blue and a byte that is ignored.
  case rgbx
  /// Blue, green, red and a byte that is ignored.
  case bgrx
  /// Luma, which stands for all three colours.
  case grey

  /// Bytes of a pixel.
  public var pixelBytes: Int {
    switch self {
    case .grey: 1
    case .rgb, .bgr: 3
    case .rgbx, .bgrx: 4
    }
  }

  /// Where in a pixel red, green and blue are.
  var offsets: (red: Int, green: Int, blue: Int) {
    switch self {
    case .grey: (0, 0, 0)
    case .rgb, .rgbx: (0, 1, 2)
    case .bgr, .bgrx: (2, 1, 0)
    }
  }
}
