internal import CKernels
internal import ModelFormat

/// What preparing an operator may look at.
///
/// Its functions stay out of line: every operator calls them once or more, and none is called in a run.
struct Plan {
  let file: ModelFile
  let arena: UnsafeMutableRawPointer
  let kernels: ck_kernels

  /// Whether the set has an instruction for dot products of bytes: without one, it has weights widened.
  var hasDotProduct: Bool { kernels.widen == nil }

  @inline(never)
  func view(_ tensor: Int) -> TensorView {
    TensorView(file.tensors[tensor], index: tensor, arena: arena)
  }

  func weights(_ record: OperatorRecord) -> UnsafePointer<Int8> {
    bytes(file.weights, record.weightsOffset).assumingMemoryBound(to: Int8.self)
  }

  func constants<Element>(_ record: OperatorRecord, _ type: Element.Type) -> UnsafePointer<Element>
  {
    bytes(file.constants, record.constantsOffset).assumingMemoryBound(to: type)
  }

  @inline(never)
  private func bytes(_ section: UnsafeRawBufferPointer, _ offset: Int) -> UnsafeRawPointer {
    // The section is not empty: the reader has compared its size with what the operator needs.
    UnsafeRawPointer(
      UnsafeRawBufferPointer(rebasing: section[offset...]).baseAddress ?? UnsafeRawPointer(arena)
    )
  }

  @inline(never)
  func epilogue(
    _ record: OperatorRecord,
    _ layout: PackedLayout,
    output: TensorView,
    residual: TensorView?
  ) -> ck_epilogue {
    let bias = constants(record, Int32.self)
    let slots = layout.channelSlots
    return ck_epilogue(
      bias: bias,
      multiplier: UnsafeRawPointer(bias + slots).assumingMemoryBound(to: Float.self),
      weight_sum: bias + 2 * slots,
      zero_point: output.zeroPoint,
      low: record.clampLow,
      high: record.clampHigh,
      residual: nil,
      residual_multiplier: record.multiplierA,
      residual_zero_point: residual?.zeroPoint ?? 0
    )
  }
}
