internal import CImageCodecs

/// Turns the bytes of a JPEG, PNG, PGM or PPM file into RGB pixels.
///
/// Memory is bounded by the data: `limits` refuses a size that its bytes can hardly hold before anything is
/// allocated, and the codec libraries have limits of their own.
public struct ImageDecoder: Sendable {
  /// How large an image may be.
  public struct Limits: Sendable, Equatable {
    /// Most rows or columns.
    public var side: Int = 65_500
    /// Most pixels.
    public var pixels: Int = 1 << 26
    /// Most pixels that a byte of the file may stand for, beyond the first 2²⁰ pixels.
    ///
    /// A deflated PNG of one bit a pixel reaches 8 × 1032; nothing photographed comes near.
    public var pixelsPerByte: Int = 1 << 14

    /// The defaults: 65,500 a side, 2²⁶ pixels, 2¹⁴ pixels a byte.
    public init() {}

    /// Most pixels that `byteCount` bytes may decode to.
    func allowedPixels(byteCount: Int) -> Int {
      let (product, overflow) = byteCount.multipliedReportingOverflow(by: pixelsPerByte)
      return min(pixels, overflow ? pixels : max(product, 1 << 20))
    }
  }

  /// How large an image may be.
  public var limits: Limits

  /// A decoder that refuses images beyond `limits`.
  public init(limits: Limits = Limits()) { self.limits = limits }

  /// Decodes `bytes`, the whole of a file, upright as EXIF says.
  ///
  /// Data that ends after the header gives an image with `Image.Warnings.truncated`. Transparency is dropped,
  /// samples of 16 bits keep their upper 8, and inks (CMYK) become light without a colour profile.
  /// Throws `ImageError` where no image can be had.
  public static func decode(_ bytes: [UInt8]) throws(ImageError) -> Image {
    try ImageDecoder().decode(bytes)
  }

  /// Decodes `bytes`, the whole of a file, as the static `decode(_:)` does, within `limits`.
  public func decode(_ bytes: [UInt8]) throws(ImageError) -> Image {
    // A rethrowing closure would lose the error's type in Embedded Swift.
    let result: Result<Image, ImageError> = bytes.withUnsafeBytes { buffer in
      do throws(ImageError) {
        return .success(try decode(buffer))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// Decodes the whole of a file that lies in memory, as the static `decode(_:)` does, within `limits`.
  public func decode(_ bytes: UnsafeRawBufferPointer) throws(ImageError) -> Image {
    guard !bytes.isEmpty else { throw .empty }
    guard let format = ImageFormat(firstBytesOf: bytes) else {
      throw .unknownFormat(firstBytes: Array(bytes.prefix(8)))
    }
    switch format {
    case .jpeg:
      let image = try decode(
        bytes,
        format: format,
        header: cic_jpeg_header,
        decode: cic_jpeg_decode
      )
      return ExifOrientation(jpeg: bytes).upright(image)
    case .png:
      return try decode(bytes, format: format, header: cic_png_header, decode: cic_png_decode)
    case .portableGraymap, .portablePixmap:
      return try PortableMap(bytes, format: format, limits: limits).image()
    }
  }

  private typealias Header =
    (UnsafePointer<UInt8>?, Int, UInt32, UInt64, UnsafeMutablePointer<cic_size>?) -> cic_result
  private typealias Decode =
    (UnsafePointer<UInt8>?, Int, cic_size, UnsafeMutablePointer<UInt8>?) -> cic_result

  private func decode(
    _ bytes: UnsafeRawBufferPointer,
    format: ImageFormat,
    header: Header,
    decode: Decode
  ) throws(ImageError) -> Image {
    let data = bytes.assumingMemoryBound(to: UInt8.self).baseAddress
    var size = cic_size()
    let allowed = limits.allowedPixels(byteCount: bytes.count)
    let found = header(data, bytes.count, UInt32(limits.side), UInt64(allowed), &size)
    guard found.status == CIC_OK else {
      throw .refused(format: format, reason: found.reason)
    }
    // At most 3 × 2²⁶ bytes: the header call compared the product with `allowed`.
    let rgbCount = Int(size.width) * Int(size.height) * 3
    var rgb = [UInt8](repeating: 0, count: rgbCount)
    let outcome = rgb.withUnsafeMutableBufferPointer { pixels in
      decode(data, bytes.count, size, pixels.baseAddress)
    }
    guard outcome.status == CIC_OK else {
      throw .refused(format: format, reason: outcome.reason)
    }
    return Image(
      height: Int(size.height),
      width: Int(size.width),
      rgb: rgb,
      warnings: Image.Warnings(rawValue: outcome.flags)
    )
  }
}
