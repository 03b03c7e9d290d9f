internal import CKernels
internal import ModelFormat
internal import Runtime

/// The random values of one call, and the memory that kernels see: one of its pixels, weights, constants and pointers end at
/// guard pages.
final class RowLayer {
  let rounding: Rounding
  private let call: RowCases.Call
  private let input: [UInt8]
  private let constants: LayerConstants
  private let pixel: GuardedMemory
  private let pointers: GuardedMemory
  /// Where in the table the pixel at the guard page is.
  private let moved: Int

  init(_ call: RowCases.Call) throws(RuntimeError) {
    self.call = call
    var random = SplitMix64(seed: call.seed)
    rounding = call.values.rounding(&random)
    let shape = KernelLayer.Shape(
      isDepthwise: true,
      values: call.values,
      taps: call.kernel * call.kernel,
      seed: call.seed
    )
    constants = try LayerConstants(shape, channels: call.channels, &random)
    let count = call.inputRows * call.inputColumns
    let pixelBytes = KernelLayer.readable(call.channels)
    var input = [UInt8](repeating: 0, count: count * pixelBytes)
    for index in input.indices { input[index] = call.values.activation(&random) }
    self.input = input
    pixel = try GuardedMemory(pixelBytes, of: UInt8.self)
    pointers = try GuardedMemory(count, of: UnsafePointer<UInt8>?.self)
    moved = random.number(0...(count - 1))
  }

  func run(
    _ kernel:
      @convention(c) (UnsafePointer<ck_depthwise_rows>?, UnsafePointer<ck_epilogue>?) -> Void,
    into target: GuardedRows
  ) {
    let weights = constants.place(call.channels)
    var epilogue = constants.epilogue(call.channels, rounding)
    target.clear(rows: call.rows * call.width, rowBytes: call.channels)
    let pixelBytes = target.row(1) - target.row(0)
    input.withUnsafeBufferPointer { input in
      guard let input = input.baseAddress else { return }
      let count = call.inputRows * call.inputColumns
      let table = pointers.last(count, of: UnsafePointer<UInt8>?.self)
      let readable = KernelLayer.readable(call.channels)
      for index in 0..<count { table[index] = input + index * readable }
      table[moved] = UnsafePointer(pixel.place(input + moved * readable, readable))
      var rows = ck_depthwise_rows(
        input: UnsafePointer(table),
        rows: call.rows,
        width: call.width,
        kernel: call.kernel,
        stride: call.stride,
        weights: weights,
        channels: call.channels,
        output: target.row(0).assumingMemoryBound(to: UInt8.self),
        pixel_bytes: pixelBytes,
        row_bytes: call.width * pixelBytes
      )
      kernel(&rows, &epilogue)
    }
  }
}
