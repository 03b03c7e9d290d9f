internal import ModelFormat

/// Reordering, selection or repetition of channels: FORMAT.md, kind 8.
struct GatherChannels {
  private let input: TensorView
  private let output: TensorView
  private let indices: UnsafePointer<UInt32>

  init(_ plan: Plan, _ record: OperatorRecord) {
    input = plan.view(record.input)
    output = plan.view(record.output)
    indices = plan.constants(record, UInt32.self)
  }

  @_optimize(speed)
  func run(_ share: Share) {
    for pixel in share.range(output.pixels) {
      if output.elementSize == 1 {
        let (from, to) = (input.pixel(pixel), output.pixel(pixel))
        for channel in 0..<output.channels { to[channel] = from[Int(indices[channel])] }
      } else {
        let (from, to) = (input.floats(pixel), output.floats(pixel))
        for channel in 0..<output.channels { to[channel] = from[Int(indices[channel])] }
      }
    }
  }
}
