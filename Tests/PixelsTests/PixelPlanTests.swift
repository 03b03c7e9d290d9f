import ModelFormat
import Testing

@testable import Pixels

struct PixelPlanTests {
  /// 7 rows of 11 pixels.
  static let picture: [UInt8] = {
    var bytes: [UInt8] = []
    for y in 0..<7 {
      for x in 0..<11 {
        let red = x * 53 + y * 29
        let green = x * x * 7 + y * 91
        let blue = x * 17 + y * y * 13 + 5
        bytes += [red, green, blue].map { UInt8($0 % 256) }
      }
    }
    return bytes
  }()

  static func contract(
    _ height: Int,
    _ width: Int,
    channels: Int = 3,
    _ resize: InputContract.Resize = .stretch,
    filter: InputContract.Filter = .antialiased,
    fraction: Float = 1
  ) -> InputContract {
    var contract = InputContract()
    contract.height = height
    contract.width = width
    contract.channels = channels
    contract.resize = resize
    contract.filter = filter
    contract.cropFraction = fraction
    return contract
  }

  /// The model's input without gaps, after a check that the gaps of `pixelStride` were left alone.
  static func converted(
    _ rgb: [UInt8],
    _ height: Int,
    _ width: Int,
    _ contract: InputContract,
    pixelStride: Int = 4
  ) throws -> [UInt8] {
    var plan = try PixelPlan(sourceHeight: height, sourceWidth: width, contract: contract)
    let pixels = contract.height * contract.width
    var bytes = [UInt8](repeating: 0xA5, count: pixels * pixelStride)
    bytes.withUnsafeMutableBufferPointer {
      plan.convert(rgb, into: $0, pixelStride: pixelStride)
    }
    var dense: [UInt8] = []
    for index in bytes.indices {
      if index % pixelStride < contract.channels {
        dense.append(bytes[index])
      } else {
        #expect(bytes[index] == 0xA5)
      }
    }
    return dense
  }

  // What Pillow 13 gives for `picture` with Image.resize(…, BILINEAR).

  @Test func `an antialiased reduction equals Pillow's`() throws {
    #expect(
      try Self.converted(Self.picture, 7, 11, Self.contract(3, 4)) == [
        86, 93, 42, 142, 125, 84, 114, 124, 130, 145, 115, 172, 141, 106, 134, 123, 127, 131, 149,
        108, 149, 116, 135, 113, 164, 126, 161, 116, 114, 95, 130, 120, 117, 111, 153, 159,
      ]
    )
  }

  @Test func `luma is taken before scaling, as Pillow's L`() throws {
    #expect(
      try Self.converted(Self.picture, 7, 11, Self.contract(3, 4, channels: 1)) == [
        85, 125, 122, 131, 119, 126, 125, 127, 141, 113, 122, 141,
      ]
    )
  }

  @Test func `one axis may grow while the other shrinks`() throws {
    #expect(
      try Self.converted(Self.picture, 7, 11, Self.contract(8, 2)) == [
        96, 71, 52, 120, 149, 128, 120, 110, 63, 144, 105, 139, 120, 151, 92, 129, 114, 168, 134,
        113, 141, 136, 126, 147, 140, 99, 151, 136, 122, 104, 137, 136, 125, 115, 119, 117, 148,
        128, 123, 108, 135, 176, 130, 88, 131, 132, 146, 84,
      ]
    )
  }

  @Test func `a crop equals resizing the shorter side and cutting out the centre`() throws {
    // 11 x 7 is scaled to 6 x 4; the centre starts at column 2 (1.5, tie to even) and row 0 (0.5).
    #expect(
      try Self.converted(Self.picture, 7, 11, Self.contract(3, 3, .crop, fraction: 0.75)) == [
        155, 127, 82, 74, 145, 114, 170, 118, 146, 102, 118, 136, 119, 103, 168, 182, 116, 154, 88,
        132, 96, 161, 104, 128, 122, 125, 113,
      ]
    )
  }

  /// The same scaling in floating point and in one go, from the definitions.
  static func oracle(
    _ rgb: [UInt8],
    _ rows: AxisGeometry,
    _ columns: AxisGeometry,
    sourceWidth: Int,
    filter: InputContract.Filter
  ) -> [Double] {
    func taps(_ axis: AxisGeometry, _ index: Int) -> [(Int, Double)] {
      let reduction = Double(axis.sourceLength) / Double(axis.scaledLength)
      let centre = (Double(axis.keptStart) + Double(index) + 0.5) * reduction
      let last = axis.sourceLength - 1
      if filter == .bilinear {
        let position = min(max(centre - 0.5, 0), Double(last))
        let left = Int(position)
        let share = position - Double(left)
        return [
          (axis.sourceStart + left, 1 - share), (axis.sourceStart + min(left + 1, last), share),
        ]
      }
      let reach = max(1, reduction)
      let weights = (0...last).map { max(0, 1 - abs(Double($0) + 0.5 - centre) / reach) }
      let sum = weights.reduce(0, +)
      return weights.indices.filter { weights[$0] > 0 }.map {
        (axis.sourceStart + $0, weights[$0] / sum)
      }
    }
    var out: [Double] = []
    for y in 0..<rows.keptCount {
      for x in 0..<columns.keptCount {
        for channel in 0..<3 {
          var sum = 0.0
          for (row, rowShare) in taps(rows, y) {
            for (column, columnShare) in taps(columns, x) {
              let value = rgb[(row * sourceWidth + column) * 3 + channel]
              sum += Double(value) * rowShare * columnShare
            }
          }
          out.append(sum)
        }
      }
    }
    return out
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let source: (Int, Int)
    let model: (Int, Int)
    let resize: InputContract.Resize
    let fraction: Float
    var testDescription: String { "\(source) to \(model), \(resize) \(fraction)" }
  }

  static let cases: [Case] = [
    Case(source: (1, 1), model: (1, 1), resize: .stretch, fraction: 1),
    Case(source: (1, 1), model: (5, 3), resize: .crop, fraction: 0.875),
    Case(source: (37, 1), model: (4, 4), resize: .crop, fraction: 0.875),
    Case(source: (1, 37), model: (4, 4), resize: .stretch, fraction: 0.5),
    Case(source: (31, 47), model: (16, 16), resize: .crop, fraction: 0.875),
    Case(source: (47, 31), model: (16, 16), resize: .crop, fraction: 1),
    Case(source: (31, 47), model: (8, 20), resize: .crop, fraction: 0.9),
    Case(source: (31, 47), model: (20, 8), resize: .crop, fraction: 0.9),
    Case(source: (64, 64), model: (63, 65), resize: .stretch, fraction: 1),
    Case(source: (17, 13), model: (64, 96), resize: .stretch, fraction: 0.875),
    Case(source: (101, 89), model: (3, 7), resize: .stretch, fraction: 0.1),
  ]

  @Test(arguments: cases, InputContract.Filter.allCases)
  func `pixels are within one level of floating point`(
    test: Case,
    filter: InputContract.Filter
  ) throws {
    let seed: UInt64 = 20
    var random = SplitMix64(seed: seed)
    let (height, width) = test.source
    let rgb = (0..<(height * width * 3)).map { _ in UInt8.random(in: 0...255, using: &random) }
    let contract = Self.contract(
      test.model.0,
      test.model.1,
      test.resize,
      filter: filter,
      fraction: test.fraction
    )
    let geometry = try ImageGeometry(height: height, width: width, contract: contract)
    let expected = Self.oracle(
      rgb,
      geometry.rows,
      geometry.columns,
      sourceWidth: width,
      filter: filter
    )
    let found = try Self.converted(rgb, height, width, contract)
    #expect(found.count == expected.count)
    let worst = zip(found, expected).map { abs(Double($0) - $1) }.max() ?? 0
    #expect(worst < 1.01, "seed \(seed)")
  }

  @Test(arguments: InputContract.Filter.allCases, [1, 3])
  func `an image of the model's size stays as it is`(
    filter: InputContract.Filter,
    channels: Int
  ) throws {
    let gray = Self.picture.indices.map { Self.picture[$0 - $0 % 3] }
    for resize in InputContract.Resize.allCases {
      let found = try Self.converted(
        gray,
        7,
        11,
        Self.contract(7, 11, channels: channels, resize, filter: filter)
      )
      #expect(found == (channels == 3 ? gray : stride(from: 0, to: 231, by: 3).map { gray[$0] }))
    }
  }

  @Test(arguments: [0, 1, 127, 254, 255] as [UInt8], InputContract.Filter.allCases)
  func `an even colour stays even`(value: UInt8, filter: InputContract.Filter) throws {
    let rgb = [UInt8](repeating: value, count: 97 * 61 * 3)
    let found = try Self.converted(
      rgb,
      97,
      61,
      Self.contract(29, 31, .crop, filter: filter, fraction: 0.9)
    )
    #expect(found.allSatisfy { $0 == value })
  }

  @Test func `a letterbox fills what the image leaves with its colour`() throws {
    var contract = Self.contract(4, 4, .letterbox)
    contract.letterboxColor = 0x03_02_01
    let white = [UInt8](repeating: 255, count: 8 * 4 * 3)
    let wide = try Self.converted(white, 4, 8, contract)
    let border: [UInt8] = [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3]
    let inside = [UInt8](repeating: 255, count: 24)
    #expect(wide == border + inside + border)
    let tall = try Self.converted(white, 8, 4, contract)
    let row: [UInt8] = [1, 2, 3, 255, 255, 255, 255, 255, 255, 1, 2, 3]
    #expect(tall == row + row + row + row)
  }

  @Test func `a letterbox of a model of one channel is filled with luma`() throws {
    var contract = Self.contract(3, 3, channels: 1, .letterbox)
    contract.letterboxColor = 0x00_00_FF
    let found = try Self.converted([UInt8](repeating: 0, count: 9), 1, 3, contract)
    #expect(found == [76, 76, 76, 0, 0, 0, 76, 76, 76])
  }

  @Test(arguments: PixelFormat.allCases.filter { !$0.hasColorDifferences }, [1, 3])
  func `the order of a source's bytes does not matter`(format: PixelFormat, channels: Int) throws {
    let contract = Self.contract(3, 4, channels: channels)
    let pixels = stride(from: 0, to: Self.picture.count, by: 3).map { start in
      let (red, green, blue) = (
        Self.picture[start], Self.picture[start + 1], Self.picture[start + 2]
      )
      return format == .grey ? (green, green, green) : (red, green, blue)
    }
    let source: [UInt8] = pixels.flatMap { red, green, blue in
      switch format {
      case .rgb: [red, green, blue]
      case .bgr: [blue, green, red]
      case .rgbx: [red, green, blue, 99]
      case .bgrx: [blue, green, red, 99]
      default: [red]
      }
    }
    var plan = try PixelPlan(
      sourceHeight: 7,
      sourceWidth: 11,
      format: format,
      contract: contract
    )
    var bytes = [UInt8](repeating: 0, count: 12 * channels)
    bytes.withUnsafeMutableBufferPointer {
      plan.convert(source, into: $0, pixelStride: channels)
    }
    let rgb = pixels.flatMap { [$0.0, $0.1, $0.2] }
    #expect(try bytes == Self.converted(rgb, 7, 11, contract))
  }

  @Test func `a plan is used for many images`() throws {
    let contract = Self.contract(3, 4)
    var plan = try PixelPlan(sourceHeight: 7, sourceWidth: 11, contract: contract)
    var bytes = [UInt8](repeating: 0, count: 48)
    for image in [[UInt8](repeating: 9, count: 231), Self.picture] {
      bytes.withUnsafeMutableBufferPointer { plan.convert(image, into: $0, pixelStride: 4) }
    }
    let dense = bytes.indices.filter { $0 % 4 < 3 }.map { bytes[$0] }
    #expect(try dense == Self.converted(Self.picture, 7, 11, contract))
  }

  @Test func `source rows may have gaps`() throws {
    let contract = Self.contract(3, 4)
    var padded: [UInt8] = []
    for row in 0..<7 {
      padded += Self.picture[(row * 33)..<(row * 33 + 33)]
      padded += [UInt8](repeating: 77, count: 7)
    }
    var plan = try PixelPlan(sourceHeight: 7, sourceWidth: 11, contract: contract)
    var bytes = [UInt8](repeating: 0, count: 36)
    bytes.withUnsafeMutableBufferPointer { destination in
      padded.withUnsafeBufferPointer {
        plan.convert($0, rowStride: 40, into: destination, pixelStride: 3)
      }
    }
    #expect(try bytes == Self.converted(Self.picture, 7, 11, contract))
  }

  static let refusals: [(height: Int, width: Int, contract: InputContract, message: String)] = [
    (
      4, 4, contract(4, 4, channels: 2),
      "the model's input has 2 channels, expected 1 or 3 for images; give raw input"
    ),
    (0, 4, contract(4, 4), "image of 4 x 0 pixels, expected 1...65536 a side"),
    (4, 65_537, contract(4, 4), "image of 65537 x 4 pixels, expected 1...65536 a side"),
    (4, 4, contract(4, 0), "model input of 0 x 4 pixels, expected 1...65536 a side"),
    (
      4, 4, contract(4, 4, fraction: 0),
      "the model's crop fraction is outside its range, expected above 0 and at most 1"
    ),
    (
      4, 4, contract(4, 4, fraction: .nan),
      "the model's crop fraction is outside its range, expected above 0 and at most 1"
    ),
    (
      4, 4, contract(4, 4, .crop, fraction: 1e-6),
      "the model's crop fraction is outside its range, expected above 0 and at most 1"
    ),
    (
      65_536, 8, contract(1, 65_536),
      "scaling needs 12884901888 bytes of scratch memory, expected at most 268435456"
    ),
  ]

  @Test(arguments: refusals)
  func `what cannot be converted is refused`(
    height: Int,
    width: Int,
    contract: InputContract,
    message: String
  ) {
    var found = ""
    do throws(PixelError) {
      _ = try PixelPlan(sourceHeight: height, sourceWidth: width, contract: contract)
    } catch {
      found = error.message
    }
    #expect(found == message)
  }

  @Test(arguments: [0.99, 0.5, 0.01, 1e-30] as [Float])
  func `a stretch of any fraction leaves a central box`(fraction: Float) throws {
    for side in 1...40 {
      let geometry = try ImageGeometry(
        height: side,
        width: side,
        contract: Self.contract(3, 3, fraction: fraction)
      )
      let axis = geometry.rows
      #expect(axis.sourceLength >= 1)
      #expect(axis.sourceStart == side - axis.sourceStart - axis.sourceLength)
    }
  }
}
