internal import ModelFormat

/// Any function of a u8.8 number, linear between the 257 numbers of a table: FORMAT.md, kind 7.
struct WideLookup {
  private let input: TensorView
  private let output: TensorView
  private let table: UnsafePointer<UInt16>

  init(_ plan: Plan, _ record: OperatorRecord) {
    input = plan.view(record.input)
    output = plan.view(record.output)
    table = plan.constants(record, UInt16.self)
  }

  @_optimize(speed)
  func run(_ share: Share) {
    for pixel in share.range(output.pixels) {
      let (from, to) = (input.pixel(pixel), output.pixel(pixel))
      for channel in 0..<output.channels {
        let (high, low) = (Int(from[channel]), UInt32(from[channel + input.lowBytes]))
        // At most 65535 × 256 + 128.
        let number =
          (UInt32(table[high]) &* (256 &- low) &+ UInt32(table[high + 1]) &* low &+ 128) &>> 8
        if output.isWide {
          to[channel] = UInt8(truncatingIfNeeded: number &>> 8)
          to[channel + output.lowBytes] = UInt8(truncatingIfNeeded: number)
        } else {
          to[channel] = UInt8(truncatingIfNeeded: min(255, (number &+ 128) &>> 8))
        }
      }
    }
  }
}
