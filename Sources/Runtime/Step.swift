internal import ModelFormat

/// An operator that is ready to run: plain numbers and pointers, no reference to count.
struct Step {
  private enum Body {
    case convolution(Convolution)
    case singleChannel(SingleChannelConvolution)
    case color(ColorConvolution)
    case winograd(WinogradConvolution)
    case bytes(ByteConvolution)
    case runConvolution(RunConvolution)
    case depthwise(DepthwiseConvolution)
    case depthwiseRows(DepthwiseRows)
    case maxPool(MaxPool)
    case averagePool(AveragePool)
    case elementwise(Elementwise)
    case lookup(Lookup)
    case gatherChannels(GatherChannels)
    case resize(Resize)
    case softmax(Softmax)
    case dequantize(Dequantize)
    case reshape(Reshape)
    case localResponseNormalization(LocalResponseNormalization)
    case pad(Pad)
    case transpose(Transpose)
    case wide(WideOperator)
  }

  private let body: Body
  /// Whether the work is worth waking other threads.
  let isParallel: Bool

  /// The work from which a second thread gains more than it costs: 2 µs with AVX-512, a unit being 0.2 to 0.5 ns there.
  static let parallelWork: UInt64 = 5_000

  init(
    _ plan: Plan,
    _ record: OperatorRecord,
    _ scratch: inout ScratchLayout,
    _ parallelWork: UInt64
  ) {
    let output = plan.file.tensors[record.output]
    let elements = UInt64(output.elementCount)
    let taps = UInt64(record.kernelHeight * record.kernelWidth)
    // Kernels take output channels by sixteens.
    let lanes = UInt64((output.channels + 15) / 16 * 16 * output.height * output.width)
    // Threads divide pixels, but the channels of convolutions too.
    let isDivisible = record.kind == .convolution || output.height * output.width > 1
    if let step = WideOperator(plan, record, &scratch) {
      body = .wide(step)
      isParallel = isDivisible && elements * taps >= parallelWork
      return
    }
    var work = elements
    switch record.kind {
    case .convolution:
      if let step = SingleChannelConvolution(plan, record, &scratch) {
        body = .singleChannel(step)
      } else if let step = ColorConvolution(plan, record, &scratch) {
        body = .color(step)
      } else if let step = WinogradConvolution(plan, record, &scratch) {
        body = .winograd(step)
      } else if let step = ByteConvolution(plan, record, &scratch) {
        body = .bytes(step)
      } else if let runs = RunConvolution(plan, record, &scratch) {
        body = .runConvolution(runs)
      } else {
        body = .convolution(Convolution(plan, record, &scratch))
      }
      let inputs = (plan.file.tensors[record.input].channels / record.groups + 3) / 4 * 4
      // Requantization takes as long as 32 products.
      work = lanes * (taps * UInt64(inputs) + 32) / 32
    case .depthwiseConvolution:
      if let rows = DepthwiseRows(plan, record, &scratch) {
        body = .depthwiseRows(rows)
      } else {
        body = .depthwise(DepthwiseConvolution(plan, record, &scratch))
      }
      work = lanes * taps / 12
    case .maxPool:
      body = .maxPool(MaxPool(plan, record, &scratch))
      work = elements * taps / 8
    case .averagePool:
      body = .averagePool(AveragePool(plan, record, &scratch))
      work = elements * taps / 8
    case .add, .multiply:
      body = .elementwise(Elementwise(plan, record))
      work = elements / 8
    case .lookup: body = .lookup(Lookup(plan, record))
    case .gatherChannels: body = .gatherChannels(GatherChannels(plan, record))
    case .resize: body = .resize(Resize(plan, record))
    case .softmax: body = .softmax(Softmax(plan, record))
    case .dequantize: body = .dequantize(Dequantize(plan, record))
    case .reshape: body = .reshape(Reshape(plan, record))
    case .localResponseNormalization:
      body = .localResponseNormalization(LocalResponseNormalization(plan, record))
    case .pad: body = .pad(Pad(plan, record))
    case .transpose: body = .transpose(Transpose(plan, record))
    }
    isParallel = isDivisible && work >= parallelWork
  }

  /// Does one thread's share.
  func run(_ share: Share) {
    switch body {
    case .convolution(let step): step.run(share)
    case .singleChannel(let step): step.run(share)
    case .color(let step): step.run(share)
    case .winograd(let step): step.run(share)
    case .bytes(let step): step.run(share)
    case .runConvolution(let step): step.run(share)
    case .depthwise(let step): step.run(share)
    case .depthwiseRows(let step): step.run(share)
    case .maxPool(let step): step.run(share)
    case .averagePool(let step): step.run(share)
    case .elementwise(let step): step.run(share)
    case .lookup(let step): step.run(share)
    case .gatherChannels(let step): step.run(share)
    case .resize(let step): step.run(share)
    case .softmax(let step): step.run(share)
    case .dequantize(let step): step.run(share)
    case .reshape(let step): step.run(share)
    case .localResponseNormalization(let step): step.run(share)
    case .pad(let step): step.run(share)
    case .transpose(let step): step.run(share)
    case .wide(let step): step.run(share)
    }
  }
}
