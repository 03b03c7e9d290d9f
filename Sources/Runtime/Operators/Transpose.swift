internal import ModelFormat

/// A permutation of height, width and channels: FORMAT.md, kind 15.
struct Transpose {
  private let input: TensorView
  private let output: TensorView
  /// Bytes of the input between neighbours along the output's rows, columns and channels.
  private let rowBytes: Int
  private let columnBytes: Int
  private let channelBytes: Int

  init(_ plan: Plan, _ record: OperatorRecord) {
    input = plan.view(record.input)
    output = plan.view(record.output)
    let (pixel, width, element) = (input.pixelBytes, input.width, input.elementSize)
    func bytes(_ outputAxis: UInt32) -> Int {
      switch record.flags >> (2 * outputAxis) & 3 {
      case 0: width * pixel
      case 1: pixel
      default: element
      }
    }
    rowBytes = bytes(0)
    columnBytes = bytes(1)
    channelBytes = bytes(2)
  }

  @_optimize(speed)
  func run(_ share: Share) {
    for pixel in share.range(output.pixels) {
      let y = pixel / output.width
      let from = input.bytes + y * rowBytes + (pixel - y * output.width) * columnBytes
      if output.elementSize == 1 {
        let to = output.pixel(pixel)
        for channel in 0..<output.channels { to[channel] = from[channel * channelBytes] }
      } else {
        let to = output.floats(pixel)
        for channel in 0..<output.channels {
          to[channel] = UnsafeRawPointer(from + channel * channelBytes).load(as: Float.self)
        }
      }
    }
  }
}
