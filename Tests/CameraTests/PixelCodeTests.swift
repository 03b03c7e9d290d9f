import PlainText
import Testing

@testable import Camera

/// Names of formats.
struct PixelCodeTests {
  @Test func `letters are the number of V4L2, the first lowest`() {
    #expect(PixelCode(letters: "YUYV")?.value == 0x5659_5559)
    #expect(PixelCode(letters: "Y16")?.value == 0x2036_3159)
  }

  @Test(arguments: ["", "YUYV2", "YU V", "é", "Y\n"])
  func `what is not one to four letters is no format`(letters: String) {
    #expect(PixelCode(letters: letters) == nil)
  }

  @Test(arguments: ["YUYV", "MJPG", "Y16", "RGB3"])
  func `letters come back`(letters: String) {
    var text = TextBuilder()
    PixelCode(letters: letters)?.append(to: &text)
    #expect(text.string == letters)
  }

  @Test func `bytes that are no letters are shown as question marks`() {
    var text = TextBuilder()
    PixelCode(value: 0xB636_3159).append(to: &text)
    #expect(text.string == "Y16?")
  }

  @Test func `every format of frames has a code of its own`() {
    for format in FrameFormat.allCases {
      #expect(PixelCode.native.contains { $0.format == format })
    }
    #expect(Set(PixelCode.native.map(\.code.value)).count == PixelCode.native.count)
    #expect(PixelCode(letters: "YVYU")?.format == nil)
  }
}

/// Whether a JPEG is all there.
struct JPEGBoundsTests {
  static func bounds(_ bytes: [UInt8]) -> [Bool] {
    bytes.withUnsafeBytes {
      let bounds = JPEGBounds($0)
      return [bounds.hasStart, bounds.hasEnd]
    }
  }

  @Test func `start and end markers make it whole`() {
    #expect(Self.bounds([0xFF, 0xD8, 0xFF, 0xDB, 7, 0xFF, 0xD9]) == [true, true])
  }

  @Test(arguments: [1, 2, 100])
  func `padding behind the end does not matter`(count: Int) {
    let picture: [UInt8] = [0xFF, 0xD8, 0xFF, 0xDB, 7, 0xFF, 0xD9]
    #expect(Self.bounds(picture + [UInt8](repeating: 0, count: count)) == [true, true])
    #expect(Self.bounds(picture + [UInt8](repeating: 0xFF, count: count)) == [true, true])
  }

  @Test(arguments: 0...6)
  func `a cut picture lacks its end`(count: Int) {
    let picture: [UInt8] = [0xFF, 0xD8, 0xFF, 0xDB, 7, 0xFF, 0xD9]
    #expect(Self.bounds(Array(picture[..<count])) == [count >= 4, false])
  }

  @Test func `other bytes lack the start`() {
    #expect(Self.bounds([0, 0, 0, 0, 0xFF, 0xD9]) == [false, true])
  }
}
