import CountedMemory
import Foundation
import Testing

@testable import ImageCodecs

/// JPEG frames, one after another: what comes out, what is reported, and what it costs.
struct FrameCodecTests {
  /// Samples of a smooth picture, planes as JPEG has them.
  struct Samples {
    let height: Int
    let width: Int
    let columns: Int
    let rows: Int
    let planes: [[UInt8]]

    var chromaWidth: Int { (width + columns - 1) / columns }
    var chromaHeight: Int { (height + rows - 1) / rows }

    init(height: Int, width: Int, columns: Int, rows: Int) {
      (self.height, self.width, self.columns, self.rows) = (height, width, columns, rows)
      let chroma = ((width + columns - 1) / columns, (height + rows - 1) / rows)
      func plane(_ width: Int, _ height: Int, _ x: Double, _ y: Double) -> [UInt8] {
        (0..<width * height).map { index in
          let row = Double(index / width) / Double(height)
          let column = Double(index % width) / Double(width)
          return UInt8(128 + 90 * sin(x * column + 1) * cos(y * row))
        }
      }
      planes = [
        plane(width, height, 9, 5), plane(chroma.0, chroma.1, 3, 4),
        plane(chroma.0, chroma.1, 5, 2),
      ]
    }

    /// The picture as a JPEG.
    func encoded(quality: Int = 95) throws -> [UInt8] {
      var encoder = try FrameCodecTests.newEncoder()
      var out = [UInt8](repeating: 0, count: 1 << 20)
      let size = try planes[0].withUnsafeBytes { luma in
        try planes[1].withUnsafeBytes { blue in
          try planes[2].withUnsafeBytes { red in
            try out.withUnsafeMutableBytes { destination in
              func part(_ bytes: UnsafeRawBufferPointer) -> FrameEncoder.Component {
                FrameEncoder.Component(bytes, rowStride: chromaWidth, columns: columns, rows: rows)
              }
              return try encoder.encode(
                .colorDifferences(
                  FrameEncoder.Component(luma, rowStride: width),
                  blue: part(blue),
                  red: part(red),
                  isLimited: false
                ),
                height: height,
                width: width,
                quality: quality,
                into: destination
              )
            }
          }
        }
      }
      return Array(out[..<size])
    }
  }

  struct NoCodec: Error {}

  static func newDecoder() throws -> FrameDecoder {
    guard let decoder = FrameDecoder() else { throw NoCodec() }
    return decoder
  }

  static func newEncoder() throws -> FrameEncoder {
    guard let encoder = FrameEncoder() else { throw NoCodec() }
    return encoder
  }

  /// A decoded frame, copied.
  struct Decoded: Equatable {
    var layout: FramePicture.Layout
    var height: Int
    var width: Int
    var planes: [[UInt8]]
    var warnings: Image.Warnings
  }

  static func decoded(
    _ frame: [UInt8],
    denominator: Int = 1,
    by decoder: inout FrameDecoder
  ) throws -> Decoded {
    try frame.withUnsafeBytes { bytes in
      _ = try decoder.size(of: bytes)
      let picture = try decoder.picture(denominator: denominator)
      let (columns, rows) = sampling(picture.layout)
      func copy(_ plane: FramePicture.Plane, _ height: Int, _ width: Int) -> [UInt8] {
        (0..<height).flatMap { plane.bytes[$0 * plane.rowStride..<$0 * plane.rowStride + width] }
      }
      let pixelBytes = picture.layout == .rgb ? 3 : 1
      var planes = [copy(picture.first, picture.height, picture.width * pixelBytes)]
      if columns > 0 {
        let height = (picture.height + rows - 1) / rows
        let width = (picture.width + columns - 1) / columns
        planes += [copy(picture.second, height, width), copy(picture.third, height, width)]
      }
      return Decoded(
        layout: picture.layout,
        height: picture.height,
        width: picture.width,
        planes: planes,
        warnings: picture.warnings
      )
    }
  }

  static func sampling(_ layout: FramePicture.Layout) -> (columns: Int, rows: Int) {
    switch layout {
    case .grey, .rgb: (0, 0)
    case .planar444: (1, 1)
    case .planar422: (2, 1)
    case .planar420: (2, 2)
    case .planar440: (1, 2)
    case .planar411: (4, 1)
    }
  }

  /// The frame without its segments of a kind.
  static func without(_ marker: UInt8, _ frame: [UInt8]) -> [UInt8] {
    var out = Array(frame[..<2])
    var at = 2
    while frame[at + 1] != 0xDA {
      let end = at + 2 + Int(frame[at + 2]) << 8 + Int(frame[at + 3])
      if frame[at + 1] != marker { out += frame[at..<end] }
      at = end
    }
    return out + frame[at...]
  }

  static let layouts: [FramePicture.Layout] = [
    .planar444, .planar422, .planar420, .planar440, .planar411,
  ]

  @Test(arguments: layouts, [(48, 64), (37, 51), (1, 1), (17, 130)])
  func `what was encoded is decoded`(layout: FramePicture.Layout, size: (Int, Int)) throws {
    let (columns, rows) = Self.sampling(layout)
    let samples = Samples(height: size.0, width: size.1, columns: columns, rows: rows)
    var decoder = try Self.newDecoder()
    let found = try Self.decoded(samples.encoded(quality: 100), by: &decoder)
    #expect(found.layout == layout)
    #expect(found.height == size.0 && found.width == size.1)
    #expect(found.warnings == [])
    #expect(found.planes.map(\.count) == samples.planes.map(\.count))
    for (plane, expected) in zip(found.planes, samples.planes) {
      // A step of a quarter of the finest quantization is lost to rounding, twice.
      #expect(zip(plane, expected).allSatisfy { abs(Int($0) - Int($1)) <= 3 })
    }
  }

  @Test(arguments: layouts, [2, 4, 8])
  func `a reduced frame is the mean of its pixels`(
    layout: FramePicture.Layout,
    denominator: Int
  ) throws {
    let (columns, rows) = Self.sampling(layout)
    let samples = Samples(height: 120, width: 168, columns: columns, rows: rows)
    var decoder = try Self.newDecoder()
    let found = try Self.decoded(samples.encoded(), denominator: denominator, by: &decoder)
    #expect(found.height == (120 + denominator - 1) / denominator)
    #expect(found.width == (168 + denominator - 1) / denominator)
    for y in 0..<found.height {
      for x in 0..<found.width {
        var sum = 0
        for row in 0..<denominator {
          for column in 0..<denominator {
            sum += Int(samples.planes[0][(y * denominator + row) * 168 + x * denominator + column])
          }
        }
        let mean = sum / (denominator * denominator)
        #expect(abs(Int(found.planes[0][y * found.width + x]) - mean) <= 8)
      }
    }
  }

  @Test(arguments: [
    "arithmetic-progressive", "arithmetic", "baseline", "full-chroma", "gray", "half-chroma",
    "plain-rgb", "progressive", "quarter", "restart",
  ])
  func `luma is that of the same file's pixels`(name: String) throws {
    let (width, height, rgb) = try ImageFixtures.pixels("\(name).ppm")
    var decoder = try Self.newDecoder()
    let found = try Self.decoded(ImageFixtures.bytes("\(name).jpg"), by: &decoder)
    #expect(found.height == height && found.width == width && found.warnings == [])
    if found.layout == .rgb { return #expect(found.planes[0] == rgb) }
    for index in 0..<height * width {
      let pixel = rgb[3 * index..<3 * index + 3].map { Double($0) }
      // Of a colour that was outside 0…255 the luma cannot be told.
      if pixel.contains(where: { $0 == 0 || $0 == 255 }) { continue }
      let luma = 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2]
      #expect(abs(luma - Double(found.planes[0][index])) < 1.5)
    }
  }

  @Test(arguments: ["cmyk", "ycck"])
  func `inks are refused`(name: String) throws {
    var decoder = try Self.newDecoder()
    let bytes = try ImageFixtures.bytes("\(name).jpg")
    #expect(
      throws: ImageError.refused(format: .jpeg, reason: "4 colour components, expected 1 or 3")
    ) {
      try Self.decoded(bytes, by: &decoder)
    }
  }

  @Test func `a frame without Huffman tables has the standard ones`() throws {
    let frame = try Samples(height: 40, width: 64, columns: 2, rows: 1).encoded()
    let short = Self.without(0xC4, frame)
    // A segment a table in the encoder's files: four markers and lengths.
    #expect(short.count == frame.count - (420 + 3 * 4))
    var decoder = try Self.newDecoder()
    let expected = try Self.decoded(frame, by: &decoder)
    #expect(try Self.decoded(short, by: &decoder) == expected)
  }

  @Test func `a frame is completed with the tables it lacks`() throws {
    let frame = try Samples(height: 40, width: 64, columns: 2, rows: 1).encoded()
    let short = Self.without(0xC4, frame)
    func completed(_ frame: [UInt8], capacity: Int) -> [UInt8]? {
      var out = [UInt8](repeating: 0, count: capacity)
      let size = frame.withUnsafeBytes { bytes in
        out.withUnsafeMutableBytes { JPEGTables.complete(bytes, into: $0) }
      }
      return size.map { Array(out[..<$0]) }
    }
    let complete = try #require(completed(short, capacity: short.count + 420))
    #expect(complete.count == short.count + 420)
    #expect(try ImageDecoder.decode(complete) == ImageDecoder.decode(frame))
    #expect(completed(frame, capacity: frame.count) == frame)
    #expect(completed(short, capacity: short.count + 419) == nil)
    for count in 0..<short.count where count < 200 {
      let part = completed(Array(short[..<count]), capacity: 4096)
      #expect(part == nil || part?.count == count + 420)
    }
  }

  @Test func `nothing is taken over from the frame before`() throws {
    let frame = try Samples(height: 40, width: 64, columns: 2, rows: 1).encoded()
    var decoder = try Self.newDecoder()
    _ = try Self.decoded(frame, by: &decoder)
    #expect(throws: ImageError.self) {
      try Self.decoded(Self.without(0xDB, frame), by: &decoder)
    }
    #expect(try Self.decoded(frame, by: &decoder).warnings == [])
  }

  @Test func `a frame that ends early says so, wherever it ends`() throws {
    let frame = try Samples(height: 40, width: 64, columns: 2, rows: 1).encoded()
    var decoder = try Self.newDecoder()
    let whole = try Self.decoded(frame, by: &decoder)
    for count in 0..<frame.count - 2 {
      do {
        let found = try Self.decoded(Array(frame[..<count]), by: &decoder)
        // The last bits of the data are mostly padding.
        #expect(found.warnings == .truncated || (count >= frame.count - 3 && found == whole))
      } catch let error as ImageError {
        let words = error.message
        let isExpected =
          words == "jpeg: ends before the first scan"
          || words == "the file is empty, expected a JPEG, PNG, PGM or PPM image"
          || words.hasPrefix("jpeg: ")
        #expect(isExpected)
      }
    }
    // Only the end marker is missing: no pixel is.
    #expect(try Self.decoded(Array(frame.dropLast(2)), by: &decoder) == whole)
  }

  @Test(arguments: [(2, 1), (2, 2)])
  func `damaged frames end in a picture or an error`(columns: Int, rows: Int) throws {
    let frame = try Samples(height: 24, width: 40, columns: columns, rows: rows).encoded(
      quality: 40
    )
    var decoder = try Self.newDecoder()
    let whole = try Self.decoded(frame, by: &decoder)
    for place in frame.indices {
      for flip: UInt8 in [0x01, 0x80, 0xFF] {
        var damaged = frame
        damaged[place] ^= flip
        _ = try? Self.decoded(damaged, denominator: 1 << (place % 4), by: &decoder)
      }
    }
    #expect(try Self.decoded(frame, by: &decoder) == whole)
  }

  @Test(arguments: [(1, 1), (2, 1), (2, 2), (1, 2), (4, 1)], [1, 2, 4, 8])
  func `the first rows of a frame are those of the whole`(
    sampling: (columns: Int, rows: Int),
    denominator: Int
  ) throws {
    let samples = Samples(height: 90, width: 70, columns: sampling.columns, rows: sampling.rows)
    let frame = try samples.encoded()
    var decoder = try Self.newDecoder()
    let whole = try Self.decoded(frame, denominator: denominator, by: &decoder)
    for needed in [0, 1, whole.height / 2, whole.height - 1, whole.height, 1_000_000] {
      try frame.withUnsafeBytes { bytes in
        _ = try decoder.size(of: bytes)
        let picture = try decoder.picture(denominator: denominator, neededRows: needed)
        #expect(picture.height == whole.height && picture.layout == whole.layout)
        let (_, rows) = Self.sampling(picture.layout)
        let planes = [(picture.first, 1), (picture.second, rows), (picture.third, rows)]
        for (index, (plane, pixels)) in planes.enumerated() {
          let width = whole.planes[index].count / ((whole.height + pixels - 1) / pixels)
          for row in 0..<(min(needed, whole.height) + pixels - 1) / pixels {
            let found = plane.bytes[row * plane.rowStride..<row * plane.rowStride + width]
            #expect(found.elementsEqual(whole.planes[index][row * width..<(row + 1) * width]))
          }
        }
      }
    }
  }

  @Test(arguments: [1, 2, 4, 8])
  func `decoding allocates nothing after two frames`(denominator: Int) throws {
    let frame = try Samples(height: 240, width: 320, columns: 2, rows: 1).encoded()
    let short = Self.without(0xC4, frame)
    let cut = Array(frame[..<(frame.count / 2)])
    var decoder = try Self.newDecoder()
    func decode(_ frame: [UInt8]) throws {
      try frame.withUnsafeBytes { bytes in
        _ = try decoder.size(of: bytes)
        _ = try decoder.picture(denominator: denominator)
      }
    }
    for _ in 0..<2 { try decode(short) }
    let before = counted_allocations()
    for _ in 0..<20 {
      try decode(frame)
      try decode(short)
      try decode(cut)
    }
    #expect(counted_allocations() == before)
  }

  @Test func `allocations are counted`() {
    let before = counted_allocations()
    let memory = UnsafeMutableRawPointer.allocate(byteCount: 100, alignment: 1)
    memory.deallocate()
    #expect(counted_allocations() == before + 1)
  }

  @Test func `encoding allocates nothing after two frames`() throws {
    let samples = Samples(height: 240, width: 320, columns: 2, rows: 1)
    var encoder = try FrameCodecTests.newEncoder()
    let out = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 1)
    defer { out.deallocate() }
    try samples.planes[0].withUnsafeBytes { luma in
      try samples.planes[1].withUnsafeBytes { blue in
        func encode(_ encoder: inout FrameEncoder) throws -> Int {
          let chroma = FrameEncoder.Component(blue, rowStride: 160, columns: 2)
          return try encoder.encode(
            .colorDifferences(
              FrameEncoder.Component(luma, rowStride: 320),
              blue: chroma,
              red: chroma,
              isLimited: true
            ),
            height: 240,
            width: 320,
            quality: 80,
            into: out
          )
        }
        for _ in 0..<2 { _ = try encode(&encoder) }
        let before = counted_allocations()
        for _ in 0..<20 { _ = try encode(&encoder) }
        #expect(counted_allocations() == before)
      }
    }
  }

  @Test func `a picture that does not fit is refused, and the next one is not`() throws {
    let grey = [UInt8](repeating: 90, count: 64 * 64)
    var encoder = try FrameCodecTests.newEncoder()
    var small = [UInt8](repeating: 0xA5, count: 400)
    var found = ""
    grey.withUnsafeBytes { bytes in
      small.withUnsafeMutableBytes { all in
        let room = UnsafeMutableRawBufferPointer(rebasing: all[..<300])
        do throws(ImageError) {
          _ = try encoder.encode(
            .grey(FrameEncoder.Component(bytes, rowStride: 64)),
            height: 64,
            width: 64,
            quality: 80,
            into: room
          )
        } catch {
          found = error.message
        }
      }
    }
    #expect(found == "jpeg: larger than the 300 bytes there are for it")
    #expect(small[300...].allSatisfy { $0 == 0xA5 })
    var large = [UInt8](repeating: 0, count: 4000)
    let size = try grey.withUnsafeBytes { bytes in
      try large.withUnsafeMutableBytes { all in
        try encoder.encode(
          .grey(FrameEncoder.Component(bytes, rowStride: 64)),
          height: 64,
          width: 64,
          quality: 80,
          into: all
        )
      }
    }
    let image = try ImageDecoder.decode(Array(large[..<size]))
    #expect(image.height == 64 && image.rgb.allSatisfy { abs(Int($0) - 90) <= 1 })
  }
}
