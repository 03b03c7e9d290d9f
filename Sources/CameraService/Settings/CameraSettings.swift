public import Camera
internal import PlainText

/// `[camera]`: where frames come from.
public struct CameraSettings: SettingsSection, Sendable {
  /// A path (`/dev/video0`, `/dev/v4l/by-id/…`), or part of a camera's name or serial number; empty takes the first camera.
  public var device = ""
  /// Instead of a camera: a folder of images, an image, a Motion-JPEG file, `-` for standard input, `pattern` or
  /// `pattern:WIDTHxHEIGHT` for a test picture.
  public var source = ""
  /// Whether a source begins anew at its end.
  public var isLooping = true
  /// As `v4l2-ctl --list-formats` shows it; nil takes the cheapest that does.
  public var format: PixelCode?
  /// Columns; 0 takes what is nearest above the model's need.
  public var width = 0
  /// Rows; 0 takes what is nearest above the model's need.
  public var height = 0
  /// Frames a second, 0 for every frame of a source as fast as it is classified; nil asks for 30.
  public var rate: Int?
  /// The part of the picture that is looked at: left, top, width, height in pixels; empty takes all.
  public var region: [Int] = []
  /// Degrees that the picture is turned clockwise before the model sees it: 0, 90, 180, 270.
  public var rotation = 0
  /// A camera that gives no frame for this long is opened again, milliseconds.
  public var frozenMilliseconds = 3000
  /// Exposure time in units of 100 µs.
  public var exposure = CameraControl.camera
  /// Gain in the camera's units.
  public var gain = CameraControl.camera
  /// White balance in kelvin.
  public var whiteBalance = CameraControl.camera

  static let name: StaticString = "camera"

  enum Key: SettingsKey {
    case device, source, loop, format, size, rate, region, rotation, frozen, exposure, gain
    case whiteBalance

    var name: StaticString {
      switch self {
      case .device: "device"
      case .source: "source"
      case .loop: "loop"
      case .format: "format"
      case .size: "size"
      case .rate: "rate"
      case .region: "region"
      case .rotation: "rotation"
      case .frozen: "frozen"
      case .exposure: "exposure"
      case .gain: "gain"
      case .whiteBalance: "white_balance"
      }
    }
  }

  mutating func set(_ key: Key, to entry: SettingsEntry) throws(SettingsError) {
    switch key {
    case .device: device = try entry.text()
    case .source: source = try entry.path()
    case .loop: isLooping = try entry.flag()
    case .format:
      guard let code = PixelCode(letters: entry.value) else {
        throw SettingsError(
          entry,
          expected: TextBuilder("up to four letters, such as YUYV or MJPG")
        )
      }
      format = code
    case .size:
      let size = try entry.numbers(2, between: "x", 1...16_384, example: "1280x720")
      (width, height) = (size[0], size[1])
    case .rate: rate = try entry.number(0...1000)
    case .region: region = try entry.numbers(4, between: ",", 0...16_384, example: "320,0,640,480")
    case .rotation: rotation = [0, 90, 180, 270][try entry.choice(["0", "90", "180", "270"])]
    case .frozen: frozenMilliseconds = try entry.milliseconds(500...600_000)
    case .exposure: exposure = try control(entry, 1...1_000_000)
    case .gain: gain = try control(entry, 0...1_000_000)
    case .whiteBalance: whiteBalance = try control(entry, 1000...20_000)
    }
  }

  private func control(
    _ entry: SettingsEntry,
    _ range: ClosedRange<Int>
  ) throws(SettingsError) -> CameraControl {
    entry.value.hasBytes(of: "auto") ? .automatic : .manual(try entry.number(range))
  }
}
