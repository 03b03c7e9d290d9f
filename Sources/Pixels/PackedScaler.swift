internal import ModelFormat

/// Scales pixels of red, green and blue, or luma alone, columns first, with bytes in between: Pillow's `Image.resize`.
///
/// Source rows are visited once, top to bottom, and only those that are needed; the scaled ones wait in a ring of as many as
/// an output row takes.
struct PackedScaler: ~Copyable {
  private let format: PixelFormat
  private let channels: Int
  private let rowWeights: AxisWeights
  private let columnWeights: AxisWeights
  /// Elements of one scaled row: kept columns × channels.
  private let scaledCount: Int
  /// Scaled source rows, row y in place y mod `ringRows`.
  private let ring: UnsafeMutableBufferPointer<UInt8>
  private let ringRows: Int
  /// One source row as the model has its channels: luma, or RGB; empty where the source's own rows are that.
  private let channelRow: UnsafeMutableBufferPointer<UInt8>
  /// Sums of one output row.
  private let sums: UnsafeMutableBufferPointer<Int32>
  private let line: UnsafeMutableBufferPointer<UInt32>

  /// A scaler of rows of `width` pixels.
  ///
  /// Throws `PixelError.scratch` where the ring would be too large.
  init(
    _ format: PixelFormat,
    width: Int,
    channels: Int,
    rows: AxisGeometry,
    columns: AxisGeometry,
    filter: InputContract.Filter
  ) throws(PixelError) {
    let rowWeights = AxisWeights(rows, filter: filter)
    let scaledCount = columns.keptCount * channels
    let ringByteCount = Int64(rowWeights.stride) * Int64(scaledCount)
    guard ringByteCount <= 1 << 28 else { throw .scratch(byteCount: ringByteCount) }
    self.format = format
    self.channels = channels
    self.scaledCount = scaledCount
    columnWeights = AxisWeights(columns, filter: filter)
    ringRows = rowWeights.stride
    self.rowWeights = rowWeights
    ring = .allocate(capacity: Int(ringByteCount))
    let isDirect = format == (channels == 1 ? .grey : .rgb)
    channelRow = .allocate(capacity: isDirect ? 0 : width * channels)
    sums = .allocate(capacity: scaledCount)
    line = .allocate(capacity: columns.keptCount)
  }

  /// Source rows, from the first on, that are read.
  var neededRows: Int { rowWeights.end(rowWeights.count - 1) }

  deinit {
    ring.deallocate()
    channelRow.deallocate()
    sums.deallocate()
    line.deallocate()
  }

  /// Hands each output row, top to bottom as the source has them, to `body`: a pixel is 0x00BBGGRR, or luma alone.
  func forEachRow(
    _ source: PixelPlanes,
    width: Int,
    _ body: (_ row: Int, _ pixels: UnsafeBufferPointer<UInt32>) -> Void
  ) {
    let bytes = source.first.bytes.assumingMemoryBound(to: UInt8.self)
    let rowBytes = format.rowBytes(width: width, plane: 0)
    var nextSourceRow = rowWeights.start(0)
    for row in 0..<rowWeights.count {
      // Rows that no output needs are between two outputs only where the filter is not antialiased.
      nextSourceRow = max(nextSourceRow, rowWeights.start(row))
      while nextSourceRow < rowWeights.end(row) {
        let start = nextSourceRow * source.first.rowStride
        let pixels = UnsafeBufferPointer(rebasing: bytes[start..<start + rowBytes])
        scaleColumns(of: pixels, intoRingRow: nextSourceRow % ringRows)
        nextSourceRow += 1
      }
      sumRows(row)
      finish()
      body(row, UnsafeBufferPointer(line))
    }
  }

  /// Brings a source row to the model's channels: itself, or `channelRow`.
  @_optimize(speed)
  private func channels(of row: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
    guard !channelRow.isEmpty else { return row }
    let (red, green, blue) = format.offsets
    let step = format.pixelBytes
    for x in 0..<channelRow.count / channels {
      let at = x &* step
      let color = (row[at &+ red], row[at &+ green], row[at &+ blue])
      if channels == 1 {
        channelRow[x] = PixelPlan.luma(color.0, color.1, color.2)
      } else {
        (channelRow[3 &* x], channelRow[3 &* x &+ 1], channelRow[3 &* x &+ 2]) = color
      }
    }
    return UnsafeBufferPointer(channelRow)
  }

  @_optimize(speed)
  private func scaleColumns(of row: UnsafeBufferPointer<UInt8>, intoRingRow ringRow: Int) {
    let place = ringRow * scaledCount
    let scaled = UnsafeMutableBufferPointer(rebasing: ring[place..<place + scaledCount])
    if channels == 1 {
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
  private func finish() {
    for x in 0..<line.count {
      var pixel: UInt32 = 0
      for channel in 0..<channels {
        let level = AxisWeights.pixel(sums[x &* channels &+ channel])
        pixel |= UInt32(level) << UInt32(8 &* channel)
      }
      line[x] = pixel
    }
  }
}
