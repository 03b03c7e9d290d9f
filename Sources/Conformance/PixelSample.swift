internal import ModelFormat
internal import Pixels

/// An image and what becomes of it, drawn from a seed: the same on every architecture.
package struct PixelSample: Sendable {
  /// How many there are: as many of each format.
  package static let count = PixelFormat.allCases.count * ofFormat
  private static let ofFormat = 32

  let seed: UInt64
  let format: PixelFormat
  let height: Int
  let width: Int
  let region: PixelRegion?
  let orientation: Orientation
  let encoding: ColorEncoding
  let contract: InputContract
  /// Bytes from a pixel of the output to the next.
  let pixelStride: Int

  /// A sample of `0..<count`.
  ///
  /// Both filters, numbers of channels, matrices and ranges are paired with each other for every format; all else is drawn.
  init(_ index: Int) {
    seed = UInt64(index)
    var random = SplitMix64(seed: seed)
    format = PixelFormat.allCases[index / Self.ofFormat]
    let isStrip = random.number(0...7) == 0
    height = isStrip ? random.number(1...9) : random.pick([1, 2, 3, 4, 7, 16, 31, 121])
    width = isStrip ? 1280 : random.pick([1, 2, 3, 4, 5, 13, 64, 97, 131, 202])
    region = random.number(0...1) == 0 ? nil : Self.region(of: height, width, &random)
    let turns: [Orientation.Rotation] = [.none, .none, .clockwise, .half, .counterclockwise]
    orientation = Orientation(
      rotation: random.pick(turns),
      isMirrored: random.number(0...3) == 0
    )
    encoding = ColorEncoding(
      matrix: index & 4 == 0 ? .bt601 : .bt709,
      range: index & 8 == 0 ? .limited : .full
    )
    let sides = [1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 65, 97]
    var contract = InputContract()
    contract.height = random.pick(sides)
    contract.width = random.pick(sides)
    contract.channels = index & 2 == 0 ? 3 : 1
    contract.resize = random.pick([.stretch, .crop, .letterbox])
    contract.cropFraction = random.pick([1, 0.875])
    contract.filter = index & 1 == 0 ? .antialiased : .bilinear
    contract.letterboxColor = UInt32(truncatingIfNeeded: random.next() & 0xFF_FFFF)
    self.contract = contract
    pixelStride = contract.channels + random.number(0...3)
  }

  /// Bytes from the output's first to its last.
  var outputBytes: Int {
    (contract.height * contract.width - 1) * pixelStride + contract.channels
  }

  /// What it is, for a report.
  package var text: String {
    var text = "image \(seed), \(formatName), \(width) x \(height) pixels"
    if let region {
      text += ", of these \(region.width) x \(region.height) at \(region.x), \(region.y)"
    }
    text += ", turned by \(orientation.rotation.rawValue) degrees"
    if orientation.isMirrored { text += " and mirrored" }
    return text + ", to \(contract.width) x \(contract.height) x \(contract.channels)"
  }

  private var formatName: String {
    switch format {
    case .rgb: "RGB"
    case .bgr: "BGR"
    case .rgbx: "RGBX"
    case .bgrx: "BGRX"
    case .grey: "grey"
    case .yuyv: "YUYV"
    case .uyvy: "UYVY"
    case .nv12: "NV12"
    case .nv21: "NV21"
    case .yu12: "YU12"
    case .planar422: "planar 4:2:2"
    case .planar444: "planar 4:4:4"
    case .planar440: "planar 4:4:0"
    case .planar411: "planar 4:1:1"
    }
  }

  private static func region(
    of height: Int,
    _ width: Int,
    _ random: inout SplitMix64
  ) -> PixelRegion {
    let x = random.number(0...(width - 1))
    let y = random.number(0...(height - 1))
    return PixelRegion(
      x: x,
      y: y,
      width: random.number(1...(width - x)),
      height: random.number(1...(height - y))
    )
  }
}
