import Testing

@testable import ImageCodecs

struct ExifOrientationTests {
  /// Two rows of three pixels, 1 2 3 over 4 5 6; what each code makes of them (EXIF 2.32, table of tag 0x0112).
  static let turned: [(code: Int, width: Int, pixels: [UInt8])] = [
    (1, 3, [1, 2, 3, 4, 5, 6]),
    (2, 3, [3, 2, 1, 6, 5, 4]),
    (3, 3, [6, 5, 4, 3, 2, 1]),
    (4, 3, [4, 5, 6, 1, 2, 3]),
    (5, 2, [1, 4, 2, 5, 3, 6]),
    (6, 2, [4, 1, 5, 2, 6, 3]),
    (7, 2, [6, 3, 5, 2, 4, 1]),
    (8, 2, [3, 6, 2, 5, 1, 4]),
  ]

  @Test(arguments: turned)
  func `every orientation is turned upright`(code: Int, width: Int, pixels: [UInt8]) {
    func rgb(_ values: [UInt8]) -> [UInt8] { values.flatMap { [$0, $0 + 100, $0 + 200] } }
    let stored = Image(height: 2, width: 3, rgb: rgb([1, 2, 3, 4, 5, 6]))
    let upright = ExifOrientation(code: code).upright(stored)
    #expect(upright == Image(height: 6 / width, width: width, rgb: rgb(pixels)))
  }

  @Test(arguments: 1...8, [false, true])
  func `the orientation of a file is honoured`(code: Int, littleEndian: Bool) throws {
    let bytes = try ImageFixtures.withOrientation(
      UInt8(code),
      "baseline.jpg",
      littleEndian: littleEndian
    )
    let stored = try ImageDecoder.decode(ImageFixtures.bytes("baseline.jpg"))
    #expect(try ImageDecoder.decode(bytes) == ExifOrientation(code: code).upright(stored))
  }

  @Test(arguments: [0, 9, 255] as [UInt8])
  func `an unknown orientation leaves the image as it is`(code: UInt8) throws {
    let bytes = try ImageFixtures.withOrientation(code, "baseline.jpg", littleEndian: true)
    #expect(
      try ImageDecoder.decode(bytes) == ImageDecoder.decode(ImageFixtures.bytes("baseline.jpg"))
    )
  }

  @Test(arguments: [0x01, 0x80, 0xFF] as [UInt8], [false, true])
  func `a damaged EXIF segment never breaks the image`(mask: UInt8, littleEndian: Bool) throws {
    let bytes = try ImageFixtures.withOrientation(6, "baseline.jpg", littleEndian: littleEndian)
    for index in 6..<38 {
      var changed = bytes
      changed[index] ^= mask
      let image = try ImageDecoder.decode(changed)
      #expect([29, 18].contains(image.width), "byte \(index)")
    }
  }
}
