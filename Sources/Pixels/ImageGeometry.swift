internal import ModelFormat

/// How an image of one size lands in a model's input: the two axes, by the contract's `Resize`.
///
/// All lengths are integers, chosen as the training pipelines choose them:
/// - `stretch` takes the central box of the crop fraction as TensorFlow's `central_crop` does: it starts at
///   `⌊(side − side × fraction) ÷ 2⌋` and ends as far from the other end;
/// - `crop` scales the shorter side to `round(input ÷ fraction)` and the longer to `⌊…⌋` at the same ratio, and takes
///   the centre from `roundTiesToEven((scaled − input) ÷ 2)` on, as torchvision's `Resize` and `CenterCrop` do;
/// - `letterbox` scales the longer side to the input and the shorter to the nearest length, centred.
struct ImageGeometry: Equatable {
  /// The vertical axis.
  let rows: AxisGeometry
  /// The horizontal axis.
  let columns: AxisGeometry

  private static let longestSide = 65_536
  private static let longestScaledSide = 1_048_576.0

  /// The geometry of `height` × `width` images under `contract`.
  init(height: Int, width: Int, contract: InputContract) throws(PixelError) {
    guard contract.channels == 1 || contract.channels == 3 else {
      throw .notAnImage(channels: contract.channels)
    }
    let sides = 1...Self.longestSide
    guard sides.contains(height), sides.contains(width) else {
      throw .sourceSize(height: height, width: width)
    }
    guard sides.contains(contract.height), sides.contains(contract.width) else {
      throw .modelSize(height: contract.height, width: contract.width)
    }
    let fraction = contract.cropFraction
    guard fraction > 0, fraction <= 1 else { throw .cropFraction(fraction) }
    switch contract.resize {
    case .stretch:
      rows = Self.stretched(height, to: contract.height, fraction: Double(fraction))
      columns = Self.stretched(width, to: contract.width, fraction: Double(fraction))
    case .crop:
      // Half is added and the fraction dropped: `rounded()` would need libm on the board.
      let wantedRows = Double(contract.height) / Double(fraction) + 0.5
      let wantedColumns = Double(contract.width) / Double(fraction) + 0.5
      guard max(wantedRows, wantedColumns) <= Self.longestScaledSide else {
        throw .cropFraction(fraction)
      }
      var scaledRows = Int64(wantedRows)
      var scaledColumns = Int64(wantedColumns)
      // The side that is scaled less decides; the other one comes out longer than wanted, never shorter.
      if Int64(width) * scaledRows >= Int64(height) * scaledColumns {
        scaledColumns = Int64(width) * scaledRows / Int64(height)
      } else {
        scaledRows = Int64(height) * scaledColumns / Int64(width)
      }
      rows = Self.cropped(height, scaled: scaledRows, to: contract.height)
      columns = Self.cropped(width, scaled: scaledColumns, to: contract.width)
    case .letterbox:
      let isWide =
        Int64(width) * Int64(contract.height) >= Int64(height) * Int64(contract.width)
      let scaledRows =
        isWide ? Self.scaled(height, contract.width, width) : contract.height
      let scaledColumns =
        isWide ? contract.width : Self.scaled(width, contract.height, height)
      rows = Self.fitted(height, scaled: scaledRows, in: contract.height)
      columns = Self.fitted(width, scaled: scaledColumns, in: contract.width)
    }
  }

  /// The axes of the source's own rows and columns where `region` of it, or all, is turned into an image for `contract`.
  ///
  /// Throws as the other initializer does for what is left after the turn, and where the region is not within the source.
  init(
    height: Int,
    width: Int,
    region: PixelRegion?,
    orientation: Orientation,
    contract: InputContract
  ) throws(PixelError) {
    if let region {
      let sides = 1...Self.longestSide
      guard sides.contains(height), sides.contains(width) else {
        throw .sourceSize(height: height, width: width)
      }
      guard (0..<width).contains(region.x), (0..<height).contains(region.y),
        (1...width - region.x).contains(region.width),
        (1...height - region.y).contains(region.height)
      else { throw .region(region, height: height, width: width) }
    }
    let region = region ?? PixelRegion(x: 0, y: 0, width: width, height: height)
    let swaps = orientation.swapsAxes
    let turned = try ImageGeometry(
      height: swaps ? region.width : region.height,
      width: swaps ? region.height : region.width,
      contract: contract
    )
    let length = (
      down: swaps ? region.width : region.height, across: swaps ? region.height : region.width
    )
    var down = orientation.reversesRows ? turned.rows.reversed(of: length.down) : turned.rows
    var across =
      orientation.reversesColumns ? turned.columns.reversed(of: length.across) : turned.columns
    down.sourceStart += swaps ? region.x : region.y
    across.sourceStart += swaps ? region.y : region.x
    rows = swaps ? across : down
    columns = swaps ? down : across
  }

  private static func stretched(_ side: Int, to output: Int, fraction: Double) -> AxisGeometry {
    let start = Int((Double(side) - Double(side) * fraction) / 2)
    // A tiny fraction of an even side would leave nothing: the two middle pixels are left.
    let kept = side - 2 * min(start, (side - 1) / 2)
    return AxisGeometry(
      sourceStart: (side - kept) / 2,
      sourceLength: kept,
      scaledLength: Int64(output),
      keptCount: output
    )
  }

  private static func cropped(_ side: Int, scaled: Int64, to output: Int) -> AxisGeometry {
    let spare = scaled - Int64(output)
    // Half of `spare`, ties to even.
    let start = spare / 2 + (spare % 4 == 3 ? 1 : 0)
    return AxisGeometry(
      sourceLength: side,
      scaledLength: scaled,
      keptStart: start,
      keptCount: output
    )
  }

  private static func fitted(_ side: Int, scaled: Int, in output: Int) -> AxisGeometry {
    AxisGeometry(
      sourceLength: side,
      scaledLength: Int64(scaled),
      keptCount: scaled,
      outputStart: (output - scaled) / 2
    )
  }

  /// `round(length × numerator ÷ denominator)`, at least 1; all are at most 65,536.
  private static func scaled(_ length: Int, _ numerator: Int, _ denominator: Int) -> Int {
    let product = Int64(length) * Int64(numerator)
    return max(1, Int((2 * product + Int64(denominator)) / (2 * Int64(denominator))))
  }
}
