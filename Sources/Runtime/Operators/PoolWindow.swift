internal import CKernels
internal import ModelFormat

/// The taps of pooling windows that fall inside the input.
struct PoolWindow {
  private let base: UnsafePointer<UInt8>
  private let pixelBytes: Int
  /// Bytes from a tap to the next in a row.
  private let tapBytes: Int
  private let outputWidth: Int
  private let rows: PoolAxis
  private let columns: PoolAxis

  init(_ record: OperatorRecord, input: TensorView, output: TensorView) {
    base = UnsafePointer(input.bytes)
    pixelBytes = input.pixelBytes
    tapBytes = record.dilationX * input.pixelBytes
    outputWidth = output.width
    rows = PoolAxis(
      kernel: record.kernelHeight,
      stride: record.strideY,
      dilation: record.dilationY,
      padding: record.padTop,
      limit: input.height
    )
    columns = PoolAxis(
      kernel: record.kernelWidth,
      stride: record.strideX,
      dilation: record.dilationX,
      padding: record.padLeft,
      limit: input.width
    )
  }

  /// The taps of one window inside the input, and how many of them have been taken.
  struct Cursor {
    fileprivate let rows: Range<Int>
    fileprivate let columns: Range<Int>
    /// Where tap (0, 0) would be.
    fileprivate let y: Int
    fileprivate let x: Int
    fileprivate var nextRow: Int
    fileprivate var nextColumn: Int

    /// Taps in all, at least one.
    var count: Int { rows.count * columns.count }
  }

  /// A cursor before the first tap of an output pixel's window.
  @_optimize(speed)
  func cursor(_ pixel: Int) -> Cursor {
    let y = pixel / outputWidth
    let (top, left) = (rows.start(y), columns.start(pixel - y * outputWidth))
    let (rows, columns) = (rows.inside(top), columns.inside(left))
    return Cursor(
      rows: rows,
      columns: columns,
      y: top,
      x: left,
      nextRow: rows.lowerBound,
      nextColumn: columns.lowerBound
    )
  }

  /// Writes the next taps, at most `capacity`, to `taps` and returns how many; 0 after the last.
  @_optimize(speed)
  func take(
    _ cursor: inout Cursor,
    _ taps: UnsafeMutablePointer<UnsafePointer<UInt8>?>,
    capacity: Int
  ) -> Int {
    var filled = 0
    while cursor.nextRow < cursor.rows.upperBound && filled < capacity {
      let y = cursor.y + cursor.nextRow * rows.dilation
      let x = cursor.x + cursor.nextColumn * columns.dilation
      var tap = base + (y * columns.limit + x) * pixelBytes
      let end = min(cursor.columns.upperBound, cursor.nextColumn + capacity - filled)
      for _ in cursor.nextColumn..<end {
        taps[filled] = tap
        filled += 1
        tap += tapBytes
      }
      cursor.nextColumn = end
      if end == cursor.columns.upperBound {
        cursor.nextRow += 1
        cursor.nextColumn = cursor.columns.lowerBound
      }
    }
    return filled
  }

  /// Output columns all of whose taps fall inside the input.
  var innerColumns: Range<Int> { columns.inner(outputWidth) }

  /// The windows from an inner column on: the rows that fall inside the input go to `rows`, as many as the kernel is high.
  ///
  /// Pixels, channels and output are the caller's to set.
  @_optimize(speed)
  func windows(at pixel: Int, _ rows: UnsafeMutablePointer<UnsafePointer<UInt8>?>) -> ck_windows {
    let y = pixel / outputWidth
    let top = self.rows.start(y)
    let inside = self.rows.inside(top)
    let left = columns.start(pixel - y * outputWidth)
    for (index, tap) in inside.enumerated() {
      rows[index] =
        base + ((top + tap * self.rows.dilation) * columns.limit + left) * pixelBytes
    }
    return ck_windows(
      rows: UnsafePointer(rows),
      height: inside.count,
      width: columns.kernel,
      step: tapBytes,
      stride: columns.stride * pixelBytes,
      pixels: 0,
      channels: 0,
      output: nil,
      output_step: 0
    )
  }

  /// Taps of an output pixel's window that fall inside the input with `bottom` and `right` padding added.
  func paddedCount(_ pixel: Int, bottom: Int, right: Int) -> Int {
    let y = pixel / outputWidth
    return rows.paddedCount(y, far: bottom)
      * columns.paddedCount(pixel - y * outputWidth, far: right)
  }
}

/// Windows along one axis.
private struct PoolAxis {
  @Compact var kernel: Int
  @Compact var stride: Int
  @Compact var dilation: Int
  @Compact var padding: Int
  /// Coordinates of the input.
  @Compact var limit: Int

  /// The coordinate of the first tap of an output coordinate's window.
  func start(_ output: Int) -> Int { output * stride - padding }

  /// The indices of the taps inside the input, where the first is at `start`.
  @inline(__always)
  func inside(_ start: Int) -> Range<Int> { inside(start, limit) }

  /// The outputs of `count` all of whose taps are inside the input.
  func inner(_ count: Int) -> Range<Int> {
    let first = min(count, (padding + stride - 1) / stride)
    let last = limit - 1 - (kernel - 1) * dilation + padding
    return first..<max(first, last < 0 ? 0 : min(count, last / stride + 1))
  }

  /// Taps inside the input with its padding before, and `far` after it.
  func paddedCount(_ output: Int, far: Int) -> Int {
    // All taps are at or after −padding: only the far side cuts.
    inside(output * stride, padding + limit + far).count
  }

  @inline(__always)
  private func inside(_ start: Int, _ limit: Int) -> Range<Int> {
    let low = start >= 0 ? 0 : min(kernel, (dilation - 1 - start) / dilation)
    let high = start >= limit ? low : min(kernel, (limit - 1 - start) / dilation + 1)
    return low..<max(low, high)
  }
}
