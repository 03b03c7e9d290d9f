import CountedMemory
import ImageCodecs
import ModelFormat
import Pixels
import Testing

@testable import Camera

/// Frames as a model's input, and as JPEG.
struct FramePixelsTests {
  static func contract(_ height: Int, _ width: Int, channels: Int = 3) -> InputContract {
    var contract = InputContract()
    (contract.height, contract.width, contract.channels) = (height, width, channels)
    return contract
  }

  static func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
  }

  /// Soft stripes of luma and colour, without noise that JPEG would lose.
  static func stripes(_ format: FrameFormat, height: Int, width: Int) -> [UInt8] {
    let count = format.byteCount(height: height, width: width)
    let row = format.rowStride(width: width)
    let pixels = height * width
    func sample(_ index: Int) -> UInt8 {
      let level = UInt8(min(60 + index / row * 2, 255))
      switch format {
      case .yuyv: return index % 2 == 0 ? level : index % 4 == 1 ? 100 : 150
      case .uyvy: return index % 2 == 1 ? level : index % 4 == 0 ? 100 : 150
      case .nv12: return index < pixels ? level : index % 2 == 0 ? 100 : 150
      case .nv21: return index < pixels ? level : index % 2 == 0 ? 150 : 100
      case .yu12: return index < pixels ? level : index < pixels * 5 / 4 ? 100 : 150
      case .rgb: return index % 3 == 0 ? 200 : index % 3 == 1 ? level : 90
      case .bgr: return index % 3 == 2 ? 200 : index % 3 == 1 ? level : 90
      case .grey, .jpeg: return level
      }
    }
    return (0..<count).map { sample($0) }
  }

  static func converted(
    _ bytes: [UInt8],
    _ format: FrameFormat,
    _ height: Int,
    _ width: Int,
    by pixels: inout FramePixels
  ) throws -> [UInt8] {
    let channels = pixels.contract.channels
    let count = pixels.contract.height * pixels.contract.width * channels
    var out = [UInt8](repeating: 0, count: count)
    try bytes.withUnsafeBytes { frame in
      try out.withUnsafeMutableBufferPointer { destination in
        try pixels.convert(
          Frame(frame, format, height: height, width: width),
          into: destination,
          pixelStride: channels
        )
      }
    }
    return out
  }

  static func encoded(
    _ bytes: [UInt8],
    _ format: FrameFormat,
    _ height: Int,
    _ width: Int,
    quality: Int = 95
  ) throws -> [UInt8] {
    var encoder = FrameJPEG()
    var out = [UInt8](repeating: 0, count: 1 << 20)
    let size = try bytes.withUnsafeBytes { frame in
      try out.withUnsafeMutableBytes { destination in
        try encoder.write(
          Frame(frame, format, height: height, width: width),
          quality: quality,
          into: destination
        )
      }
    }
    return Array(out[..<size])
  }

  @Test(arguments: FrameFormat.raw)
  func `a raw frame is what the plan makes of it`(format: FrameFormat) throws {
    let bytes = Self.noise(format.byteCount(height: 48, width: 64))
    let contract = Self.contract(20, 24)
    var pixels = FramePixels(contract: contract)
    let found = try Self.converted(bytes, format, 48, 64, by: &pixels)
    var plan = try PixelPlan(
      sourceHeight: 48,
      sourceWidth: 64,
      format: try #require(format.pixelFormat),
      contract: contract
    )
    var expected = [UInt8](repeating: 0, count: found.count)
    expected.withUnsafeMutableBufferPointer { plan.convert(bytes, into: $0, pixelStride: 3) }
    #expect(found == expected)
  }

  @Test(arguments: FrameFormat.raw)
  func `a frame that is one byte short is refused`(format: FrameFormat) throws {
    let count = format.byteCount(height: 6, width: 8)
    let bytes = [UInt8](repeating: 9, count: count - 1)
    var pixels = FramePixels(contract: Self.contract(2, 2))
    var found = ""
    do {
      _ = try Self.converted(bytes, format, 6, 8, by: &pixels)
    } catch let error as FrameError {
      found = error.message
    }
    #expect(found == "frame of \(count - 1) bytes, expected all rows of its size")
    let whole = [UInt8](repeating: 9, count: count)
    _ = try Self.converted(whole, format, 6, 8, by: &pixels)
  }

  @Test(arguments: FrameFormat.raw)
  func `a frame as a JPEG shows the same`(format: FrameFormat) throws {
    let (height, width) = (48, 64)
    let bytes = Self.stripes(format, height: height, width: width)
    let jpeg = try Self.encoded(bytes, format, height, width)
    var pixels = FramePixels(contract: Self.contract(height, width))
    let direct = try Self.converted(bytes, format, height, width, by: &pixels)
    let image = try ImageDecoder.decode(jpeg)
    #expect(image.height == height && image.width == width)
    let fromJPEG = try Self.converted(jpeg, .jpeg, height, width, by: &pixels)
    for (name, found) in [("decoder", image.rgb), ("frames", fromJPEG)] {
      let worst = zip(found, direct).map { abs(Int($0) - Int($1)) }.max() ?? 0
      #expect(worst <= 6, "\(name)")
    }
  }

  @Test func `a JPEG is reduced while it is decoded, which the input hardly shows`() throws {
    let (height, width) = (240, 320)
    let bytes = Self.stripes(.yuyv, height: 90, width: width)
    let rowBytes = width * 2
    var tall: [UInt8] = []
    for row in 0..<height {
      let start = row * 90 / height * rowBytes
      tall += bytes[start..<start + rowBytes]
    }
    let jpeg = try Self.encoded(tall, .yuyv, height, width)
    for side in [200, 100, 50, 25] {
      var pixels = FramePixels(contract: Self.contract(side, side))
      let direct = try Self.converted(tall, .yuyv, height, width, by: &pixels)
      let found = try Self.converted(jpeg, .jpeg, height, width, by: &pixels)
      let worst = zip(found, direct).map { abs(Int($0) - Int($1)) }.max() ?? 0
      #expect(worst <= 6, "side \(side)")
    }
  }

  @Test func `a region of a reduced JPEG is that of the source`() throws {
    // Four quarters of one colour each.
    let (height, width) = (64, 96)
    var rgb: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        switch (y < 32, x < 48) {
        case (true, true): rgb += [255, 0, 0]
        case (true, false): rgb += [0, 255, 0]
        case (false, true): rgb += [0, 0, 255]
        case (false, false): rgb += [90, 90, 90]
        }
      }
    }
    let jpeg = try Self.encoded(rgb, .rgb, height, width)
    var pixels = FramePixels(
      contract: Self.contract(4, 6),
      region: PixelRegion(x: 48, y: 0, width: 48, height: 32)
    )
    let found = try Self.converted(jpeg, .jpeg, height, width, by: &pixels)
    for index in 0..<24 {
      #expect(found[3 * index] < 12 && found[3 * index + 1] > 243 && found[3 * index + 2] < 12)
    }
  }

  @Test(arguments: [FrameFormat.yuyv, .nv12, .rgb], [20, 40])
  func `what is below the crop is not decoded`(format: FrameFormat, side: Int) throws {
    let (height, width) = (160, 120)
    let count = format.byteCount(height: height, width: width)
    let jpeg = try Self.encoded(Self.noise(count), format, height, width)
    var contract = Self.contract(side, side)
    contract.resize = .crop
    contract.cropFraction = 0.75
    var pixels = FramePixels(contract: contract)
    let whole = try Self.converted(jpeg, .jpeg, height, width, by: &pixels)
    let cut = Array(jpeg[..<(jpeg.count * 9 / 10)])
    #expect(try Self.converted(cut, .jpeg, height, width, by: &pixels) == whole)
    // The crop ends at 125 of 160 rows.
    let short = Array(jpeg[..<(jpeg.count * 7 / 10)])
    #expect(throws: FrameError.self) {
      try Self.converted(short, .jpeg, height, width, by: &pixels)
    }
  }

  @Test func `a stream that changes its sampling has all rows that it needs`() throws {
    let (height, width) = (96, 96)
    var contract = Self.contract(24, 24)
    contract.resize = .crop
    contract.cropFraction = 0.5
    let jpegs = try [FrameFormat.yuyv, .nv12, .grey, .yuyv].map { format in
      let count = format.byteCount(height: height, width: width)
      return try Self.encoded(Self.noise(count), format, height, width)
    }
    var pixels = FramePixels(contract: contract)
    for jpeg in jpegs {
      var fresh = FramePixels(contract: contract)
      let expected = try Self.converted(jpeg, .jpeg, height, width, by: &fresh)
      #expect(try Self.converted(jpeg, .jpeg, height, width, by: &pixels) == expected)
    }
  }

  @Test func `a frame of another size has another plan`() throws {
    let jpegs = try [(48, 64), (32, 40), (48, 64)].map { height, width in
      try Self.encoded(
        Self.stripes(.yuyv, height: height, width: width),
        .yuyv,
        height,
        width
      )
    }
    var pixels = FramePixels(contract: Self.contract(16, 16))
    let found = try jpegs.map { try Self.converted($0, .jpeg, 1, 1, by: &pixels) }
    #expect(found[0] == found[2])
    let grey = [UInt8](repeating: 7, count: 12)
    #expect(try Self.converted(grey, .grey, 3, 4, by: &pixels).allSatisfy { $0 == 7 })
    #expect(try Self.converted(jpegs[0], .jpeg, 1, 1, by: &pixels) == found[0])
  }

  @Test func `frames that cannot be used are told apart`() throws {
    let jpeg = try Self.encoded(
      Self.noise(FrameFormat.yuyv.byteCount(height: 64, width: 64)),
      .yuyv,
      64,
      64
    )
    func message(_ bytes: [UInt8], region: PixelRegion? = nil) -> (String, isLasting: Bool) {
      var pixels = FramePixels(contract: Self.contract(8, 8), region: region)
      do {
        _ = try Self.converted(bytes, .jpeg, 64, 64, by: &pixels)
      } catch let error as FrameError {
        return (error.message, error.isLasting)
      } catch {}
      return ("none", false)
    }
    #expect(message(jpeg) == ("none", false))
    #expect(
      message(Array(jpeg[..<(jpeg.count / 2)])) == ("jpeg: ends before its last pixel", false)
    )
    #expect(message([0xFF, 0xD8, 0xFF]) == ("jpeg: ends before the first scan", false))
    #expect(
      message([]) == ("the file is empty, expected a JPEG, PNG, PGM or PPM image", false)
    )
    var damaged = jpeg
    damaged.replaceSubrange(jpeg.count / 2..<jpeg.count / 2 + 2, with: [0xFF, 0xD9])
    #expect(message(damaged) == ("jpeg: damaged data", false))
    #expect(
      message(jpeg, region: PixelRegion(x: 60, y: 0, width: 8, height: 8)) == (
        "region of 8 x 8 pixels at 60, 0, expected one within the image of 64 x 64", true
      )
    )
  }

  @Test(arguments: FrameFormat.allCases, [1, 3])
  func `frames allocate nothing after the first two`(format: FrameFormat, channels: Int) throws {
    let (height, width) = (96, 128)
    let isJPEG = format == .jpeg
    let raw = Self.stripes(isJPEG ? .yuyv : format, height: height, width: width)
    let bytes = isJPEG ? try Self.encoded(raw, .yuyv, height, width) : raw
    let input = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 32 * 32 * 4)
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 1)
    defer {
      input.deallocate()
      room.deallocate()
    }
    var pixels = FramePixels(contract: Self.contract(32, 32, channels: channels))
    var encoder = FrameJPEG()
    try bytes.withUnsafeBytes { all in
      let frame = Frame(all, format, height: height, width: width)
      for _ in 0..<2 {
        try pixels.convert(frame, into: input, pixelStride: 4)
        _ = try encoder.write(frame, quality: 80, into: room)
      }
      let before = counted_allocations()
      for _ in 0..<10 {
        try pixels.convert(frame, into: input, pixelStride: 4)
        _ = try encoder.write(frame, quality: 80, into: room)
      }
      #expect(counted_allocations() == before)
    }
  }
}
