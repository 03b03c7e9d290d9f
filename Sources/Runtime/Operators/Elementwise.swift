internal import CKernels
internal import ModelFormat

/// Sum and product of two tensors, or of a tensor and a vector of channels: FORMAT.md, kinds 5 and 6.
struct Elementwise {
  private let first: TensorView
  private let second: TensorView
  private let output: TensorView
  private let kernels: ck_kernels
  private let isProduct: Bool
  private let isBroadcast: Bool
  private let multiplierA: Float
  private let multiplierB: Float
  private let low: Int32
  private let high: Int32
  /// Whether all pixels follow each other alike, so that one call can take many.
  private let isFlat: Bool

  init(_ plan: Plan, _ record: OperatorRecord) {
    first = plan.view(record.input)
    second = plan.view(record.secondInput)
    output = plan.view(record.output)
    kernels = plan.kernels
    isProduct = record.kind == .multiply
    isBroadcast = record.flags & 1 == 1
    multiplierA = record.multiplierA
    multiplierB = record.multiplierB
    (low, high) = (record.clampLow, record.clampHigh)
    let isAligned =
      first.pixelBytes == output.pixelBytes && second.pixelBytes == output.pixelBytes
    // Lanes between channels and stride are anybody's, but a view's neighbours are not.
    isFlat = !isBroadcast && isAligned && (output.ownsMemory || output.isDense)
  }

  @_optimize(speed)
  func run(_ share: Share) {
    let range = share.range(output.pixels)
    if isProduct && isBroadcast {
      scale(range)
    } else if isFlat {
      apply(range.lowerBound, range.count * output.pixelBytes)
    } else {
      for pixel in range { apply(pixel, output.channels) }
    }
  }

  /// The product with a vector of channels.
  @_optimize(speed)
  private func scale(_ pixels: Range<Int>) {
    guard !pixels.isEmpty else { return }
    var call = ck_scaling(
      input: first.pixel(pixels.lowerBound),
      factors: second.pixel(0),
      output: output.pixel(pixels.lowerBound),
      input_step: first.pixelBytes,
      output_step: output.pixelBytes,
      pixels: pixels.count,
      channels: output.channels,
      input_zero_point: first.zeroPoint,
      factor_zero_point: second.zeroPoint,
      zero_point: output.zeroPoint,
      low: low,
      high: high,
      multiplier: multiplierA
    )
    kernels.scale_u8(&call)
  }

  @_optimize(speed)
  private func apply(_ pixel: Int, _ count: Int) {
    guard count > 0 else { return }
    let a = first.pixel(pixel)
    let b = second.pixel(isBroadcast ? 0 : pixel)
    if isProduct {
      kernels.multiply_u8(
        a,
        first.zeroPoint,
        b,
        second.zeroPoint,
        multiplierA,
        output.zeroPoint,
        low,
        high,
        output.pixel(pixel),
        count
      )
    } else {
      kernels.add_u8(
        a,
        first.zeroPoint,
        multiplierA,
        b,
        second.zeroPoint,
        multiplierB,
        output.zeroPoint,
        low,
        high,
        output.pixel(pixel),
        count
      )
    }
  }
}
