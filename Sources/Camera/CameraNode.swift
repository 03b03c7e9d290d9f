internal import CVideo
internal import PlainText

/// An open capture node; close it.
struct CameraNode {
  var handle: OpaquePointer
  var path: String
  var identity: CameraIdentity

  /// Opens the node at a path; an errno value where that fails.
  static func open(_ path: String) -> (node: CameraNode?, error: Int32) {
    var handle: OpaquePointer?
    let error = path.withTerminatedBytes { cv_open($0, &handle) }
    guard error == 0, let handle else { return (nil, error) }
    let identity = CameraIdentity(
      name: TextBuilder(cString: cv_card(handle)).string,
      bus: TextBuilder(cString: cv_bus(handle)).string,
      serial: TextBuilder(cString: cv_serial(handle)).string,
      usb: cv_usb(handle),
      index: Int(cv_index(handle)),
      nodeName: kernelName(of: cv_node_number(handle))
    )
    return (CameraNode(handle: handle, path: path, identity: identity), 0)
  }

  /// What the kernel calls the node of a number, which does not open it; empty where it does not say.
  static func kernelName(of number: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { name in
      // The memory has an address: its capacity is not 0.
      guard let start = name.baseAddress else { return "" }
      start[0] = 0
      cv_node_name(number, start, 64)
      return TextBuilder(cString: start).string
    }
  }

  func close() { cv_close(handle) }

  /// Whether it is a camera for who names none: not one that media-ctl must connect first, nor a part of an image processor that
  /// only shows what a program feeds it.
  var isOrdinary: Bool {
    cv_needs_pipeline(handle) == 0
      && !TextBuilder(cString: cv_driver(handle)).string.hasBytes(of: "bcm2835-isp")
  }

  /// The formats that the driver lists.
  var codes: [PixelCode] {
    var codes: [PixelCode] = []
    var code: UInt32 = 0
    while codes.count < 64 && cv_format_at(handle, UInt32(codes.count), &code) == 0 {
      codes.append(PixelCode(value: code))
    }
    return codes
  }

  /// All modes that can be used; what a driver does not enumerate it is asked for as it is set now.
  func modes(for options: CameraOptions) -> [CameraMode] {
    var present = cv_layout()
    if cv_get_layout(handle, &present) != 0 { present = cv_layout() }
    var modes: [CameraMode] = []
    let codes = codes
    for code in codes { append(code, present, options, to: &modes) }
    if codes.isEmpty && present.code != 0 {
      append(PixelCode(value: present.code), present, options, to: &modes)
    }
    return modes
  }

  private func append(
    _ code: PixelCode,
    _ present: cv_layout,
    _ options: CameraOptions,
    to modes: inout [CameraMode]
  ) {
    guard code.format != nil || cv_converts(handle, code.value) != 0 else { return }
    let presentSize = (width: Int(clamping: present.width), height: Int(clamping: present.height))
    var sizes = cv_sizes()
    var index: UInt32 = 0
    while index < 64 && cv_sizes_at(handle, code.value, index, &sizes) == 0 {
      if let range = SizeRange(sizes) {
        append(code, range.size(for: options, present: presentSize), options, to: &modes)
      }
      index += 1
    }
    if index == 0 {
      // Old drivers and receivers have one size, or take any and answer with what they can.
      let any = SizeRange(width: 1...16384, height: 1...16384)
      append(code, any.size(for: options, present: presentSize), options, to: &modes)
    }
  }

  private func append(
    _ code: PixelCode,
    _ size: (width: Int, height: Int),
    _ options: CameraOptions,
    to modes: inout [CameraMode]
  ) {
    var rates = RateChoice()
    var interval = cv_interval()
    var index: UInt32 = 0
    while index < 64
      && cv_interval_at(
        handle,
        code.value,
        UInt32(clamping: size.width),
        UInt32(clamping: size.height),
        index,
        &interval
      ) == 0
    {
      rates.consider(
        numerator: interval.numerator,
        denominator: interval.denominator,
        isRange: interval.is_range != 0,
        rate: options.rate
      )
      index += 1
    }
    modes.append(
      CameraMode(
        code: code,
        width: size.width,
        height: size.height,
        milliHertz: rates.milliHertz,
        interval: rates.interval
      )
    )
  }
}

extension SizeRange {
  /// Sizes as a driver tells them, `nil` where they make no sense.
  init?(_ sizes: cv_sizes) {
    let limit: UInt32 = 16384
    guard sizes.min_width > 0 && sizes.min_height > 0 else { return nil }
    guard sizes.min_width <= min(sizes.max_width, limit) else { return nil }
    guard sizes.min_height <= min(sizes.max_height, limit) else { return nil }
    self.init(
      width: Int(sizes.min_width)...Int(min(sizes.max_width, limit)),
      height: Int(sizes.min_height)...Int(min(sizes.max_height, limit)),
      widthStep: Int(min(max(sizes.step_width, 1), limit)),
      heightStep: Int(min(max(sizes.step_height, 1), limit))
    )
  }
}
