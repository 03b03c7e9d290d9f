import ModelFormat
import Testing

@testable import Pixels

/// Images of luma and colour differences as a model's input.
struct CameraFormatTests {
  static let formats = PixelFormat.allCases.filter { $0.hasColorDifferences }

  /// The model's input without gaps, of planes that lie apart.
  static func converted(
    _ picture: YCbCrPicture,
    _ format: PixelFormat,
    _ contract: InputContract,
    padding: Int = 0,
    region: PixelRegion? = nil,
    orientation: Orientation = .upright,
    encoding: ColorEncoding = .camera,
    kernels: PixelKernels = .best
  ) throws -> [UInt8] {
    var plan = try PixelPlan(
      sourceHeight: picture.height,
      sourceWidth: picture.width,
      format: format,
      contract: contract,
      region: region,
      orientation: orientation,
      encoding: encoding,
      kernels: kernels
    )
    let count = contract.height * contract.width * contract.channels
    var out = [UInt8](repeating: 0xA5, count: count)
    let planes = picture.planes(format, padding: padding)
    #expect(planes.count == format.planeCount)
    out.withUnsafeMutableBufferPointer { destination in
      func plane(_ index: Int, _ bytes: UnsafeRawBufferPointer) -> PixelPlanes.Plane {
        PixelPlanes.Plane(bytes, rowStride: planes[index].rowStride)
      }
      planes[0].bytes.withUnsafeBytes { first in
        guard planes.count > 1 else {
          let source = PixelPlanes(plane(0, first))
          return plan.convert(source, into: destination, pixelStride: contract.channels)
        }
        planes[1].bytes.withUnsafeBytes { second in
          guard planes.count > 2 else {
            let source = PixelPlanes(plane(0, first), plane(1, second))
            return plan.convert(source, into: destination, pixelStride: contract.channels)
          }
          planes[2].bytes.withUnsafeBytes { third in
            let source = PixelPlanes(plane(0, first), plane(1, second), plane(2, third))
            plan.convert(source, into: destination, pixelStride: contract.channels)
          }
        }
      }
    }
    return out
  }

  /// The weights of a scaled pixel in floating point, over samples that stand for `pixels` source pixels each.
  static func taps(
    _ axis: AxisGeometry,
    _ index: Int,
    pixels: Int,
    filter: InputContract.Filter
  ) -> [(sample: Int, weight: Double)] {
    let size = Double(pixels)
    let reduction = Double(axis.sourceLength) / Double(axis.scaledLength)
    let centre =
      Double(axis.sourceStart) + (Double(axis.keptStart) + Double(index) + 0.5) * reduction
    let first = axis.sourceStart / pixels
    let last = (axis.sourceStart + axis.sourceLength - 1) / pixels
    if filter == .bilinear {
      let position = min(max(centre / size - 0.5, Double(first)), Double(last))
      let left = Int(position)
      let share = position - Double(left)
      return [(left, 1 - share), (min(left + 1, last), share)]
    }
    let reach = max(size, reduction)
    let shares = (first...last).map { sample in
      (sample, max(0, 1 - abs((Double(sample) + 0.5) * size - centre) / reach))
    }
    let sum = shares.map(\.1).reduce(0, +)
    return shares.filter { $0.1 > 0 }.map { ($0.0, $0.1 / sum) }
  }

  /// The same from the definitions of filter and encoding, in floating point and without a rounding.
  static func oracle(
    _ picture: YCbCrPicture,
    _ contract: InputContract,
    _ encoding: ColorEncoding
  ) throws -> [Double] {
    let geometry = try ImageGeometry(
      height: picture.height,
      width: picture.width,
      contract: contract
    )
    func scaled(_ samples: [UInt8], _ width: Int, _ columns: Int, _ rows: Int) -> [Double] {
      (0..<geometry.rows.keptCount).flatMap { y in
        (0..<geometry.columns.keptCount).map { x in
          var sum = 0.0
          for row in taps(geometry.rows, y, pixels: rows, filter: contract.filter) {
            for column in taps(geometry.columns, x, pixels: columns, filter: contract.filter) {
              let sample = Double(samples[row.sample * width + column.sample])
              sum += sample * row.weight * column.weight
            }
          }
          return sum
        }
      }
    }
    let luma = scaled(picture.luma, picture.width, 1, 1)
    let blue = scaled(picture.blue, picture.chromaWidth, picture.columns, picture.rows)
    let red = scaled(picture.red, picture.chromaWidth, picture.columns, picture.rows)
    return luma.indices.flatMap { light(luma[$0], blue[$0], red[$0], encoding) }
  }

  /// ITU-R BT.601 and BT.709 in floating point.
  static func light(_ y: Double, _ u: Double, _ v: Double, _ encoding: ColorEncoding) -> [Double] {
    let (kr, kb) = encoding.matrix == .bt601 ? (0.299, 0.114) : (0.2126, 0.0722)
    let isFull = encoding.range == .full
    let luma = isFull ? y : (y - 16) * 255 / 219
    let (pb, pr) = (u - 128, v - 128)
    let scale = isFull ? 1 : 255.0 / 224
    let red = luma + 2 * (1 - kr) * pr * scale
    let blue = luma + 2 * (1 - kb) * pb * scale
    let green = (luma - kr * red - kb * blue) / (1 - kr - kb)
    return [red, green, blue].map { min(max($0, 0), 255) }
  }

  static let cases: [(source: (Int, Int), contract: InputContract)] = [
    ((1, 1), PixelPlanTests.contract(1, 1)),
    ((2, 3), PixelPlanTests.contract(5, 4)),
    ((31, 47), PixelPlanTests.contract(16, 16, .crop, fraction: 0.875)),
    ((46, 30), PixelPlanTests.contract(7, 11)),
    ((64, 64), PixelPlanTests.contract(64, 64, filter: .bilinear)),
    ((61, 50), PixelPlanTests.contract(13, 64, filter: .bilinear, fraction: 0.7)),
    ((240, 130), PixelPlanTests.contract(3, 2)),
  ]

  @Test(arguments: formats, cases)
  func `pixels are within a level of floating point`(
    format: PixelFormat,
    test: (source: (Int, Int), contract: InputContract)
  ) throws {
    let (columns, rows) = YCbCrPicture.subsampling(format)
    let (height, width) = test.source
    for matrix in ColorEncoding.Matrix.allCases {
      for range in ColorEncoding.Range.allCases {
        let encoding = ColorEncoding(matrix: matrix, range: range)
        let picture = YCbCrPicture(
          height: height,
          width: width,
          columns: columns,
          rows: rows,
          seed: 7
        )
        let expected = try Self.oracle(picture, test.contract, encoding)
        let found = try Self.converted(picture, format, test.contract, encoding: encoding)
        #expect(found.count == expected.count)
        let worst = zip(found, expected).map { abs(Double($0) - $1) }.max() ?? 0
        #expect(worst < 0.75, "\(encoding)")
      }
    }
  }

  @Test(arguments: ColorEncoding.Matrix.allCases, ColorEncoding.Range.allCases)
  func `every colour is the nearest of the definition's or beside it`(
    matrix: ColorEncoding.Matrix,
    range: ColorEncoding.Range
  ) throws {
    let encoding = ColorEncoding(matrix: matrix, range: range)
    var worst = 0.0
    for y in stride(from: 0, through: 255, by: 5) {
      for u in stride(from: 0, through: 255, by: 15) {
        let picture = (0...255).map { v in
          (Int16(y * 64), Int16(u * 64), Int16(v * 64))
        }
        var pixels = [UInt32](repeating: 0, count: 256)
        PortablePixelKernels.color(
          picture.map(\.0),
          picture.map(\.1),
          picture.map(\.2),
          encoding.coefficients,
          &pixels,
          256
        )
        for v in 0...255 {
          let expected = Self.light(Double(y), Double(u), Double(v), encoding)
          for channel in 0..<3 {
            let found = Double(pixels[v] >> UInt32(8 * channel) & 255)
            worst = max(worst, abs(found - expected[channel]))
          }
        }
      }
    }
    #expect(worst < 0.52)
  }

  @Test(arguments: [PixelFormat.planar444, .nv12, .yuyv])
  func `a grey image of full range stays as it is`(format: PixelFormat) throws {
    let luma = (0...255).map { UInt8($0) }
    let (columns, rows) = YCbCrPicture.subsampling(format)
    let picture = YCbCrPicture(luma: luma, width: 16, columns: columns, rows: rows)
    for matrix in ColorEncoding.Matrix.allCases {
      let encoding = ColorEncoding(matrix: matrix, range: .full)
      let contract = PixelPlanTests.contract(16, 16)
      let found = try Self.converted(picture, format, contract, encoding: encoding)
      #expect(found == luma.flatMap { [$0, $0, $0] })
      var grey = contract
      grey.channels = 1
      #expect(try Self.converted(picture, format, grey, encoding: encoding) == luma)
    }
  }

  @Test(arguments: [16, 17, 126, 234, 235] as [UInt8], InputContract.Filter.allCases)
  func `an even colour stays even`(value: UInt8, filter: InputContract.Filter) throws {
    let picture = YCbCrPicture(
      luma: [UInt8](repeating: value, count: 97 * 1021),
      width: 97,
      columns: 2,
      rows: 2
    )
    let level = UInt8((Double(value) - 16) * 255 / 219 + 0.5)
    let contract = PixelPlanTests.contract(3, 31, .stretch, filter: filter, fraction: 0.9)
    let found = try Self.converted(picture, .yu12, contract)
    #expect(found.allSatisfy { $0 == level })
  }

  @Test(arguments: [
    [PixelFormat.yuyv, .uyvy, .planar422], [.nv12, .nv21, .yu12],
  ])
  func `the order of samples does not matter`(formats: [PixelFormat]) throws {
    let (columns, rows) = YCbCrPicture.subsampling(formats[0])
    let picture = YCbCrPicture(height: 45, width: 63, columns: columns, rows: rows, seed: 3)
    let contract = PixelPlanTests.contract(9, 20, .crop, fraction: 0.9)
    let found = try formats.map { try Self.converted(picture, $0, contract) }
    #expect(found.allSatisfy { $0 == found[0] })
  }

  @Test(arguments: formats)
  func `rows may have gaps, and planes follow each other`(format: PixelFormat) throws {
    let (columns, rows) = YCbCrPicture.subsampling(format)
    let picture = YCbCrPicture(height: 30, width: 64, columns: columns, rows: rows, seed: 5)
    let contract = PixelPlanTests.contract(8, 9)
    let plain = try Self.converted(picture, format, contract)
    #expect(try Self.converted(picture, format, contract, padding: 13) == plain)
    // As V4L2 has them: rows of a plane of half the width are half as far apart.
    let planes = picture.planes(format)
    let ratios = [1] + (planes.count == 3 ? [columns, columns] : [1])
    guard zip(planes, ratios).allSatisfy({ $0.rowStride * $1 == planes[0].rowStride }) else {
      return
    }
    var plan = try PixelPlan(
      sourceHeight: 30,
      sourceWidth: 64,
      format: format,
      contract: contract
    )
    var out = [UInt8](repeating: 0, count: plain.count)
    out.withUnsafeMutableBufferPointer {
      plan.convert(planes.flatMap(\.bytes), into: $0, pixelStride: 3)
    }
    #expect(out == plain)
  }

  @Test(arguments: formats)
  func `a region is an image of its own`(format: PixelFormat) throws {
    let (columns, rows) = YCbCrPicture.subsampling(format)
    let picture = YCbCrPicture(height: 61, width: 83, columns: columns, rows: rows, seed: 11)
    let contract = PixelPlanTests.contract(8, 11, .crop, fraction: 0.9)
    let region = PixelRegion(x: 8, y: 6, width: 43, height: 35)
    let part = picture.cropped(x: 8, y: 6, width: 43, height: 35)
    #expect(
      try Self.converted(picture, format, contract, region: region)
        == Self.converted(part, format, contract)
    )
  }

  @Test func `a region may begin within a difference`() throws {
    let picture = YCbCrPicture(height: 40, width: 60, columns: 2, rows: 2, seed: 13)
    var contract = PixelPlanTests.contract(20, 30)
    contract.filter = .bilinear
    let region = PixelRegion(x: 7, y: 5, width: 33, height: 21)
    let found = try Self.converted(picture, .nv12, contract, region: region, encoding: .jpeg)
    let columns = AxisGeometry(sourceStart: 7, sourceLength: 33, scaledLength: 30, keptCount: 30)
    let rows = AxisGeometry(sourceStart: 5, sourceLength: 21, scaledLength: 20, keptCount: 20)
    func sample(_ samples: [UInt8], _ width: Int, _ pixels: Int, _ y: Int, _ x: Int) -> Double {
      var sum = 0.0
      for row in Self.taps(rows, y, pixels: pixels, filter: .bilinear) {
        for column in Self.taps(columns, x, pixels: pixels, filter: .bilinear) {
          sum += Double(samples[row.sample * width + column.sample]) * row.weight * column.weight
        }
      }
      return sum
    }
    for y in 0..<20 {
      for x in 0..<30 {
        let expected = Self.light(
          sample(picture.luma, 60, 1, y, x),
          sample(picture.blue, 30, 2, y, x),
          sample(picture.red, 30, 2, y, x),
          .jpeg
        )
        for channel in 0..<3 {
          #expect(abs(Double(found[(y * 30 + x) * 3 + channel]) - expected[channel]) < 0.75)
        }
      }
    }
  }
}

extension YCbCrPicture {
  /// A picture without colour.
  init(luma: [UInt8], width: Int, columns: Int, rows: Int) {
    let height = luma.count / width
    let chroma = ((width + columns - 1) / columns) * ((height + rows - 1) / rows)
    let none = [UInt8](repeating: 128, count: chroma)
    self.init(
      height: height,
      width: width,
      columns: columns,
      rows: rows,
      luma: luma,
      blue: none,
      red: none
    )
  }
}
