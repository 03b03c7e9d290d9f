internal import CKernels
internal import ModelFormat

/// Mean over a window, global average pooling too: FORMAT.md, kind 4.
struct AveragePool {
  private let input: TensorView
  private let output: TensorView
  private let window: PoolWindow
  private let kernels: ck_kernels
  private let inputZero: Int32
  private let multiplier: Float
  private let low: Int32
  private let high: Int32
  private let countsPadding: Bool
  private let bottom: Int
  private let right: Int
  private let sumSlots: Int
  private let tapsOffset: Int
  private let sumsOffset: Int
  /// Pixels that follow each other in a vector of `lanes` channels, where the window is the whole image; 1 elsewhere.
  private let pixelsPerVector: Int

  private static let capacity = 64
  private static let lanes = 64

  init(_ plan: Plan, _ record: OperatorRecord, _ scratch: inout ScratchLayout) {
    let input = plan.view(record.input)
    self.input = input
    output = plan.view(record.output)
    let isWhole =
      output.pixels == 1 && record.kernelHeight == input.height
      && record.kernelWidth == input.width && record.padTop == 0 && record.padLeft == 0
    let isEven = input.isDense && Self.lanes % input.channels == 0
    pixelsPerVector = isWhole && isEven ? Self.lanes / input.channels : 1
    window = PoolWindow(record, input: input, output: output)
    kernels = plan.kernels
    inputZero = input.zeroPoint
    multiplier = record.multiplierA
    (low, high) = (record.clampLow, record.clampHigh)
    countsPadding = record.flags & 1 == 1
    let padding = plan.constants(record, UInt32.self).pointee
    bottom = Int(padding >> 16)
    right = Int(padding & 0xFFFF)
    sumSlots = (output.channels + 63) / 64 * 64
    tapsOffset = scratch.reserve(UnsafePointer<UInt8>?.self, Self.capacity)
    sumsOffset = scratch.reserve(Int32.self, sumSlots)
  }

  @_optimize(speed)
  func run(_ share: Share) {
    let taps = share.scratch.array(UnsafePointer<UInt8>?.self, at: tapsOffset)
    let sums = share.scratch.array(Int32.self, at: sumsOffset)
    for pixel in share.range(output.pixels) {
      for slot in 0..<sumSlots { sums[slot] = 0 }
      var cursor = window.cursor(pixel)
      let inside = cursor.count
      if pixelsPerVector > 1 {
        addImage(to: sums, taps)
      } else {
        var count = window.take(&cursor, taps, capacity: Self.capacity)
        while count > 0 {
          kernels.sum_u8(taps, count, sums, output.channels)
          count = window.take(&cursor, taps, capacity: Self.capacity)
        }
      }
      let zero = Int32(truncatingIfNeeded: inside) &* inputZero
      for channel in 0..<output.channels { sums[channel] &-= zero }
      let divisor =
        countsPadding ? window.paddedCount(pixel, bottom: bottom, right: right) : inside
      let factor = multiplier / Float(divisor)
      kernels.requantize(
        sums,
        factor,
        output.zeroPoint,
        low,
        high,
        output.pixel(pixel),
        output.channels
      )
    }
  }

  /// Adds up all pixels, those of a vector side by side first.
  @_optimize(speed)
  private func addImage(
    to sums: UnsafeMutablePointer<Int32>,
    _ taps: UnsafeMutablePointer<UnsafePointer<UInt8>?>
  ) {
    let channels = input.channels
    let vectors = input.pixels / pixelsPerVector
    addRow(to: sums, taps, from: 0, vectors, of: Self.lanes)
    for lane in channels..<Self.lanes { sums[lane % channels] &+= sums[lane] }
    let first = vectors * pixelsPerVector
    addRow(to: sums, taps, from: first, input.pixels - first, of: channels)
  }

  /// Adds `count` times `channels` bytes from a pixel on.
  @_optimize(speed)
  private func addRow(
    to sums: UnsafeMutablePointer<Int32>,
    _ taps: UnsafeMutablePointer<UnsafePointer<UInt8>?>,
    from pixel: Int,
    _ count: Int,
    of channels: Int
  ) {
    let base = UnsafePointer(input.pixel(pixel))
    for first in stride(from: 0, to: count, by: Self.capacity) {
      let part = min(count - first, Self.capacity)
      for index in 0..<part { taps[index] = base + (first + index) * channels }
      kernels.sum_u8(taps, part, sums, channels)
    }
  }
}
