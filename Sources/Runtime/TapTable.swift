internal import ModelFormat

/// The indirection of a convolution: for each output pixel and tap, where its input pixel lies.
struct TapTable {
  private let base: UnsafePointer<UInt8>
  private let pixelBytes: Int
  private let height: Int
  private let width: Int
  private let outputWidth: Int
  private let kernelHeight: Int
  private let kernelWidth: Int
  private let strideY: Int
  private let strideX: Int
  private let dilationY: Int
  private let dilationX: Int
  private let padTop: Int
  private let padLeft: Int

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
  }

  var taps: Int { kernelHeight * kernelWidth }

  /// Writes `table[tap × count + p]` for the output pixels `first` … `first + count − 1`; taps outside give `pad`.
  func fill(
    _ table: UnsafeMutablePointer<UnsafePointer<UInt8>?>,
    first: Int,
    count: Int,
    pad: UnsafePointer<UInt8>
  ) {
    var y = first / outputWidth
    var x = first - y * outputWidth
    var filled = 0
    while filled < count {
      let run = min(count - filled, outputWidth - x)
      fillRun(table + filled, y: y, x: x, run: run, count: count, pad: pad)
      filled += run
      x = 0
      y += 1
    }
  }

  /// One run of pixels in an output row.
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
