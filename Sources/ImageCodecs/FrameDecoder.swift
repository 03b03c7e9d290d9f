internal import CImageCodecs
internal import PlainText

/// Decodes the JPEG frames of a stream one after another, at full size or less, to the planes that they hold.
///
/// Memory is kept from frame to frame: one that is like the last two asks the system for none. Frames stand for themselves:
/// tables that one lacks are the standard ones (ITU-T T.81, K.3), never another frame's.
public struct FrameDecoder: ~Copyable {
  /// How large frames may be.
  public let limits: ImageDecoder.Limits
  private let decoder: OpaquePointer

  /// Whether this build has a JPEG decoder.
  public static var isInThisBuild: Bool { cic_has_decoder() != 0 }

  /// A decoder; nil where this build has no JPEG decoder, or the system no memory.
  public init?(limits: ImageDecoder.Limits = ImageDecoder.Limits()) {
    guard let decoder = cic_decoder_create() else { return nil }
    self.decoder = decoder
    self.limits = limits
  }

  deinit { cic_decoder_destroy(decoder) }

  /// The size of the picture in a frame, whose bytes must stay until `picture` has returned.
  ///
  /// Throws `ImageError` where the frame has no picture that can be decoded.
  public mutating func size(of frame: UnsafeRawBufferPointer) throws(ImageError) -> FrameSize {
    var size = cic_size()
    let allowed = limits.allowedPixels(byteCount: frame.count)
    guard !frame.isEmpty else { throw .empty }
    let result = cic_decoder_header(
      decoder,
      frame.assumingMemoryBound(to: UInt8.self).baseAddress,
      frame.count,
      UInt32(limits.side),
      UInt64(allowed),
      &size
    )
    guard result.status == CIC_OK else { throw .refused(format: .jpeg, reason: result.reason) }
    return FrameSize(height: Int(size.height), width: Int(size.width))
  }

  /// Decodes the frame that `size(of:)` was asked about last, at 1/`denominator` of its size: 1, 2, 4 or 8.
  ///
  /// Of the reduced picture, the first `neededRows` rows are decoded, or all; those below hold anything, and what is wrong with
  /// them is not noticed. The planes are the decoder's, until it is called again or gone. Throws `ImageError` where no pixel can be had.
  public mutating func picture(
    denominator: Int,
    neededRows: Int = .max
  ) throws(ImageError) -> FramePicture {
    var picture = cic_picture()
    let needed = UInt32(clamping: neededRows)
    let result = cic_decoder_pixels(decoder, UInt32(denominator), needed, &picture)
    guard result.status == CIC_OK else { throw .refused(format: .jpeg, reason: result.reason) }
    func plane(_ bytes: UnsafePointer<UInt8>?, _ rows: Int, _ stride: Int) -> FramePicture.Plane {
      FramePicture.Plane(
        bytes: UnsafeRawBufferPointer(start: bytes, count: rows * stride),
        rowStride: stride
      )
    }
    let (rows, strides) = (picture.rows, picture.strides)
    return FramePicture(
      layout: FramePicture.Layout(picture.layout),
      height: Int(picture.height),
      width: Int(picture.width),
      first: plane(picture.planes.0, rows.0, strides.0),
      second: plane(picture.planes.1, rows.1, strides.1),
      third: plane(picture.planes.2, rows.2, strides.2),
      warnings: Image.Warnings(rawValue: result.flags)
    )
  }
}

/// Rows and columns of a picture.
public struct FrameSize: Sendable, Equatable {
  /// Rows.
  public let height: Int
  /// Columns.
  public let width: Int
}

/// A decoded frame, in the memory of its decoder.
public struct FramePicture {
  /// Rows that are `rowStride` bytes apart.
  public struct Plane {
    /// All rows.
    public let bytes: UnsafeRawBufferPointer
    /// Bytes from a row to the next.
    public let rowStride: Int
  }

  /// How samples lie; all but the first two are luma, blue difference and red difference, a plane each.
  public enum Layout: Sendable, Equatable {
    /// Luma.
    case grey
    /// Red, green, blue beside each other.
    case rgb
    /// A difference for every pixel.
    case planar444
    /// A difference for 2 × 1 pixels, beside each other.
    case planar422
    /// A difference for 2 × 2 pixels.
    case planar420
    /// A difference for 1 × 2 pixels, below each other.
    case planar440
    /// A difference for 4 × 1 pixels, beside each other.
    case planar411

    init(_ layout: UInt32) {
      switch Int(layout) {
      case Int(CIC_GREY): self = .grey
      case Int(CIC_444): self = .planar444
      case Int(CIC_422): self = .planar422
      case Int(CIC_420): self = .planar420
      case Int(CIC_440): self = .planar440
      case Int(CIC_411): self = .planar411
      default: self = .rgb
      }
    }
  }

  /// How samples lie.
  public let layout: Layout
  /// Rows, after scaling.
  public let height: Int
  /// Columns, after scaling.
  public let width: Int
  /// The only plane, or luma.
  public let first: Plane
  /// Blue difference.
  public let second: Plane
  /// Red difference.
  public let third: Plane
  /// Whether pixels are missing or guessed.
  public let warnings: Image.Warnings
}

extension cic_result {
  /// The library's words, which begin with a capital, as the tail of a one-line message.
  var reason: String {
    var text = TextBuilder()
    withUnsafeBytes(of: message) { bytes in
      let isWord = (0x41...0x5A).contains(bytes[0]) && (0x61...0x7A).contains(bytes[1])
      for (place, byte) in bytes.enumerated() {
        if byte == 0 { break }
        let isShown = (0x20...0x7E).contains(byte)
        text.append(byte: !isShown ? 0x3F : isWord && place == 0 ? byte + 0x20 : byte)
      }
    }
    return text.string
  }
}
