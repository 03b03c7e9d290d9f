internal import ImageCodecs
internal import Pixels

/// Turns frames of a source into JPEG files: those that are JPEG are copied, with the Huffman tables that cameras leave out,
/// all others are encoded.
///
/// Frames like the last two ask the system for no memory. The picture is the source's: neither turned nor cut.
public struct FrameJPEG: ~Copyable {
  private var encoder: FrameEncoder?

  /// Nothing is allocated before the first raw frame.
  public init() {}

  // Embedded Swift lets no other module see what else would be destroyed: this is called instead.
  deinit {}

  /// Writes a frame as a JPEG to `destination` and returns how many bytes it takes.
  ///
  /// `quality` is 1…100, for raw frames; BT.709 is written as if it were BT.601, a slightly different hue.
  /// Throws `FrameError` where the frame is short, is no JPEG though it says so, or does not fit.
  public mutating func write(
    _ frame: Frame,
    quality: Int,
    into destination: UnsafeMutableRawBufferPointer
  ) throws(FrameError) -> Int {
    guard let format = frame.format.pixelFormat else {
      guard let size = JPEGTables.complete(frame.bytes, into: destination) else {
        let isTooLong = frame.bytes.count > destination.count - JPEGTables.mostAdded
        let reason = isTooLong ? "larger than there is room for" : "no image up to a first scan"
        throw .image(.refused(format: .jpeg, reason: reason))
      }
      return size
    }
    let planes = PixelPlanes(
      frame.bytes,
      rowStride: frame.rowStride,
      height: frame.height,
      format: format
    )
    guard planes.hold(height: frame.height, width: frame.width, format: format) else {
      throw .short(byteCount: frame.bytes.count)
    }
    if encoder == nil { encoder = FrameEncoder() }
    let source = Self.source(format, planes, frame.encoding)
    let size: Int?
    do throws(ImageError) {
      size = try encoder?.encode(
        source,
        height: frame.height,
        width: frame.width,
        quality: quality,
        into: destination
      )
    } catch {
      throw .image(error)
    }
    guard let size else { throw .noDecoder }
    return size
  }

  private static func source(
    _ format: PixelFormat,
    _ planes: PixelPlanes,
    _ encoding: ColorEncoding
  ) -> FrameEncoder.Source {
    func component(_ layout: SampleLayout) -> FrameEncoder.Component {
      let plane = planes.plane(layout.plane)
      return FrameEncoder.Component(
        UnsafeRawBufferPointer(rebasing: plane.bytes[layout.offset...]),
        rowStride: plane.rowStride,
        step: layout.step,
        columns: layout.columns,
        rows: layout.rows
      )
    }
    let first = component(SampleLayout(step: format.pixelBytes))
    switch format {
    case .rgb, .rgbx: return .rgb(first)
    case .bgr, .bgrx: return .bgr(first)
    default:
      guard let samples = format.samples else { return .grey(first) }
      return .colorDifferences(
        component(samples.luma),
        blue: component(samples.blue),
        red: component(samples.red),
        isLimited: encoding.range == .limited
      )
    }
  }
}
