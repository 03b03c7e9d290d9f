internal import ModelFormat

/// The same dense sequence in another shape: FORMAT.md, kind 12.
struct Reshape {
  private let input: TensorView
  private let output: TensorView

  init(_ plan: Plan, _ record: OperatorRecord) {
    input = plan.view(record.input)
    output = plan.view(record.output)
  }

  @_optimize(speed)
  func run(_ share: Share) {
    let pixels = share.range(output.pixels)
    guard !pixels.isEmpty else { return }
    // Element runs that lie in one pixel on both sides.
    var left = pixels.count * output.channels
    let first = pixels.lowerBound * output.channels
    var (fromPixel, fromChannel) = (first / input.channels, first % input.channels)
    var (toPixel, toChannel) = (pixels.lowerBound, 0)
    let size = output.elementSize
    while left > 0 {
      let run = min(left, input.channels - fromChannel, output.channels - toChannel)
      (output.base + toPixel * output.pixelBytes + toChannel * size).copyMemory(
        from: input.base + fromPixel * input.pixelBytes + fromChannel * size,
        byteCount: run * size
      )
      left -= run
      fromChannel += run
      toChannel += run
      if fromChannel == input.channels { (fromPixel, fromChannel) = (fromPixel + 1, 0) }
      if toChannel == output.channels { (toPixel, toChannel) = (toPixel + 1, 0) }
    }
  }
}
