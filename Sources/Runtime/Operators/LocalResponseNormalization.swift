internal import ModelFormat

/// Local response normalization across channels: FORMAT.md, kind 13.
struct LocalResponseNormalization {
  private let input: TensorView
  private let output: TensorView
  private let before: Int
  private let after: Int
  private let shift: UInt32
  private let factors: UnsafePointer<Float>
  private let low: Int32
  private let high: Int32

  init(_ plan: Plan, _ record: OperatorRecord) {
    input = plan.view(record.input)
    output = plan.view(record.output)
    before = (record.kernelWidth - 1) / 2
    after = record.kernelWidth / 2
    let constants = plan.constants(record, UInt32.self)
    shift = constants.pointee
    factors = UnsafeRawPointer(constants + 16).assumingMemoryBound(to: Float.self)
    (low, high) = (record.clampLow, record.clampHigh)
  }

  @_optimize(speed)
  func run(_ share: Share) {
    let channels = output.channels
    let zero = input.zeroPoint
    for pixel in share.range(output.pixels) {
      let (from, to) = (input.pixel(pixel), output.pixel(pixel))
      func square(_ channel: Int) -> UInt32 {
        let value = Int32(from[channel]) - zero
        return UInt32(value * value)
      }
      // The window slides: one square enters, one leaves.
      var sum: UInt32 = 0
      for channel in 0..<min(after, channels) { sum += square(channel) }
      for channel in 0..<channels {
        if channel + after < channels { sum += square(channel + after) }
        let factor = factors[Int(min(sum >> shift, 4095))]
        let value = Float(Int32(from[channel]) - zero) * factor
        to[channel] = PortableKernels.quantize(value, output.zeroPoint, low, high)
        if channel >= before { sum -= square(channel - before) }
      }
    }
  }
}
