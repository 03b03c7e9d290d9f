internal import ModelFormat

/// The indirection of a convolution: for each output pixel and tap, where its input pixel lies.
struct TapTable {
  private let base: UnsafePointer<UInt8>
  @Compact private var pixelBytes: Int
  @Compact private var height: Int
  @Compact private var width: Int
  @Compact private var outputWidth: Int
  @Compact private var kernelHeight: Int
  @Compact private var kernelWidth: Int
  @Compact private var strideY: Int
  @Compact private var strideX: Int
  @Compact private var dilationY: Int
  @Compact private var dilationX: Int
  @Compact private var padTop: Int
  @Compact private var padLeft: Int
  /// Whether output pixel i reads input pixel i and no other.
  private let isLinear: Bool

  init(_ record: OperatorRecord, input: TensorView, output: TensorView) {
    base = UnsafePointer(input.bytes)
    pixelBytes = input.pixelBytes
    height = input.height
    width = input.width
    outputWidth = output.width
    kernelHeight = record.kernelHeight
    kernelWidth = record.kernelWidth
    strideY = record.strideY
    strideX = record.strideX
    dilationY = record.dilationY
    dilationX = record.dilationX
    padTop = record.padTop
    padLeft = record.padLeft
    isLinear =
      record.kernelHeight == 1 && record.kernelWidth == 1 && record.strideY == 1
      && record.strideX == 1 && record.padTop == 0 && record.padLeft == 0
      && output.width == input.width && output.height <= input.height
  }

  var taps: Int { kernelHeight * kernelWidth }

  /// The same input and padding, seen through windows of `side` × `side`, `perRow` in a row.
  func windows(_ side: Int, stride: Int, perRow: Int) -> TapTable {
    var table = self
    table.outputWidth = perRow
    table.kernelHeight = side
    table.kernelWidth = side
    table.strideY = stride
    table.strideX = stride
    return table
  }

  /// Writes `table[tap × count + p]` for the output pixels `first` … `first + count − 1`; taps outside give `pad`.
  ///
  /// Where the table holds the pixels just before, as many of them, and all taps of both lie in the same rows of the
  /// input, moving the pointers on is enough.
  ///
  /// - Returns: whether all taps lie inside the input and the pixels in one output row, for `continues` of the next call.
  @_optimize(speed)
  func fill(
    _ table: UnsafeMutablePointer<UnsafePointer<UInt8>?>,
    first: Int,
    count: Int,
    pad: UnsafePointer<UInt8>,
    continues: Bool
  ) -> Bool {
    var y = first / outputWidth
    var x = first - y * outputWidth
    let isInside =
      isLinear
      || (x + count <= outputWidth && isInside(y, strideY, padTop, kernelHeight, dilationY, height)
        && isInside(x, strideX, padLeft, kernelWidth, dilationX, width)
        && isInside(x + count - 1, strideX, padLeft, kernelWidth, dilationX, width))
    // The pixel before the first is in the same row: x > 0, or rows follow each other without a gap.
    if continues && isInside && (x >= count || isLinear) {
      shiftPointers(table, count: taps * count, by: count * strideX * pixelBytes)
      return true
    }
    var filled = 0
    while filled < count {
      let run = min(count - filled, outputWidth - x)
      fillRun(table + filled, y: y, x: x, run: run, count: count, pad: pad)
      filled += run
      x = 0
      y += 1
    }
    return isInside
  }

  /// Whether all taps of an output coordinate are input coordinates.
  @_optimize(speed)
  private func isInside(
    _ output: Int,
    _ stride: Int,
    _ padding: Int,
    _ kernel: Int,
    _ dilation: Int,
    _ limit: Int
  ) -> Bool {
    let start = output * stride - padding
    return start >= 0 && start + (kernel - 1) * dilation < limit
  }

  /// One run of pixels in an output row.
  @_optimize(speed)
  private func fillRun(
    _ table: UnsafeMutablePointer<UnsafePointer<UInt8>?>,
    y: Int,
    x: Int,
    run: Int,
    count: Int,
    pad: UnsafePointer<UInt8>
  ) {
    var entry = table
    var row = y * strideY - padTop
    let left = x * strideX - padLeft
    let step = strideX * pixelBytes
    for _ in 0..<kernelHeight {
      guard row >= 0 && row < height else {
        for _ in 0..<kernelWidth {
          for pixel in 0..<run { entry[pixel] = pad }
          entry += count
        }
        row += dilationY
        continue
      }
      let line = base + row * width * pixelBytes
      var column = left
      for _ in 0..<kernelWidth {
        if column >= 0 && column + (run - 1) * strideX < width {
          var at = line + column * pixelBytes
          for pixel in 0..<run {
            entry[pixel] = at
            at += step
          }
        } else {
          var at = column
          for pixel in 0..<run {
            entry[pixel] = at >= 0 && at < width ? line + at * pixelBytes : pad
            at += strideX
          }
        }
        entry += count
        column += dilationX
      }
      row += dilationY
    }
  }
}

/// Adds `bytes` to each of `count` pointers at `base`.
@_optimize(speed)
func shiftPointers(_ base: UnsafeMutableRawPointer, count: Int, by bytes: Int) {
  // As numbers, so that no null check keeps the loop from being vectorized.
  let numbers = base.assumingMemoryBound(to: Int.self)
  for index in 0..<count { numbers[index] &+= bytes }
}
