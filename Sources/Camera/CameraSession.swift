internal import CLinux
internal import CVideo
internal import Pixels
internal import PlainText

/// A camera that streams: what its frames look like.
struct CameraSession {
  var node: CameraNode
  /// How a frame that is handed out lies in memory.
  var format: FrameFormat
  var width: Int
  var height: Int
  var rowStride: Int
  var encoding: ColorEncoding
  /// Whether libv4lconvert makes RGB of the camera's frame.
  var isConverted: Bool
  var code: PixelCode
  /// Thousandths of a frame per second, as the driver says; 0 where it does not.
  var milliHertz: Int

  /// Why a camera that opened does not stream.
  struct Refusal {
    var cause: Int
    /// One line.
    var message: TextBuilder

    init(_ error: Int32, _ node: CameraNode, _ what: StaticString) {
      cause = Int(cv_cause_of(error))
      message = TextBuilder(string: node.path)
      message.append(": ")
      message.append(what)
      message.append(": ")
      message.append(reason: error)
    }
  }

  /// Sets mode and controls and starts the stream; on a refusal the node is still open.
  static func start(
    _ node: CameraNode,
    _ options: CameraOptions,
    isBandwidthShort: Bool,
    warnings: inout [TextBuilder]
  ) -> (session: CameraSession?, refusal: Refusal?) {
    let error = cv_lock_signal(node.handle)
    if error != 0 { return (nil, Refusal(error, node, "no stable signal at its input")) }
    let modes = node.modes(for: options)
    let choice = CameraMode.choice(of: modes, for: options, isBandwidthShort: isBandwidthShort)
    guard let choice else { return (nil, unusable(node, options, modes)) }
    var layout = cv_layout()
    let mode = modes[choice]
    let (width, height) = (UInt32(clamping: mode.width), UInt32(clamping: mode.height))
    let setError = cv_set_layout(node.handle, mode.code.value, width, height, &layout)
    if setError != 0 { return (nil, Refusal(setError, node, "setting its format")) }
    guard var session = CameraSession(node, layout) else {
      return (nil, unusable(node, options, modes))
    }
    session.setRate(mode, options)
    setControls(node, options, warnings: &warnings)
    var count: Int32 = 0
    let startError = cv_start(node.handle, Int32(clamping: options.buffers), &count)
    if startError != 0 { return (nil, Refusal(startError, node, "starting its stream")) }
    return (session, nil)
  }

  private init?(_ node: CameraNode, _ layout: cv_layout) {
    guard (1...16384).contains(layout.width) && (1...16384).contains(layout.height) else {
      return nil
    }
    self.node = node
    code = PixelCode(value: layout.code)
    width = Int(layout.width)
    height = Int(layout.height)
    milliHertz = 0
    encoding = ColorEncoding(
      matrix: layout.is_bt709 != 0 ? .bt709 : .bt601,
      range: layout.is_full_range != 0 ? .full : .limited
    )
    rowStride = 0
    isConverted = code.format == nil
    format = code.format ?? .rgb
    guard !isConverted || cv_converts(node.handle, layout.code) != 0 else { return nil }
    guard let pixels = format.pixelFormat else { return }
    let least = pixels.rowBytes(width: width, plane: 0)
    // Some drivers tell no stride, or one that cannot be.
    let told = isConverted ? 0 : Int(clamping: layout.stride)
    rowStride = min(max(told, least), 1 << 20)
  }

  /// Whether all rows of a raw picture are in the camera's bytes.
  func holdsAllRows(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard !isConverted, let pixels = format.pixelFormat else { return !bytes.isEmpty }
    let planes = PixelPlanes(bytes, rowStride: rowStride, height: height, format: pixels)
    return planes.hold(height: height, width: width, format: pixels)
  }

  private mutating func setRate(_ mode: CameraMode, _ options: CameraOptions) {
    var interval = cv_interval(
      numerator: mode.interval.numerator,
      denominator: mode.interval.denominator,
      is_range: 0
    )
    if interval.numerator == 0 {
      interval.numerator = 1
      interval.denominator = UInt32(clamping: max(1, options.rate))
    }
    // Many drivers have no rates to set; a camera that has is told even where it does not list them.
    guard
      cv_set_interval(node.handle, &interval) == 0
        || cv_get_interval(node.handle, &interval) == 0
    else { return }
    guard interval.numerator > 0 else { return }
    let rate = UInt64(interval.denominator) * 1000 / UInt64(interval.numerator)
    milliHertz = Int(clamping: min(rate, 10_000_000))
  }

  private static func unusable(
    _ node: CameraNode,
    _ options: CameraOptions,
    _ modes: [CameraMode]
  ) -> Refusal {
    var refusal = Refusal(0, node, "")
    refusal.cause = CV_UNSUPPORTED
    refusal.message = TextBuilder(string: node.path)
    if let format = options.format, !modes.isEmpty {
      refusal.message.append(": gives no ")
      format.append(to: &refusal.message)
      refusal.message.append(", expected one of")
      var last: PixelCode?
      for mode in modes where mode.code != last {
        refusal.message.append(" ")
        mode.code.append(to: &refusal.message)
        last = mode.code
      }
    } else {
      refusal.message.append(": gives no format that this build can read, found")
      for code in node.codes {
        refusal.message.append(" ")
        code.append(to: &refusal.message)
      }
    }
    return refusal
  }

  /// Whether frames of another session can be read as those of this one.
  func looksLike(_ other: CameraSession) -> Bool {
    format == other.format && width == other.width && height == other.height
      && rowStride == other.rowStride && encoding == other.encoding
  }

  /// What is captured, in words: `YUYV 640 × 480 at 30 frames/s from UVC camera (/dev/video0)`.
  var words: TextBuilder {
    var text = TextBuilder()
    code.append(to: &text)
    text.append(" ", width)
    text.append(" × ", height)
    if milliHertz > 0 {
      text.append(" at ", milliHertz / 1000)
      if milliHertz % 1000 != 0 {
        text.append(".")
        text.append(UInt64(milliHertz % 1000 / 10), radix: 10, digits: 2)
      }
      text.append(" frames/s")
    }
    text.append(" from ", node.identity.name)
    text.append(" (", node.path)
    text.append(")")
    return text
  }
}

extension TextBuilder {
  /// What an errno value means here and what to do about it.
  mutating func append(reason error: Int32) {
    append(literal: UnsafeRawPointer(cl_error_text(error)).assumingMemoryBound(to: UInt8.self))
    switch Int(cv_cause_of(error)) {
    case CV_DENIED: append("; is this user in the group video?")
    case CV_BUSY: append("; another program has it")
    case CV_NO_ROOM: append("; the bus has no bandwidth left: try a smaller size or another port")
    case CV_NO_SIGNAL: append("; is the cable in and the sender on?")
    case CV_NOT_CAPTURE: append("; not a node that captures pictures")
    default: break
    }
  }
}
