/// A format and size that a camera offers, with the rate that it would be set to.
struct CameraMode: Equatable {
  var code: PixelCode
  var width: Int
  var height: Int
  /// A thousandth of a frame per second; `nil` where the driver does not tell.
  var milliHertz: Int?
  /// Seconds between frames to ask for, as a fraction; 0 of 0 for what the camera is set to.
  var interval: (numerator: UInt32, denominator: UInt32) = (0, 0)

  static func == (a: CameraMode, b: CameraMode) -> Bool {
    a.code == b.code && a.width == b.width && a.height == b.height && a.milliHertz == b.milliHertz
  }

  private var area: Int { width * height }

  /// Order of preference: the one with the smaller number at the first difference wins.
  ///
  /// With a configured size: nearness to it, then the rate, then colours, then no conversion, then the format's cost. Otherwise:
  /// whether the size covers what is needed, then the rate, colours, no conversion, then the smaller of sizes that cover (the
  /// larger of those that do not), then the format's cost.
  fileprivate func rank(for options: CameraOptions, isBandwidthShort: Bool) -> InlineArray<6, Int> {
    let (missedSize, area) = sizeRank(for: options)
    let goal = options.rate * 1000
    // A camera of 29.97 frames a second reaches 30.
    let reached = min(milliHertz ?? goal, goal * 19 / 20)
    let (cost, isGrey) = cost(for: options, isBandwidthShort: isBandwidthShort)
    let isColourless = isGrey && !options.isGreyEnough ? 1 : 0
    let isConverted = code.format == nil ? 1 : 0
    return [missedSize, -reached, isColourless, isConverted, area, cost]
  }

  private func sizeRank(for options: CameraOptions) -> (missed: Int, area: Int) {
    if options.width > 0 || options.height > 0 {
      let wantedWidth = options.width > 0 ? options.width : width
      let wantedHeight = options.height > 0 ? options.height : height
      // Columns and rows too few weigh more than any too many.
      let below = max(0, wantedWidth - width) + max(0, wantedHeight - height)
      let above = max(0, width - wantedWidth) + max(0, height - wantedHeight)
      return (below * 4096 + min(above, 4095), 0)
    }
    let covers = width >= options.neededWidth && height >= options.neededHeight
    return covers ? (0, area) : (1, -area)
  }

  private func cost(
    for options: CameraOptions,
    isBandwidthShort: Bool
  ) -> (cost: Int, isGrey: Bool) {
    let isGrey = code.format == .grey
    if isBandwidthShort && code.format == .jpeg { return (-2, false) }
    if isGrey && options.isGreyEnough { return (-1, true) }
    for index in PixelCode.native.indices where PixelCode.native[index].code == code {
      return (index, isGrey)
    }
    return (PixelCode.native.count, false)
  }

  /// The place of the best mode, `nil` where there is none of the configured format.
  static func choice(
    of modes: [CameraMode],
    for options: CameraOptions,
    isBandwidthShort: Bool = false
  ) -> Int? {
    var best: Int?
    var bestRank: InlineArray<6, Int> = [0, 0, 0, 0, 0, 0]
    for index in modes.indices {
      if let format = options.format, format != modes[index].code { continue }
      let rank = modes[index].rank(for: options, isBandwidthShort: isBandwidthShort)
      if best == nil || precedes(rank, bestRank) {
        best = index
        bestRank = rank
      }
    }
    return best
  }

  private static func precedes(_ a: InlineArray<6, Int>, _ b: InlineArray<6, Int>) -> Bool {
    for index in a.indices where a[index] != b[index] { return a[index] < b[index] }
    return false
  }
}

/// Sizes that a format is offered in.
struct SizeRange {
  var width: ClosedRange<Int>
  var height: ClosedRange<Int>
  var widthStep = 1
  var heightStep = 1

  /// The one size to try of a range.
  ///
  /// A driver that offers every size scales, and a size of another proportion than its present one would distort: so the
  /// configured size, or the present one, grown in proportion where it does not cover what is needed.
  func size(
    for options: CameraOptions,
    present: (width: Int, height: Int)
  ) -> (width: Int, height: Int) {
    if width.count == 1 && height.count == 1 { return (width.lowerBound, height.lowerBound) }
    if options.width > 0 || options.height > 0 {
      return fit(
        options.width > 0 ? options.width : present.width,
        options.height > 0 ? options.height : present.height
      )
    }
    guard present.width > 0 && present.height > 0 else {
      return fit(max(640, options.neededWidth), max(480, options.neededHeight))
    }
    var (columns, rows) = present
    if columns < options.neededWidth {
      rows = (rows * options.neededWidth + columns - 1) / columns
      columns = options.neededWidth
    }
    if rows < options.neededHeight {
      columns = (columns * options.neededHeight + rows - 1) / rows
      rows = options.neededHeight
    }
    return fit(columns, rows)
  }

  private func fit(_ columns: Int, _ rows: Int) -> (width: Int, height: Int) {
    (
      Self.fit(columns, into: width, step: widthStep),
      Self.fit(rows, into: height, step: heightStep)
    )
  }

  /// The smallest offered number that is not less, or else the greatest.
  private static func fit(_ value: Int, into range: ClosedRange<Int>, step: Int) -> Int {
    let steps = (max(value, range.lowerBound) - range.lowerBound + step - 1) / step
    let greatest = (range.upperBound - range.lowerBound) / step
    return range.lowerBound + min(steps, greatest) * step
  }
}

/// Frame rates that a mode is offered in.
struct RateChoice {
  var milliHertz: Int?
  var interval: (numerator: UInt32, denominator: UInt32) = (0, 0)

  /// Takes another offered interval into account: the slowest that reaches `rate` frames per second wins, or else the fastest.
  mutating func consider(numerator: UInt32, denominator: UInt32, isRange: Bool, rate: Int) {
    guard numerator > 0 && denominator > 0 else { return }
    let fastest = Int(clamping: min(UInt64(denominator) * 1000 / UInt64(numerator), 10_000_000))
    let goal = rate * 1000
    if isRange && fastest >= goal {
      milliHertz = goal
      interval = (1, UInt32(clamping: rate))
      return
    }
    let almost = goal * 19 / 20
    guard let present = milliHertz else {
      milliHertz = fastest
      interval = (numerator, denominator)
      return
    }
    let isBetter =
      present >= almost ? fastest >= almost && fastest < present : fastest > present
    if isBetter {
      milliHertz = fastest
      interval = (numerator, denominator)
    }
  }
}
