internal import ImageCodecs
public import ModelFormat
public import Pixels

/// Turns frames of a source into a model's input, whatever their format; what a format needs is made when it first comes.
///
/// Frames like the last two, of the same generation or, of JPEG, the same size and sampling, allocate nothing. JPEG is decoded
/// at the smallest of 1, 1/2, 1/4 and 1/8 of its size that the model's input is not larger than, and down to the last row that is
/// needed: what is wrong with a frame below that is not noticed.
public struct FramePixels: ~Copyable {
  /// What frames become.
  public let contract: InputContract
  /// The part of the source that is used, nil for all of it.
  public let region: PixelRegion?
  /// How the source is turned.
  public let orientation: Orientation

  private var plan: PixelPlan?
  /// Of the raw frame that the plan is for.
  private var generation: Int?
  private var decoder: FrameDecoder?
  /// Of the JPEG that `denominator` is for.
  private var imageSize: FrameSize?
  private var denominator = 1

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

  // Embedded Swift lets no other module see what else would be destroyed: this is called instead.
  deinit {}

  /// Makes sure that `convert` has all it needs for raw frames such as this; what JPEG needs is known when one is decoded.
  ///
  /// Throws `FrameError.pixels` where such frames can never be converted; the next frame is tried anew.
  public mutating func prepare(_ frame: Frame) throws(FrameError) {
    guard let format = frame.format.pixelFormat, generation != frame.generation else { return }
    (generation, imageSize) = (nil, nil)
    try makePlan(frame.height, frame.width, format, region: region, encoding: frame.encoding)
    generation = frame.generation
  }

  /// Writes a frame as the model's input to `destination`, `PixelPlan.convert` says how; prepares first.
  ///
  /// Throws `FrameError` where the frame is short or damaged; the input then holds anything.
  public mutating func convert(
    _ frame: Frame,
    into destination: UnsafeMutableBufferPointer<UInt8>,
    pixelStride: Int
  ) throws(FrameError) {
    guard let format = frame.format.pixelFormat else {
      return try convertImage(frame.bytes, into: destination, pixelStride: pixelStride)
    }
    try prepare(frame)
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

  private mutating func makePlan(
    _ height: Int,
    _ width: Int,
    _ format: PixelFormat,
    region: PixelRegion?,
    encoding: ColorEncoding
  ) throws(FrameError) {
    plan = nil
    do throws(PixelError) {
      plan = try PixelPlan(
        sourceHeight: height,
        sourceWidth: width,
        format: format,
        contract: contract,
        region: region,
        orientation: orientation,
        encoding: encoding
      )
    } catch {
      throw .pixels(error)
    }
  }

  private mutating func convertImage(
    _ bytes: UnsafeRawBufferPointer,
    into destination: UnsafeMutableBufferPointer<UInt8>,
    pixelStride: Int
  ) throws(FrameError) {
    if generation != nil {
      generation = nil
      plan = nil
    }
    var picture = try decode(bytes)
    let format = PixelFormat(picture.layout)
    if let planned = plan?.format, planned != format {
      // Of components that are sampled otherwise other rows are needed.
      plan = nil
      picture = try decode(bytes)
    }
    if plan == nil {
      let part = region?.reduced(denominator, height: picture.height, width: picture.width)
      try makePlan(picture.height, picture.width, format, region: part, encoding: .jpeg)
    }
    func plane(_ plane: FramePicture.Plane) -> PixelPlanes.Plane {
      PixelPlanes.Plane(plane.bytes, rowStride: plane.rowStride)
    }
    plan?.convert(
      PixelPlanes(plane(picture.first), plane(picture.second), plane(picture.third)),
      into: destination,
      pixelStride: pixelStride
    )
  }

  /// The pixels of a JPEG; after it, `denominator` is right, and a plan is one for its size.
  private mutating func decode(_ bytes: UnsafeRawBufferPointer) throws(FrameError) -> FramePicture {
    if decoder == nil { decoder = FrameDecoder() }
    let size: FrameSize?
    do throws(ImageError) { size = try decoder?.size(of: bytes) } catch { throw .image(error) }
    guard let size else { throw .noDecoder }
    if size != imageSize {
      imageSize = nil
      plan = nil
      do throws(PixelError) {
        denominator = try PixelPlan.reduction(
          sourceHeight: size.height,
          sourceWidth: size.width,
          contract: contract,
          region: region,
          orientation: orientation
        )
      } catch {
        throw .pixels(error)
      }
      imageSize = size
    }
    let picture: FramePicture?
    do throws(ImageError) {
      picture = try decoder?.picture(
        denominator: denominator,
        neededRows: plan?.neededRows ?? .max
      )
    } catch {
      throw .image(error)
    }
    guard let picture else { throw .noDecoder }
    guard picture.warnings.isEmpty else {
      throw picture.warnings.contains(.truncated) ? .truncated : .damaged
    }
    return picture
  }
}

extension PixelFormat {
  /// The format of a decoded JPEG.
  init(_ layout: FramePicture.Layout) {
    switch layout {
    case .grey: self = .grey
    case .rgb: self = .rgb
    case .planar444: self = .planar444
    case .planar422: self = .planar422
    case .planar420: self = .yu12
    case .planar440: self = .planar440
    case .planar411: self = .planar411
    }
  }
}

extension PixelRegion {
  /// The pixels of an image of `height` × `width`, which is 1/`denominator` of the one that the region is of, that have a part
  /// in it.
  func reduced(_ denominator: Int, height: Int, width: Int) -> PixelRegion {
    let (left, top) = (x / denominator, y / denominator)
    let right = min((x + self.width + denominator - 1) / denominator, width)
    let bottom = min((y + self.height + denominator - 1) / denominator, height)
    return PixelRegion(x: left, y: top, width: right - left, height: bottom - top)
  }
}
