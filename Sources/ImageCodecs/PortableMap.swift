internal import PlainText

/// Netpbm's binary grey and colour maps (PGM "P5", PPM "P6"): a text header, then samples of one or two bytes.
///
/// Needs no library, so that boards without codecs can be tried. Samples are scaled to 0…255 by
/// `(sample × 255 + maximum ÷ 2) ÷ maximum`. Only the first image of a file is read.
struct PortableMap {
  private let bytes: UnsafeRawBufferPointer
  private let format: ImageFormat
  private let limits: ImageDecoder.Limits
  /// Where the next byte of the header is read.
  private var position = 2

  init(_ bytes: UnsafeRawBufferPointer, format: ImageFormat, limits: ImageDecoder.Limits) {
    self.bytes = bytes
    self.format = format
    self.limits = limits
  }

  /// The pixels; rows that the data lacks are black and reported as truncated.
  func image() throws(ImageError) -> Image {
    var reader = self
    return try reader.read()
  }

  private mutating func read() throws(ImageError) -> Image {
    let width = try number("width", atMost: limits.side)
    let height = try number("height", atMost: limits.side)
    let maximum = try number("maximum", atMost: 65_535)
    // One white-space byte ends the header; `number` stopped before it.
    position += 1
    let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
    let allowed = limits.allowedPixels(byteCount: bytes.count)
    guard !overflow, pixels <= allowed else {
      var reason = TextBuilder()
      reason.append("", width)
      reason.append(" x ", height)
      reason.append(" pixels, expected at most ", allowed)
      reason.append(" in ", bytes.count)
      reason.append(" bytes")
      throw refused(reason)
    }
    guard position < bytes.count else { throw refused(TextBuilder("ends before the first row")) }
    let channels = format == .portablePixmap ? 3 : 1
    let sampleBytes = maximum > 255 ? 2 : 1
    let rgbCount = pixels * 3
    var rgb = [UInt8](repeating: 0, count: rgbCount)
    // Samples that the data holds entirely, at most those of the image.
    let sampleCount = min((bytes.count - position) / sampleBytes, pixels * channels)
    read(sampleCount, sampleBytes: sampleBytes, channels: channels, maximum: maximum, into: &rgb)
    let warnings: Image.Warnings = sampleCount < pixels * channels ? .truncated : []
    return Image(height: height, width: width, rgb: rgb, warnings: warnings)
  }

  @_optimize(speed)
  private func read(
    _ sampleCount: Int,
    sampleBytes: Int,
    channels: Int,
    maximum: Int,
    into rgb: inout [UInt8]
  ) {
    for index in 0..<sampleCount {
      let at = position + index * sampleBytes
      let sample = sampleBytes == 1 ? Int(bytes[at]) : Int(bytes[at]) << 8 | Int(bytes[at + 1])
      let value = UInt8((min(sample, maximum) * 255 + maximum / 2) / maximum)
      if channels == 3 {
        rgb[index] = value
      } else {
        rgb[index * 3] = value
        rgb[index * 3 + 1] = value
        rgb[index * 3 + 2] = value
      }
    }
  }

  /// The next decimal number of the header, 1…`limit`, after white space and comments (`#` to the end of a line).
  private mutating func number(_ name: StaticString, atMost limit: Int) throws(ImageError) -> Int {
    var isComment = false
    while position < bytes.count {
      let byte = bytes[position]
      if isComment {
        isComment = byte != 0x0A && byte != 0x0D
      } else if byte == 0x23 {
        isComment = true
      } else if !Self.isSpace(byte) {
        break
      }
      position += 1
    }
    var value = 0
    var digits = 0
    while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
      // Stops growing beyond the limit, so it cannot overflow.
      value = min(value * 10 + Int(bytes[position] - 0x30), limit + 1)
      digits += 1
      position += 1
    }
    var reason = TextBuilder("header: ")
    if digits == 0 {
      reason.append(name)
      reason.append(" missing, expected a number")
    } else if value < 1 || value > limit {
      reason.append(name)
      reason.append(" is not in 1...", limit)
    } else if position < bytes.count && !Self.isSpace(bytes[position]) {
      reason.append("white space missing after ")
      reason.append(name)
    } else {
      return value
    }
    throw refused(reason)
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
  }

  private func refused(_ reason: TextBuilder) -> ImageError {
    .refused(format: format, reason: reason.string)
  }
}
