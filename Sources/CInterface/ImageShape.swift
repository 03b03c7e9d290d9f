internal import CEdgeCNN
internal import ModelFormat
internal import Pixels
internal import Runtime

/// Size and format of an image.
struct ImageShape {
  let width: Int
  let height: Int
  let format: PixelFormat

  /// Nil where the format is unknown.
  init?(_ width: Int, _ height: Int, _ format: edgecnn_pixel_format) {
    switch format {
    case EDGECNN_RGB: self.format = .rgb
    case EDGECNN_BGR: self.format = .bgr
    case EDGECNN_RGBX: self.format = .rgbx
    case EDGECNN_BGRX: self.format = .bgrx
    case EDGECNN_GREY: self.format = .grey
    default: return nil
    }
    (self.width, self.height) = (width, height)
  }

  /// Whether a plan is for such images.
  func matches(_ plan: borrowing PixelPlan) -> Bool {
    plan.sourceWidth == width && plan.sourceHeight == height && plan.format == format
  }
}

extension UnsafeMutablePointer<Session> {
  /// The plan for images of a shape: the one there is, or a new one in its place.
  func plan(
    _ shape: ImageShape,
    _ network: Network
  ) throws(PixelError) -> UnsafeMutablePointer<PixelPlan> {
    if let images = pointee.images, shape.matches(images.pointee) { return images }
    guard network.inputRecord.elementType == .u8 else {
      throw .notAnImage(channels: network.inputRecord.channels)
    }
    let plan = try PixelPlan(
      sourceHeight: shape.height,
      sourceWidth: shape.width,
      format: shape.format,
      contract: network.file.input
    )
    if let images = pointee.images {
      images.pointee = plan
      return images
    }
    let images = UnsafeMutablePointer<PixelPlan>.allocate(capacity: 1)
    images.initialize(to: plan)
    pointee.images = images
    return images
  }
}
