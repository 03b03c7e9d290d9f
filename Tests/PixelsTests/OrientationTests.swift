import ModelFormat
import Testing

@testable import Pixels

/// Regions and turns of RGB images, and what is refused.
struct OrientationTests {
  /// Pixels of an image, row by row.
  struct Pixels: Equatable {
    let height: Int
    let width: Int
    let rgb: [UInt8]

    func turned(_ orientation: Orientation) -> Pixels {
      let swaps = orientation.rotation == .clockwise || orientation.rotation == .counterclockwise
      let (newHeight, newWidth) = swaps ? (width, height) : (height, width)
      var out: [UInt8] = []
      for y in 0..<newHeight {
        for column in 0..<newWidth {
          let x = orientation.isMirrored ? newWidth - 1 - column : column
          let (row, from) =
            switch orientation.rotation {
            case .none: (y, x)
            case .clockwise: (height - 1 - x, y)
            case .half: (height - 1 - y, width - 1 - x)
            case .counterclockwise: (x, width - 1 - y)
            }
          out += rgb[(row * width + from) * 3..<(row * width + from) * 3 + 3]
        }
      }
      return Pixels(height: newHeight, width: newWidth, rgb: out)
    }
  }

  static let all = Orientation.Rotation.allCases.flatMap { rotation in
    [false, true].map { Orientation(rotation: rotation, isMirrored: $0) }
  }

  static func picture(_ height: Int, _ width: Int) -> Pixels {
    var random = SplitMix64(seed: 17)
    let rgb = (0..<height * width * 3).map { _ in UInt8.random(in: 0...255, using: &random) }
    return Pixels(height: height, width: width, rgb: rgb)
  }

  static func converted(
    _ picture: Pixels,
    _ contract: InputContract,
    region: PixelRegion? = nil,
    orientation: Orientation = .upright
  ) throws -> Pixels {
    var plan = try PixelPlan(
      sourceHeight: picture.height,
      sourceWidth: picture.width,
      contract: contract,
      region: region,
      orientation: orientation
    )
    var out = [UInt8](repeating: 0, count: contract.height * contract.width * 3)
    out.withUnsafeMutableBufferPointer {
      plan.convert(picture.rgb, into: $0, pixelStride: 3)
    }
    return Pixels(height: contract.height, width: contract.width, rgb: out)
  }

  @Test(arguments: all)
  func `a turn of a stretched image is the turned result`(orientation: Orientation) throws {
    let picture = Self.picture(41, 60)
    let upright = try Self.converted(picture, PixelPlanTests.contract(12, 19))
    let swaps = orientation.swapsAxes
    let contract = PixelPlanTests.contract(swaps ? 19 : 12, swaps ? 12 : 19)
    let found = try Self.converted(picture, contract, orientation: orientation)
    #expect(found == upright.turned(orientation))
  }

  @Test(arguments: all, InputContract.Resize.allCases)
  func `turning in the plan is turning the source first`(
    orientation: Orientation,
    resize: InputContract.Resize
  ) throws {
    // 37 and 60 leave odd numbers of columns and rows to cut off and to fill.
    let picture = Self.picture(37, 60)
    let contract = PixelPlanTests.contract(16, 15, resize, fraction: resize == .crop ? 0.9 : 1)
    let found = try Self.converted(picture, contract, orientation: orientation)
    let expected = try Self.converted(picture.turned(orientation), contract)
    // Rows become columns, so the two roundings change places.
    let allowed = orientation.swapsAxes ? 1 : 0
    #expect(zip(found.rgb, expected.rgb).allSatisfy { abs(Int($0) - Int($1)) <= allowed })
  }

  @Test(arguments: [Orientation.upright, Orientation(rotation: .clockwise)])
  func `a region is an image of its own`(orientation: Orientation) throws {
    let picture = Self.picture(37, 60)
    let part = Pixels(
      height: 20,
      width: 31,
      rgb: (5..<25).flatMap { picture.rgb[($0 * 60 + 9) * 3..<($0 * 60 + 40) * 3] }
    )
    let contract = PixelPlanTests.contract(11, 8, .crop, fraction: 0.875)
    let found = try Self.converted(
      picture,
      contract,
      region: PixelRegion(x: 9, y: 5, width: 31, height: 20),
      orientation: orientation
    )
    #expect(try found == Self.converted(part, contract, orientation: orientation))
  }

  @Test(arguments: [
    PixelRegion(x: -1, y: 0, width: 2, height: 2), PixelRegion(x: 0, y: 4, width: 1, height: 1),
    PixelRegion(x: 3, y: 0, width: 3, height: 2), PixelRegion(x: 0, y: 0, width: 0, height: 2),
    PixelRegion(x: 1, y: 1, width: .max, height: .max),
    PixelRegion(x: .min, y: .max, width: 1, height: 1),
  ])
  func `a region outside the image is refused`(region: PixelRegion) {
    var found = ""
    do throws(PixelError) {
      _ = try PixelPlan(
        sourceHeight: 4,
        sourceWidth: 5,
        contract: PixelPlanTests.contract(2, 2),
        region: region
      )
    } catch {
      found = error.message
    }
    #expect(
      found == "region of \(region.width) x \(region.height) pixels at \(region.x), \(region.y), "
        + "expected one within the image of 5 x 4"
    )
  }
}
