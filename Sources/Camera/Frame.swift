public import Pixels
internal import PlainText

/// How the bytes of a frame lie in memory.
public enum FrameFormat: Sendable, Equatable, CaseIterable {
  /// One byte of luma a pixel.
  case grey
  /// Two pixels in four bytes: luma, blue difference, luma, red difference.
  case yuyv
  /// Two pixels in four bytes: blue difference, luma, red difference, luma.
  case uyvy
  /// A plane of luma; then, for 2 × 2 pixels, blue and red difference beside each other.
  case nv12
  /// A plane of luma; then, for 2 × 2 pixels, red and blue difference beside each other.
  case nv21
  /// Planes of luma, blue difference and red difference, the latter two of a quarter of the size.
  case yu12
  /// Red, green, blue.
  case rgb
  /// Blue, green, red.
  case bgr
  /// A JPEG image, perhaps without Huffman tables.
  case jpeg

  /// What V4L2 calls it.
  public var name: String {
    let name: StaticString =
      switch self {
      case .grey: "GREY"
      case .yuyv: "YUYV"
      case .uyvy: "UYVY"
      case .nv12: "NV12"
      case .nv21: "NV21"
      case .yu12: "YU12"
      case .rgb: "RGB3"
      case .bgr: "BGR3"
      case .jpeg: "MJPG"
      }
    return TextBuilder(name).string
  }

  /// The format of its pixels, nil for a JPEG.
  public var pixelFormat: PixelFormat? {
    switch self {
    case .grey: .grey
    case .yuyv: .yuyv
    case .uyvy: .uyvy
    case .nv12: .nv12
    case .nv21: .nv21
    case .yu12: .yu12
    case .rgb: .rgb
    case .bgr: .bgr
    case .jpeg: nil
    }
  }
}

/// One picture of a source, valid until it is given back.
public struct Frame {
  /// What is in memory.
  public var bytes: UnsafeRawBufferPointer
  /// How.
  public var format: FrameFormat
  /// Columns; of a JPEG, as announced.
  public var width: Int
  /// Rows; of a JPEG, as announced.
  public var height: Int
  /// Bytes from a row of the first plane to the next; 0 for a JPEG.
  ///
  /// Rows of half-width planes are half as far apart, of NV12's and NV21's second plane as far.
  public var rowStride: Int
  /// What luma and colour differences mean, of raw formats that have them.
  public var encoding: ColorEncoding
  /// The source's count of frames, gaps where it dropped some.
  public var sequence: UInt32
  /// When the source took it: monotonic clock, nanoseconds.
  public var timestampNanoseconds: Int64
  /// Changes whenever format, size or stride do: what was planned for an older one does not fit.
  public var generation: Int

  /// A frame of a source.
  public init(
    bytes: UnsafeRawBufferPointer,
    format: FrameFormat,
    width: Int,
    height: Int,
    rowStride: Int,
    encoding: ColorEncoding = .camera,
    sequence: UInt32,
    timestampNanoseconds: Int64,
    generation: Int
  ) {
    self.bytes = bytes
    self.format = format
    self.width = width
    self.height = height
    self.rowStride = rowStride
    self.encoding = encoding
    self.sequence = sequence
    self.timestampNanoseconds = timestampNanoseconds
    self.generation = generation
  }
}
