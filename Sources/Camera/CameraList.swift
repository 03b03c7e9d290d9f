internal import CVideo
public import PlainText

/// The cameras of this machine, for people who ask what there is.
public enum CameraList {
  /// One paragraph a camera: its node, its name, where it is connected, and the mode of each format that fits `options`.
  ///
  /// Nodes that are there and cannot be opened are named with the reason; what is no camera is left out. Empty where there is none.
  public static func text(for options: CameraOptions = CameraOptions()) -> TextBuilder {
    var text = TextBuilder()
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: 256) { numbers in
      for index in 0..<Int(cv_list(numbers.baseAddress, 256)) {
        var path = TextBuilder("/dev/video")
        path.append(Int64(numbers[index]))
        append(path.string, options, to: &text)
      }
    }
    return text
  }

  private static func append(_ path: String, _ options: CameraOptions, to text: inout TextBuilder) {
    let (node, error) = CameraNode.open(path)
    guard let node else {
      let cause = Int(cv_cause_of(error))
      guard cause != CV_NOT_CAPTURE && cause != CV_ABSENT else { return }
      text.append("", path)
      text.append("  ")
      text.append(reason: error)
      text.append("\n")
      return
    }
    defer { node.close() }
    let identity = node.identity
    text.append("", path)
    text.append("  ", identity.name)
    text.append("  (", identity.bus)
    if !identity.serial.utf8.isEmpty { text.append(", serial number ", identity.serial) }
    text.append(node.isOrdinary ? ")\n" : "), part of a pipeline: taken only where it is named\n")
    for mode in node.modes(for: options) {
      text.append("  ")
      mode.code.append(to: &text)
      text.append("  ", mode.width)
      text.append("x", mode.height)
      if let rate = mode.milliHertz {
        text.append("  ")
        text.append(Double(rate) / 1000, decimals: 1)
        text.append(" frames/s")
      }
      text.append(mode.code.format == nil ? ", converted\n" : "\n")
    }
  }
}
