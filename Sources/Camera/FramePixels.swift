public import ModelFormat
public import Pixels

/// Turns frames of a source into a model's input, whatever their format; what a format needs is made when it first comes.
///
/// A frame of another generation than the last one makes new plans, which allocates; all others allocate nothing.
public struct FramePixels: ~Copyable {
  /// What frames become.
  public let contract: InputContract
  /// The part of the source that is used, nil for all of it.
  public let region: PixelRegion?
  /// How the source is turned.
  public let orientation: Orientation

  private var plan: PixelPlan?
  /// Of the frame that the plan is for.
  private var generation: Int?

  /// What becomes of frames: `region` of them, in the source's pixels, turned by `orientation`, as `contract` wants it.
  public init(
    contract: InputContract,
    region: PixelRegion? = nil,
    orientation: Orientation = .upright
  ) {
    self.contract = contract
    self.region = region
    self.orientation = orientation
  }

  /// Makes sure that `convert` has all it needs for frames such as this.
  ///
  /// Throws `FrameError.pixels` where such frames can never be converted; the next frame is tried anew.
  public mutating func prepare(_ frame: Frame) throws(FrameError) {
    guard generation != frame.generation || plan == nil else { return }
    plan = nil
    guard let format = frame.format.pixelFormat else { return }
    do throws(PixelError) {
      plan = try PixelPlan(
        sourceHeight: frame.height,
        sourceWidth: frame.width,
        format: format,
        contract: contract,
        region: region,
        orientation: orientation,
        encoding: frame.encoding
      )
    } catch {
      throw .pixels(error)
    }
    generation = frame.generation
  }

  /// Writes a frame as the model's input to `destination`, `PixelPlan.convert` says how; prepares first.
  ///
  /// Throws `FrameError` where the frame is short or damaged beyond use; the input then holds anything.
  public mutating func convert(
    _ frame: Frame,
    into destination: UnsafeMutableBufferPointer<UInt8>,
    pixelStride: Int
  ) throws(FrameError) {
    try prepare(frame)
    guard let format = frame.format.pixelFormat else { return }
    let planes = PixelPlanes(
      frame.bytes,
      rowStride: frame.rowStride,
      height: frame.height,
      format: format
    )
    guard planes.hold(height: frame.height, width: frame.width, format: format) else {
      throw .short(byteCount: frame.bytes.count)
    }
    plan?.convert(planes, into: destination, pixelStride: pixelStride)
  }
}
