internal import CKernels
internal import ModelFormat

/// Mean over a window from or to u8.8, and of one tap the way from one to the other: FORMAT.md, kind 4.
struct WideAveragePool {
  private let output: WideTarget
  private let window: PoolWindow
  private let kernels: ck_kernels
  private let inputZero: Int32
  private let isWide: Bool
  private let lowBytes: Int
  private let multiplier: Float
  private let countsPadding: Bool
  private let bottom: Int
  private let right: Int
  private let slots: Int
  private let tapsOffset: Int
  private let highOffset: Int
  private let lowOffset: Int
  private let valuesOffset: Int

  private static let capacity = 64

  init(_ plan: Plan, _ record: OperatorRecord, _ scratch: inout ScratchLayout) {
    let input = plan.view(record.input)
    let view = plan.view(record.output)
    output = WideTarget(view, record)
    window = PoolWindow(record, input: input, output: view)
    kernels = plan.kernels
    inputZero = input.zeroPoint
    isWide = input.isWide
    lowBytes = input.lowBytes
    multiplier = record.multiplierA
    countsPadding = record.flags & 1 == 1
    let padding = plan.constants(record, UInt32.self).pointee
    bottom = Int(padding >> 16)
    right = Int(padding & 0xFFFF)
    slots = (view.channels + 63) / 64 * 64
    tapsOffset = scratch.reserve(UnsafePointer<UInt8>?.self, Self.capacity)
    highOffset = scratch.reserve(Int32.self, slots)
    lowOffset = scratch.reserve(Int32.self, slots)
    valuesOffset = scratch.reserve(Float.self, slots)
  }

  func run(_ share: Share) {
    let taps = share.scratch.array(UnsafePointer<UInt8>?.self, at: tapsOffset)
    let high = share.scratch.array(Int32.self, at: highOffset)
    let low = share.scratch.array(Int32.self, at: lowOffset)
    let values = share.scratch.array(Float.self, at: valuesOffset)
    let channels = output.view.channels
    for pixel in share.range(output.view.pixels) {
      for slot in 0..<slots { (high[slot], low[slot]) = (0, 0) }
      var cursor = window.cursor(pixel)
      let inside = cursor.count
      var count = window.take(&cursor, taps, capacity: Self.capacity)
      while count > 0 {
        kernels.sum_u8(taps, count, high, channels)
        if isWide {
          shiftPointers(taps, count: count, by: lowBytes)
          kernels.sum_u8(taps, count, low, channels)
        }
        count = window.take(&cursor, taps, capacity: Self.capacity)
      }
      let zero = Int32(truncatingIfNeeded: inside) &* inputZero
      let divisor =
        countsPadding ? window.paddedCount(pixel, bottom: bottom, right: right) : inside
      let factor = multiplier / Float(divisor)
      for channel in 0..<channels {
        let whole = Float(high[channel] &- zero) * factor
        values[channel] = whole + Float(low[channel]) * factor * (1 / 256)
      }
      output.write(values, pixel, channel: 0, channels)
    }
  }
}
