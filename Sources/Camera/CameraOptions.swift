/// What a control of the camera is set to.
public enum CameraControl: Sendable, Equatable {
  /// As the camera has it.
  case camera
  /// The camera decides from picture to picture.
  case automatic
  /// A fixed value, in the control's unit.
  case manual(Int)
}

/// Which camera, and what is asked of it.
public struct CameraOptions: Sendable {
  /// A path (`/dev/video2`, `/dev/v4l/by-id/…`), or a part of the camera's name, serial number or bus; empty for the first
  /// camera that works.
  public var device = ""
  /// The format's four letters, empty for the cheapest that fits.
  public var format: PixelCode?
  /// Columns, 0 for the smallest size that covers what is needed.
  public var width = 0
  /// Rows, 0 for the smallest size that covers what is needed.
  public var height = 0
  /// Frames per second that a mode should reach; where it can, the camera is set to no more.
  public var rate = 30
  /// Columns below which the model would see an enlarged picture.
  public var neededWidth = 224
  /// Rows below which the model would see an enlarged picture.
  public var neededHeight = 224
  /// Whether the model has one channel, so that a picture without colours serves it as well.
  public var isGreyEnough = false
  /// Exposure time, 100 µs.
  public var exposure = CameraControl.camera
  /// Gain, in the camera's steps.
  public var gain = CameraControl.camera
  /// White balance, kelvin.
  public var whiteBalance = CameraControl.camera
  /// The camera is started anew after so long without a good frame, or ten frames, or three seconds before its first.
  public var frozenMilliseconds = 3000
  /// Buffers that the driver fills: one with the consumer, one waiting for it, the others with the driver.
  public var buffers = 4

  /// The first camera that works, in the mode that fits an input of 224 × 224.
  public init() {}
}
