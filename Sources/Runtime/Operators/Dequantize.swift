internal import ModelFormat

/// Bytes or u8.8 to float32: FORMAT.md, kind 11.
struct Dequantize {
  private let input: TensorView
  private let output: TensorView
  private let scale: Float

  init(_ plan: Plan, _ record: OperatorRecord) {
    input = plan.view(record.input)
    output = plan.view(record.output)
    scale = plan.file.tensors[record.input].scale
  }

  @_optimize(speed)
  func run(_ share: Share) {
    let zero = Float(input.zeroPoint)
    for pixel in share.range(output.pixels) {
      let (from, to) = (input.pixel(pixel), output.floats(pixel))
      if input.isWide {
        let first = pixel * output.channels
        for channel in 0..<output.channels { to[channel] = input.value(first + channel) }
        continue
      }
      for channel in 0..<output.channels { to[channel] = (Float(from[channel]) - zero) * scale }
    }
  }
}
