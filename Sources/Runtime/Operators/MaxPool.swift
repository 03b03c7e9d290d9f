internal import CKernels
internal import ModelFormat

/// Maximum over a window: FORMAT.md, kind 3.
struct MaxPool {
  private let output: TensorView
  private let window: PoolWindow
  private let kernels: ck_kernels
  /// Output columns whose windows lie inside the input.
  private let inner: Range<Int>
  private let isSingleCall: Bool
  private let rowSlots: Int
  private let tapsOffset: Int
  private let rowsOffset: Int

  /// Taps a call; one more entry holds the maximum so far.
  private static let capacity = Int(CK_MOST_TAPS) - 1

  init(_ plan: Plan, _ record: OperatorRecord, _ scratch: inout ScratchLayout) {
    output = plan.view(record.output)
    window = PoolWindow(record, input: plan.view(record.input), output: output)
    kernels = plan.kernels
    isSingleCall = record.kernelHeight * record.kernelWidth <= Self.capacity
    inner = isSingleCall ? window.innerColumns : 0..<0
    rowSlots = (output.channels + 63) / 64 * 64
    tapsOffset = scratch.reserve(UnsafePointer<UInt8>?.self, Self.capacity + 1)
    rowsOffset = scratch.reserve(UInt8.self, isSingleCall ? 0 : 2 * rowSlots)
  }

  @_optimize(speed)
  func run(_ share: Share) {
    let pixels = share.range(output.pixels)
    var pixel = pixels.lowerBound
    while pixel < pixels.upperBound {
      let row = pixel / output.width * output.width
      let end = min(row + output.width, pixels.upperBound)
      let first = min(max(pixel, row + inner.lowerBound), end)
      let last = min(max(first, row + inner.upperBound), end)
      each(pixel..<first, share.scratch)
      if first < last { together(first..<last, share.scratch) }
      each(last..<end, share.scratch)
      pixel = end
    }
  }

  /// Pixels of a row whose windows lie inside the input's columns.
  @_optimize(speed)
  private func together(_ pixels: Range<Int>, _ scratch: UnsafeMutableRawPointer) {
    let rows = scratch.array(UnsafePointer<UInt8>?.self, at: tapsOffset)
    var windows = window.windows(at: pixels.lowerBound, rows)
    windows.pixels = pixels.count
    windows.channels = output.channels
    windows.output = output.pixel(pixels.lowerBound)
    windows.output_step = output.pixelBytes
    kernels.max_rows_u8(&windows)
  }

  @_optimize(speed)
  private func each(_ pixels: Range<Int>, _ scratch: UnsafeMutableRawPointer) {
    let taps = scratch.array(UnsafePointer<UInt8>?.self, at: tapsOffset)
    for pixel in pixels {
      let result = output.pixel(pixel)
      var cursor = window.cursor(pixel)
      var count = window.take(&cursor, taps, capacity: Self.capacity)
      if isSingleCall {
        kernels.max_u8(taps, count, result, output.channels)
        continue
      }
      // A kernel may not read what it writes: the maximum so far moves between two rows.
      var now = scratch.array(UInt8.self, at: rowsOffset)
      var next = now + rowSlots
      var isFirst = true
      while count > 0 {
        taps[count] = UnsafePointer(now)
        kernels.max_u8(taps, isFirst ? count : count + 1, next, output.channels)
        isFirst = false
        (now, next) = (next, now)
        count = window.take(&cursor, taps, capacity: Self.capacity)
      }
      UnsafeMutableRawPointer(result).copyMemory(from: now, byteCount: output.channels)
    }
  }
}
