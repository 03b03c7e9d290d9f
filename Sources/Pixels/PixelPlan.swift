public import ModelFormat

/// Turns images of one size and format into a model's u8 input; everything that can fail or allocate happens in `init`.
///
/// Two passes in integers, columns first, with bytes in between and weights of 2⁻²²: the scheme of Pillow's
/// `Image.resize`, whose results for `Filter.antialiased` these are. A model of one channel gets luma,
/// `(19595 R + 38470 G + 7471 B + 32768) >> 16` (ITU-R BT.601), taken before scaling. Source rows are visited once, top to
/// bottom, and only those that are needed; the scaled ones wait in a ring of as many as an output row takes.
public struct PixelPlan: ~Copyable {
  /// Rows of the images that are converted.
  public let sourceHeight: Int
  /// Columns of the images that are converted.
  public let sourceWidth: Int
  /// How their pixels lie in memory.
  public let format: PixelFormat
  /// What the images become.
  public let contract: InputContract

  private let geometry: ImageGeometry
  private let rowWeights: AxisWeights
  private let columnWeights: AxisWeights
  /// Elements of one scaled row: kept columns × channels.
  private let scaledCount: Int
  /// Scaled source rows, row y in place y mod `ringRows`.
  private let ring: UnsafeMutableBufferPointer<UInt8>
  private let ringRows: Int
  /// One source row as the model has its channels: luma, or RGB; empty where the source's own rows are that.
  private let line: UnsafeMutableBufferPointer<UInt8>
  /// Sums of one output row.
  private let sums: UnsafeMutableBufferPointer<Int32>

  /// A plan for images of `sourceHeight` × `sourceWidth` pixels.
  ///
  /// Memory: the weights (about twice the source's sides), and ⌈2 × reduction⌉ + 1 rows of the input.
  /// Throws `PixelError` where the contract takes no images or a size is out of range.
  public init(
    sourceHeight: Int,
    sourceWidth: Int,
    format: PixelFormat = .rgb,
    contract: InputContract
  ) throws(PixelError) {
    let geometry = try ImageGeometry(height: sourceHeight, width: sourceWidth, contract: contract)
    let rowWeights = AxisWeights(geometry.rows, filter: contract.filter)
    let scaledCount = geometry.columns.keptCount * contract.channels
    let ringByteCount = Int64(rowWeights.stride) * Int64(scaledCount)
    guard ringByteCount <= 1 << 28 else { throw .scratch(byteCount: ringByteCount) }
    self.sourceHeight = sourceHeight
    self.sourceWidth = sourceWidth
    self.format = format
    self.contract = contract
    self.geometry = geometry
    self.scaledCount = scaledCount
    columnWeights = AxisWeights(geometry.columns, filter: contract.filter)
    ringRows = rowWeights.stride
    self.rowWeights = rowWeights
    ring = .allocate(capacity: Int(ringByteCount))
    let isDirect = format == (contract.channels == 1 ? .grey : .rgb)
    line = .allocate(capacity: isDirect ? 0 : sourceWidth * contract.channels)
    sums = .allocate(capacity: scaledCount)
  }

  deinit {
    ring.deallocate()
    line.deallocate()
    sums.deallocate()
  }

  /// Converts one image: `source` holds rows of pixels in the plan's format, `rowStride` bytes apart.
  ///
  /// Channel c of the model's pixel (y, x) is written to `destination[(y × width + x) × pixelStride + c]`; lanes between
  /// channels and `pixelStride` are left alone. Allocates nothing.
  /// Traps if a buffer is too small for the sizes of the plan, or a stride for what it strides over.
  public mutating func convert(
    _ source: UnsafeBufferPointer<UInt8>,
    rowStride: Int,
    into destination: UnsafeMutableBufferPointer<UInt8>,
    pixelStride: Int
  ) {
    let channels = contract.channels
    let pixels = contract.height * contract.width
    let rowBytes = sourceWidth * format.pixelBytes
    precondition(rowStride >= rowBytes, "source rows overlap")
    precondition(
      source.count >= (sourceHeight - 1) * rowStride + rowBytes,
      "source too small"
    )
    precondition(pixelStride >= channels, "pixels overlap")
    precondition(
      destination.count >= (pixels - 1) * pixelStride + channels,
      "destination too small"
    )
    fillBorder(destination, pixelStride)
    var nextSourceRow = rowWeights.start(0)
    for row in 0..<geometry.rows.keptCount {
      // Rows that no output needs are between two outputs only where the filter is not antialiased.
      nextSourceRow = max(nextSourceRow, rowWeights.start(row))
      while nextSourceRow < rowWeights.end(row) {
        let pixels = UnsafeBufferPointer(
          rebasing: source[(nextSourceRow * rowStride)...].prefix(rowBytes)
        )
        scaleColumns(of: pixels, intoRingRow: nextSourceRow % ringRows)
        nextSourceRow += 1
      }
      sumRows(row)
      let y = geometry.rows.outputStart + row
      let start = (y * contract.width + geometry.columns.outputStart) * pixelStride
      write(UnsafeMutableBufferPointer(rebasing: destination[start...]), pixelStride)
    }
  }

  /// Converts one image whose rows have no gaps, as the other `convert` does.
  public mutating func convert(
    _ source: [UInt8],
    into destination: UnsafeMutableBufferPointer<UInt8>,
    pixelStride: Int
  ) {
    source.withUnsafeBufferPointer {
      convert(
        $0,
        rowStride: sourceWidth * format.pixelBytes,
        into: destination,
        pixelStride: pixelStride
      )
    }
  }

  private static func luma(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt8 {
    let sum = 19_595 * UInt32(red) + 38_470 * UInt32(green) + 7_471 * UInt32(blue) + 32_768
    return UInt8(truncatingIfNeeded: sum >> 16)
  }

  /// Writes the letterbox colour wherever the image will not.
  private func fillBorder(_ destination: UnsafeMutableBufferPointer<UInt8>, _ pixelStride: Int) {
    let imageRows = geometry.rows.outputStart..<geometry.rows.outputStart + geometry.rows.keptCount
    let imageColumns =
      geometry.columns.outputStart..<geometry.columns.outputStart + geometry.columns.keptCount
    guard imageRows.count < contract.height || imageColumns.count < contract.width else { return }
    let color = contract.letterboxColor
    let red = UInt8(truncatingIfNeeded: color)
    let green = UInt8(truncatingIfNeeded: color >> 8)
    let blue = UInt8(truncatingIfNeeded: color >> 16)
    for y in 0..<contract.height {
      for x in 0..<contract.width where !(imageRows.contains(y) && imageColumns.contains(x)) {
        let at = (y * contract.width + x) * pixelStride
        if contract.channels == 1 {
          destination[at] = Self.luma(red, green, blue)
        } else {
          destination[at] = red
          destination[at + 1] = green
          destination[at + 2] = blue
        }
      }
    }
  }

  /// Brings a source row to the model's channels: itself, or `line`.
  @_optimize(speed)
  private func channels(of row: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
    guard !line.isEmpty else { return row }
    let (red, green, blue) = format.offsets
    let step = format.pixelBytes
    for x in 0..<sourceWidth {
      let at = x &* step
      let color = (row[at &+ red], row[at &+ green], row[at &+ blue])
      if contract.channels == 1 {
        line[x] = Self.luma(color.0, color.1, color.2)
      } else {
        (line[3 &* x], line[3 &* x &+ 1], line[3 &* x &+ 2]) = color
      }
    }
    return UnsafeBufferPointer(line)
  }

  @_optimize(speed)
  private func scaleColumns(of row: UnsafeBufferPointer<UInt8>, intoRingRow ringRow: Int) {
    let place = ringRow * scaledCount
    let scaled = UnsafeMutableBufferPointer(rebasing: ring[place..<place + scaledCount])
    if contract.channels == 1 {
      columnWeights.scaleGray(channels(of: row), into: scaled)
    } else {
      columnWeights.scaleColor(channels(of: row), into: scaled)
    }
  }

  @_optimize(speed)
  private func sumRows(_ row: Int) {
    let start = rowWeights.start(row)
    sums.update(repeating: AxisWeights.half)
    for tap in 0..<rowWeights.count(row) {
      let weight = rowWeights.weight(row, tap)
      let place = (start + tap) % ringRows * scaledCount
      let scaled = UnsafeBufferPointer(rebasing: ring[place..<place + scaledCount])
      for index in 0..<scaledCount { sums[index] &+= Int32(scaled[index]) &* weight }
    }
  }

  @_optimize(speed)
  private func write(_ target: UnsafeMutableBufferPointer<UInt8>, _ pixelStride: Int) {
    let channels = contract.channels
    for x in 0..<geometry.columns.keptCount {
      for channel in 0..<channels {
        target[x &* pixelStride &+ channel] = AxisWeights.pixel(sums[x &* channels &+ channel])
      }
    }
  }
}
