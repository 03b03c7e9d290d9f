internal import ModelFormat

/// An operator that reads or writes u8.8: FORMAT.md, "Numbers".
///
/// The few layers that need them are not worth kernels of their own: convolutions take the kernels of bytes twice, once for
/// each half of a u8.8 number, everything else is loops over the channels of a pixel.
enum WideOperator {
  case convolution(WideConvolution)
  case depthwise(WideDepthwise)
  case averagePool(WideAveragePool)
  case elementwise(WideElementwise)
  case lookup(WideLookup)

  /// Nothing where all tensors are bytes or float32, or the usual operator takes u8.8 too.
  init?(_ plan: Plan, _ record: OperatorRecord, _ scratch: inout ScratchLayout) {
    let tensors = plan.file.tensors
    let second = record.secondInput == OperatorRecord.noTensor ? record.input : record.secondInput
    guard
      tensors[record.input].elementType == .wide || tensors[second].elementType == .wide
        || tensors[record.output].elementType == .wide
    else { return nil }
    switch record.kind {
    case .convolution: self = .convolution(WideConvolution(plan, record, &scratch))
    case .depthwiseConvolution: self = .depthwise(WideDepthwise(plan, record, &scratch))
    case .averagePool: self = .averagePool(WideAveragePool(plan, record, &scratch))
    case .add, .multiply: self = .elementwise(WideElementwise(plan, record, &scratch))
    case .lookup: self = .lookup(WideLookup(plan, record))
    default: return nil
    }
  }

  /// Does one thread's share.
  func run(_ share: Share) {
    switch self {
    case .convolution(let step): step.run(share)
    case .depthwise(let step): step.run(share)
    case .averagePool(let step): step.run(share)
    case .elementwise(let step): step.run(share)
    case .lookup(let step): step.run(share)
    }
  }
}
