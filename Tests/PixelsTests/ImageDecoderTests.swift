import ImageCodecs
import Testing

struct ImageDecoderTests {
  static let jpegs = [
    "baseline", "full-chroma", "half-chroma", "quarter", "progressive", "gray", "cmyk", "ycck",
    "plain-rgb", "restart", "arithmetic", "arithmetic-progressive",
  ]

  @Test(arguments: jpegs)
  func `a JPEG of any kind gives the pixels that Pillow gives`(name: String) throws {
    let image = try ImageDecoder.decode(ImageFixtures.bytes(name + ".jpg"))
    let expected = try ImageFixtures.pixels(name + ".ppm")
    #expect(image.width == expected.width && image.height == expected.height)
    #expect(image.rgb == expected.rgb)
    #expect(image.warnings == [])
  }

  struct PNGKind: Sendable, CustomTestStringConvertible {
    let name: String
    let depth: Int
    let channels: Int
    var interlaced: Bool
    var testDescription: String { "\(name)-\(depth)\(interlaced ? "-interlaced" : "")" }
  }

  static let pngs: [PNGKind] = [
    (name: "gray", depths: [1, 2, 4, 8, 16], channels: 1),
    (name: "color", depths: [8, 16], channels: 3),
    (name: "palette", depths: [1, 2, 4, 8], channels: 1),
    (name: "gray-alpha", depths: [8, 16], channels: 1),
    (name: "color-alpha", depths: [8, 16], channels: 3),
  ].flatMap { kind in
    kind.depths.flatMap { depth in
      [false, true].map {
        PNGKind(name: kind.name, depth: depth, channels: kind.channels, interlaced: $0)
      }
    }
  }

  /// The formula of make_images.py.
  static func sample(_ x: Int, _ y: Int, _ channel: Int, _ depth: Int) -> Int {
    ((x * 37 + y * 101 + channel * 59 + x * y * 7) * 257) % (1 << depth)
  }

  @Test(arguments: pngs)
  func `a PNG of any colour type, depth and interlacing gives RGB bytes`(kind: PNGKind) throws {
    let image = try ImageDecoder.decode(ImageFixtures.bytes(kind.testDescription + ".png"))
    var expected: [UInt8] = []
    for y in 0..<9 {
      for x in 0..<11 {
        for channel in 0..<3 {
          let stored = Self.sample(x, y, kind.channels == 3 ? channel : 0, kind.depth)
          if kind.name == "palette" {
            expected.append(UInt8(Self.sample(stored, channel, 0, 8)))
          } else if kind.depth == 16 {
            expected.append(UInt8(stored >> 8))
          } else {
            expected.append(UInt8(stored * 255 / ((1 << kind.depth) - 1)))
          }
        }
      }
    }
    #expect(image.width == 11 && image.height == 9)
    #expect(image.rgb == expected)
  }

  @Test(arguments: ["P6\n2 1\n255\n", "P6 # two pixels\n# a line\n2\t1 255\n"])
  func `a PPM gives its bytes`(header: String) throws {
    let image = try ImageDecoder.decode(Array(header.utf8) + [1, 2, 3, 4, 5, 6])
    #expect(image == Image(height: 1, width: 2, rgb: [1, 2, 3, 4, 5, 6]))
  }

  @Test func `samples of a PGM are scaled from its maximum to 255`() throws {
    let image = try ImageDecoder.decode(Array("P5 1 4 4\n".utf8) + [0, 1, 4, 9])
    #expect(image.rgb == [0, 0, 0, 64, 64, 64, 255, 255, 255, 255, 255, 255])
  }

  @Test func `samples of two bytes are scaled too`() throws {
    let image = try ImageDecoder.decode(Array("P6 1 1 65535\n".utf8) + [0x80, 0, 0xFF, 0xFF, 0, 1])
    #expect(image.rgb == [128, 255, 0])
  }

  @Test func `a picture map that ends early is black below and reported`() throws {
    let image = try ImageDecoder.decode(Array("P5 2 2 255\n".utf8) + [7, 8, 9])
    #expect(image.rgb == [7, 7, 7, 8, 8, 8, 9, 9, 9, 0, 0, 0])
    #expect(image.warnings == .truncated)
  }

  @Test(arguments: ["baseline.jpg", "color-8.png", "color-8-interlaced.png"])
  func `an image that ends early is decoded as far as it goes`(name: String) throws {
    let bytes = try ImageFixtures.bytes(name)
    let whole = try ImageDecoder.decode(bytes)
    let part = try ImageDecoder.decode(Array(bytes[..<(bytes.count - 100)]))
    #expect(part.warnings == .truncated)
    #expect(part.width == whole.width && part.height == whole.height)
    #expect(part.rgb.prefix(3) == whole.rgb.prefix(3))
    #expect(part.rgb != whole.rgb)
  }

  @Test func `zero bytes are refused`() {
    #expect(throws: ImageError.empty) { try ImageDecoder.decode([]) }
    #expect(ImageError.empty.message == "the file is empty, expected a JPEG, PNG, PGM or PPM image")
  }

  static let refusals: [(bytes: [UInt8], message: String)] = [
    (
      Array("GIF89a\0".utf8),
      "not an image: starts with 47 49 46 38 39 61 00, expected JPEG, PNG, PGM (P5) or PPM (P6)"
    ),
    ([0xFF, 0xD8, 0xFF, 0xD9], "jpeg: JPEG datastream contains no image"),
    ([0xFF, 0xD8, 0xFF], "jpeg: ends before the first scan"),
    (Array("\u{89}PNG".unicodeScalars.map { UInt8($0.value) }), "png: ends before the first row"),
    (Array("P5 0 4 255\n".utf8), "pgm: header: width is not in 1...65500"),
    (Array("P6 4 99999999999999999999 255\n".utf8), "ppm: header: height is not in 1...65500"),
    (Array("P6 4 x 255\n".utf8), "ppm: header: height missing, expected a number"),
    (Array("P6 4 4 255".utf8), "ppm: ends before the first row"),
    (Array("P6 4 4#".utf8), "ppm: header: white space missing after height"),
    (
      Array("P6 9000 9000 255\n....".utf8),
      "ppm: 9000 x 9000 pixels, expected at most 1048576 in 21 bytes"
    ),
  ]

  @Test(arguments: refusals)
  func `what is no image is refused in one line`(bytes: [UInt8], message: String) {
    let error = #expect(throws: ImageError.self) { try ImageDecoder.decode(bytes) }
    #expect(error?.message == message)
  }

  @Test func `a JPEG that claims more pixels than its bytes can hold is refused`() throws {
    var bytes = try ImageFixtures.bytes("baseline.jpg")
    let frame = try #require(
      bytes.indices.first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 }
    )
    bytes.replaceSubrange((frame + 5)..<(frame + 9), with: [0xEA, 0x60, 0xEA, 0x60])
    let error = #expect(throws: ImageError.self) { try ImageDecoder.decode(bytes) }
    #expect(
      error?.message == "jpeg: 60000 x 60000 pixels, expected at most 14876672 in 908 bytes"
    )
  }

  @Test func `a JPEG of too many scans is refused`() throws {
    // The second and later scans of a progressive file, over and over.
    var bytes = try ImageFixtures.bytes("progressive.jpg")
    let lastScan = try #require(
      bytes.indices.last { $0 > 0 && bytes[$0 - 1] == 0xFF && bytes[$0] == 0xDA }
    )
    let end = bytes.count - 2
    let body = bytes[(lastScan - 1)..<end]
    bytes.removeLast(2)
    var many = bytes
    for _ in 0..<300 { many += body }
    let error = #expect(throws: ImageError.self) { try ImageDecoder.decode(many) }
    #expect(error?.message == "jpeg: more than 200 scans")
  }

  @Test func `a checksum that does not fit is refused`() throws {
    var bytes = try ImageFixtures.bytes("gray-8.png")
    let data = try #require(
      bytes.indices.first { Array(bytes[$0...].prefix(4)) == Array("IDAT".utf8) }
    )
    bytes[data + 20] ^= 1
    let error = #expect(throws: ImageError.self) { try ImageDecoder.decode(bytes) }
    #expect(error?.message.hasPrefix("png: ") == true)
  }

  static let small = [
    "baseline.jpg", "progressive.jpg", "cmyk.jpg", "arithmetic.jpg", "color-8.png",
    "gray-4-interlaced.png", "palette-2.png",
  ]

  /// Either an image of the size that it says, or an error of one line.
  private func expectOutcome(_ bytes: [UInt8], _ what: String) {
    do throws(ImageError) {
      let image = try ImageDecoder.decode(bytes)
      #expect(image.rgb.count == image.height * image.width * 3, "\(what)")
    } catch {
      #expect(!error.message.isEmpty && !error.message.contains("\n"), "\(what)")
    }
  }

  @Test(arguments: small)
  func `a file cut anywhere decodes or is refused`(name: String) throws {
    let bytes = try ImageFixtures.bytes(name)
    for count in bytes.indices {
      expectOutcome(Array(bytes[..<count]), "\(name) cut to \(count) bytes")
    }
  }

  @Test(arguments: small, [0x01, 0x80, 0xFF] as [UInt8])
  func `a file with any byte changed decodes or is refused`(name: String, mask: UInt8) throws {
    let bytes = try ImageFixtures.bytes(name)
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= mask
      expectOutcome(changed, "\(name) byte \(index) changed by \(mask)")
    }
  }
}
