internal import CImageCodecs

/// Encodes pictures as baseline JPEG, one after another, into memory of the caller.
///
/// Memory is kept from picture to picture: one that is like the last two asks the system for none.
public struct FrameEncoder: ~Copyable {
  /// The samples of one component.
  public struct Component {
    /// Sample x of row y is `bytes[y × rowStride + x × step]`.
    public var bytes: UnsafeRawBufferPointer
    /// Bytes from a row to the next.
    public var rowStride: Int
    /// Bytes from a sample to the next.
    public var step: Int
    /// Columns of pixels that a sample stands for: 1, 2 or 4.
    public var columns: Int
    /// Rows of pixels that a sample stands for: 1, 2 or 4.
    public var rows: Int

    /// The samples of a component.
    public init(
      _ bytes: UnsafeRawBufferPointer,
      rowStride: Int,
      step: Int = 1,
      columns: Int = 1,
      rows: Int = 1
    ) {
      self.bytes = bytes
      self.rowStride = rowStride
      self.step = step
      self.columns = columns
      self.rows = rows
    }
  }

  /// What is in a picture.
  public enum Source {
    /// Luma.
    case grey(Component)
    /// Red, green, blue; a step of 3 or 4.
    case rgb(Component)
    /// Blue, green, red; a step of 3 or 4.
    case bgr(Component)
    /// Luma, blue and red difference, the latter two sampled alike; luma of 16…235 is spread to the range that JPEG has.
    case colorDifferences(Component, blue: Component, red: Component, isLimited: Bool)
  }

  private let encoder: OpaquePointer

  /// An encoder; nil where this build has no JPEG encoder, or the system no memory.
  public init?() {
    guard let encoder = cic_encoder_create() else { return nil }
    self.encoder = encoder
  }

  deinit { cic_encoder_destroy(encoder) }

  /// Encodes `height` × `width` pixels in quality 1…100 and returns how many bytes of `destination` the JPEG takes.
  ///
  /// Throws `ImageError` where it does not fit, or a side is outside 1…65,500.
  /// Traps if a component has fewer bytes than the picture takes.
  public mutating func encode(
    _ source: Source,
    height: Int,
    width: Int,
    quality: Int,
    into destination: UnsafeMutableRawBufferPointer
  ) throws(ImageError) -> Int {
    precondition((1...65_500).contains(height) && (1...65_500).contains(width), "no JPEG's size")
    var picture = cic_source()
    picture.width = UInt32(width)
    picture.height = UInt32(height)
    func isFactor(_ count: Int) -> Bool { count == 1 || count == 2 || count == 4 }
    func component(_ part: Component, pixelBytes: Int = 1) -> cic_component {
      precondition(isFactor(part.columns) && isFactor(part.rows), "no JPEG's sampling")
      let (columns, rows) = ((width - 1) / part.columns, (height - 1) / part.rows)
      let last = rows * part.rowStride + columns * part.step + pixelBytes
      precondition(part.rowStride > 0 && part.bytes.count >= last, "source too small")
      return cic_component(
        at: part.bytes.assumingMemoryBound(to: UInt8.self).baseAddress,
        stride: part.rowStride,
        step: part.step,
        columns: UInt32(part.columns),
        rows: UInt32(part.rows)
      )
    }
    switch source {
    case .grey(let luma):
      picture.layout = UInt32(CIC_FROM_GREY)
      picture.components.0 = component(luma, pixelBytes: luma.step)
    case .rgb(let pixels):
      picture.layout = UInt32(CIC_FROM_RGB)
      picture.components.0 = component(pixels, pixelBytes: pixels.step)
    case .bgr(let pixels):
      picture.layout = UInt32(CIC_FROM_BGR)
      picture.components.0 = component(pixels, pixelBytes: pixels.step)
    case .colorDifferences(let luma, let blue, let red, let isLimited):
      precondition(blue.columns == red.columns && blue.rows == red.rows, "sampled differently")
      picture.layout = UInt32(CIC_FROM_YCC)
      picture.is_limited = isLimited ? 1 : 0
      picture.components = (component(luma), component(blue), component(red))
    }
    var size = 0
    let result = cic_encoder_encode(
      encoder,
      &picture,
      UInt32(min(max(quality, 1), 100)),
      destination.assumingMemoryBound(to: UInt8.self).baseAddress,
      destination.count,
      &size
    )
    guard result.status == CIC_OK else { throw .refused(format: .jpeg, reason: result.reason) }
    return size
  }
}
