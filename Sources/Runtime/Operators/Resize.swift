internal import ModelFormat

/// Nearest or bilinear change of height and width: FORMAT.md, kind 9 and "Resize".
struct Resize {
  private let input: TensorView
  private let output: TensorView
  private let isBilinear: Bool
  private let alignsCorners: Bool
  private let isHalfPixel: Bool

  init(_ plan: Plan, _ record: OperatorRecord) {
    input = plan.view(record.input)
    output = plan.view(record.output)
    isBilinear = record.flags & 1 != 0
    alignsCorners = record.flags & 2 != 0
    isHalfPixel = record.flags & 4 != 0
  }

  /// Two source coordinates of an output coordinate, and the share of the second.
  @_optimize(speed)
  private func source(_ index: Int, _ from: Int, _ to: Int) -> (Int, Int, Float) {
    var source: Float
    if isHalfPixel {
      source = (Float(index) + 0.5) * Float(from) / Float(to) - 0.5
    } else if alignsCorners {
      source = to == 1 ? 0 : Float(index) * Float(from - 1) / Float(to - 1)
    } else {
      source = Float(index) * Float(from) / Float(to)
    }
    if !isBilinear && isHalfPixel { source += 0.5 }
    // ⌊source⌋ without libm: truncation, one less where that went up.
    var low = Int(source)
    if Float(low) > source { low -= 1 }
    let share = source - Float(low)
    return (min(max(low, 0), from - 1), min(max(low + 1, 0), from - 1), share)
  }

  @_optimize(speed)
  func run(_ share: Share) {
    for pixel in share.range(output.pixels) {
      let y = pixel / output.width
      let (top, bottom, shareY) = source(y, input.height, output.height)
      let (left, right, shareX) = source(pixel - y * output.width, input.width, output.width)
      let to = output.pixel(pixel)
      let topLeft = input.pixel(top * input.width + left)
      guard isBilinear else {
        UnsafeMutableRawPointer(to).copyMemory(from: topLeft, byteCount: output.channels)
        continue
      }
      let topRight = input.pixel(top * input.width + right)
      let bottomLeft = input.pixel(bottom * input.width + left)
      let bottomRight = input.pixel(bottom * input.width + right)
      for channel in 0..<output.channels {
        let upper =
          Float(topLeft[channel]) * (1 - shareX) + Float(topRight[channel]) * shareX
        let lower =
          Float(bottomLeft[channel]) * (1 - shareX) + Float(bottomRight[channel]) * shareX
        let value = upper * (1 - shareY) + lower * shareY
        to[channel] = PortableKernels.quantize(value, 0, 0, 255)
      }
    }
  }
}
