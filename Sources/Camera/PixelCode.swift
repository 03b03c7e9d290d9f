internal import ImageCodecs
public import PlainText

/// A pixel format as V4L2 names it: four letters, of which the last may be blanks.
public struct PixelCode: Sendable, Equatable {
  /// The letters, the first in the lowest byte.
  public var value: UInt32

  /// A format by its number.
  public init(value: UInt32) { self.value = value }

  /// A format by its letters, as `v4l2-ctl --list-formats` shows them, `YUYV` or `MJPG`; case matters.
  ///
  /// `nil` unless there are one to four, all of ASCII that can be seen.
  public init?(letters: String) {
    let text = TextBuilder(string: letters).bytes
    guard (1...4).contains(text.count) else { return nil }
    value = 0x2020_2020
    for index in text.indices {
      guard (0x21...0x7E).contains(text[index]) else { return nil }
      value &= ~(0xFF << UInt32(8 * index))
      value |= UInt32(text[index]) << UInt32(8 * index)
    }
  }

  init(_ a: Unicode.Scalar, _ b: Unicode.Scalar, _ c: Unicode.Scalar, _ d: Unicode.Scalar) {
    value = a.value | b.value << 8 | c.value << 16 | d.value << 24
  }

  /// The format of frames that need no conversion, `nil` for all others: for JPEG too in a build without a decoder.
  public var format: FrameFormat? {
    for entry in Self.native where entry.code == self {
      return entry.format == .jpeg && !FrameDecoder.isInThisBuild ? nil : entry.format
    }
    return nil
  }

  /// The letters without blanks at the end, `?` for bytes that are none.
  public func append(to text: inout TextBuilder) {
    for index in 0..<4 {
      let byte = UInt8(truncatingIfNeeded: value >> UInt32(8 * index))
      if byte == 0x20 { continue }
      text.append(byte: (0x21...0x7E).contains(byte) ? byte : 0x3F)
    }
  }

  /// The letters, as `append(to:)` writes them.
  public var text: String {
    var text = TextBuilder()
    append(to: &text)
    return text.string
  }

  /// What needs no conversion, cheapest first for a model that wants colours.
  static let native: [(code: PixelCode, format: FrameFormat)] = [
    (PixelCode("Y", "U", "Y", "V"), .yuyv),
    (PixelCode("U", "Y", "V", "Y"), .uyvy),
    (PixelCode("N", "V", "1", "2"), .nv12),
    (PixelCode("N", "V", "2", "1"), .nv21),
    (PixelCode("Y", "U", "1", "2"), .yu12),
    (PixelCode("R", "G", "B", "3"), .rgb),
    (PixelCode("B", "G", "R", "3"), .bgr),
    (PixelCode("M", "J", "P", "G"), .jpeg),
    (PixelCode("J", "P", "E", "G"), .jpeg),
    (PixelCode("G", "R", "E", "Y"), .grey),
  ]
}
