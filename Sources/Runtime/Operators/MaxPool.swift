internal import CKernels
internal import ModelFormat

/// Maximum over a window: FORMAT.md, kind 3.
struct MaxPool {
  private let output: TensorView
  private let window: PoolWindow
  private let kernels: ck_kernels
  private let isSingleCall: Bool
  private let rowSlots: Int
  private let tapsOffset: Int
  private let rowsOffset: Int

  /// Taps a call; one more entry holds the maximum so far.
  private static let capacity = 63

  init(_ plan: Plan, _ record: OperatorRecord, _ scratch: inout ScratchLayout) {
    output = plan.view(record.output)
    window = PoolWindow(record, input: plan.view(record.input), output: output)
    kernels = plan.kernels
    isSingleCall = record.kernelHeight * record.kernelWidth <= Self.capacity
    rowSlots = (output.channels + 63) / 64 * 64
    tapsOffset = scratch.reserve(UnsafePointer<UInt8>?.self, Self.capacity + 1)
    rowsOffset = scratch.reserve(UInt8.self, isSingleCall ? 0 : 2 * rowSlots)
  }

  @_optimize(speed)
  func run(_ share: Share) {
    let taps = share.scratch.array(UnsafePointer<UInt8>?.self, at: tapsOffset)
    for pixel in share.range(output.pixels) {
      let result = output.pixel(pixel)
      var cursor = window.cursor(pixel)
      var count = window.take(&cursor, taps, capacity: Self.capacity)
      if isSingleCall {
        kernels.max_u8(taps, count, result, output.channels)
        continue
      }
      // A kernel may not read what it writes: the maximum so far moves between two rows.
      var now = share.scratch.array(UInt8.self, at: rowsOffset)
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
