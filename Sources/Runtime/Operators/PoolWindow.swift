internal import ModelFormat

/// The taps of pooling windows that fall inside the input.
struct PoolWindow {
  private let base: UnsafePointer<UInt8>
  private let pixelBytes: Int
  private let height: Int
  private let width: Int
  private let outputWidth: Int
  private let record: OperatorRecord

  init(_ record: OperatorRecord, input: TensorView, output: TensorView) {
    base = UnsafePointer(input.bytes)
    pixelBytes = input.pixelBytes
    height = input.height
    width = input.width
    outputWidth = output.width
    self.record = record
  }

  /// The taps of one axis inside 0..<limit, as a range of tap indices; `start` is the first tap's coordinate.
  private static func inside(_ start: Int, _ dilation: Int, _ kernel: Int, _ limit: Int)
    -> Range<Int>
  {
    let low = start >= 0 ? 0 : min(kernel, (dilation - 1 - start) / dilation)
    let high = start >= limit ? low : min(kernel, (limit - 1 - start) / dilation + 1)
    return low..<max(low, high)
  }

  /// The taps of an output pixel's window inside the input.
  func rows(_ pixel: Int) -> (rows: Range<Int>, columns: Range<Int>, y: Int, x: Int) {
    let y = pixel / outputWidth
    let top = y * record.strideY - record.padTop
    let left = (pixel - y * outputWidth) * record.strideX - record.padLeft
    return (
      Self.inside(top, record.dilationY, record.kernelHeight, height),
      Self.inside(left, record.dilationX, record.kernelWidth, width), top, left
    )
  }

  /// Taps of an output pixel's window that fall inside the input with `bottom` and `right` padding added.
  func paddedCount(_ pixel: Int, bottom: Int, right: Int) -> Int {
    let window = rows(pixel)
    // All taps are at or after −padding: only the far side cuts.
    let rows = Self.inside(
      window.y + record.padTop,
      record.dilationY,
      record.kernelHeight,
      record.padTop + height + bottom
    )
    let columns = Self.inside(
      window.x + record.padLeft,
      record.dilationX,
      record.kernelWidth,
      record.padLeft + width + right
    )
    return rows.count * columns.count
  }

  /// Calls `body` with up to `capacity` taps at a time, until all have been given.
  func forEachChunk(
    _ pixel: Int,
    _ taps: UnsafeMutablePointer<UnsafePointer<UInt8>?>,
    capacity: Int,
    _ body: (_ count: Int) -> Void
  ) {
    let window = rows(pixel)
    var filled = 0
    for tapY in window.rows {
      let line = base + (window.y + tapY * record.dilationY) * width * pixelBytes
      for tapX in window.columns {
        taps[filled] = line + (window.x + tapX * record.dilationX) * pixelBytes
        filled += 1
        if filled == capacity {
          body(filled)
          filled = 0
        }
      }
    }
    if filled > 0 { body(filled) }
  }
}
