internal import ModelFormat

/// A border around the input: FORMAT.md, kind 14.
struct Pad {
  private let input: TensorView
  private let output: TensorView
  private let top: Int
  private let left: Int
  private let padPixel: UInt32

  init(_ plan: Plan, _ record: OperatorRecord) {
    input = plan.view(record.input)
    output = plan.view(record.output)
    (top, left) = (record.padTop, record.padLeft)
    padPixel = record.padPixel
  }

  @_optimize(speed)
  func run(_ share: Share) {
    for pixel in share.range(output.pixels) {
      let y = pixel / output.width
      let row = y - top
      let column = pixel - y * output.width - left
      let to = output.pixel(pixel)
      if row >= 0 && row < input.height && column >= 0 && column < input.width {
        UnsafeMutableRawPointer(to).copyMemory(
          from: input.pixel(row * input.width + column),
          byteCount: output.channels
        )
      } else {
        for channel in 0..<output.channels {
          to[channel] = UInt8(truncatingIfNeeded: padPixel >> UInt32(channel % 4 * 8))
        }
      }
    }
  }
}
