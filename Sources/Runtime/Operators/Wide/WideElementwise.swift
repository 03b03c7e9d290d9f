internal import ModelFormat

/// Sum and product of two tensors, or of a tensor and a vector of channels, one of them u8.8: FORMAT.md, kinds 5 and 6.
struct WideElementwise {
  private let first: WideSource
  private let second: WideSource
  private let output: WideTarget
  private let isProduct: Bool
  private let isBroadcast: Bool
  private let multiplierA: Float
  private let multiplierB: Float
  private let firstOffset: Int
  private let secondOffset: Int

  init(_ plan: Plan, _ record: OperatorRecord, _ scratch: inout ScratchLayout) {
    first = WideSource(view: plan.view(record.input))
    second = WideSource(view: plan.view(record.secondInput))
    output = WideTarget(plan.view(record.output), record)
    isProduct = record.kind == .multiply
    isBroadcast = record.flags & 1 == 1
    multiplierA = record.multiplierA
    multiplierB = record.multiplierB
    firstOffset = scratch.reserve(Float.self, output.view.channels)
    secondOffset = scratch.reserve(Float.self, output.view.channels)
  }

  @_optimize(speed)
  func run(_ share: Share) {
    let a = share.scratch.array(Float.self, at: firstOffset)
    let b = share.scratch.array(Float.self, at: secondOffset)
    let channels = output.view.channels
    for pixel in share.range(output.view.pixels) {
      first.read(pixel, channel: 0, channels, to: a)
      second.read(isBroadcast ? 0 : pixel, channel: 0, channels, to: b)
      if isProduct {
        for channel in 0..<channels { a[channel] = a[channel] * b[channel] * multiplierA }
      } else {
        for channel in 0..<channels { a[channel] *= multiplierA }
        addProducts(a, b, multiplierB, channels)
      }
      output.write(a, pixel, channel: 0, channels)
    }
  }
}
