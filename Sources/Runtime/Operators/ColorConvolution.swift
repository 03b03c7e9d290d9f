internal import CKernels
internal import ModelFormat

#if arch(x86_64)
/// Convolution of an image of up to three channels, a first layer: FORMAT.md, kind 1.
///
/// The kernel takes an output row a call, in whose vectors lanes are pixels.
struct ColorConvolution {
  private let output: TensorView
  private let rows: InputRows
  private let kernel:
    @convention(c) (UnsafePointer<ck_color_run>?, UnsafePointer<ck_epilogue>?) -> Void
  private let arrange:
    @convention(c) (UnsafePointer<Int8>?, Int, Int, UnsafeMutablePointer<Int16>?) -> Void
  private let weights: UnsafePointer<Int8>
  private let epilogue: ck_epilogue
  @Compact private var kernelHeight: Int
  @Compact private var kernelWidth: Int
  @Compact private var strideX: Int
  @Compact private var blocks: Int
  @Compact private var weightsOffset: Int
  @Compact private var inputOffset: Int

  /// Whether this beats runs of pixels in sets with a dot product of bytes, as measured: by what runs leave empty of their
  /// lanes, or where many products share the arrangement of inputs.
  private static func isFasterThanDots(_ record: OperatorRecord, _ channels: Int) -> Bool {
    let last = channels % 16
    return (last > 0 && last <= 8) || channels >= 32 || record.strideX == 1
      || record.kernelHeight * record.kernelWidth > 9
  }

  /// Nil where the kernel set has no kernel for it or others are faster, and for all other convolutions.
  init?(_ plan: Plan, _ record: OperatorRecord, _ scratch: inout ScratchLayout) {
    let input = plan.view(record.input)
    let output = plan.view(record.output)
    let taps = record.kernelHeight * record.kernelWidth
    let side = max(record.kernelHeight, record.kernelWidth)
    guard let kernel = plan.kernels.conv_color, let arrange = plan.kernels.color_weights,
      input.channels <= 3, input.pixelBytes == 4, output.elementSize == 1, record.groups == 1,
      record.secondInput == OperatorRecord.noTensor, record.dilationY == 1, record.dilationX == 1,
      record.strideX <= 2, output.width >= Int(CK_COLOR_PIXELS), side <= Int(CK_COLOR_SIDE),
      !plan.hasDotProduct || Self.isFasterThanDots(record, output.channels)
    else { return nil }
    var layout = scratch
    guard let rows = InputRows(record, input: input, output: output, &layout) else { return nil }
    self.kernel = kernel
    self.arrange = arrange
    self.output = output
    self.rows = rows
    let packed = PackedLayout(
      outputs: output.channels,
      inputs: input.channels,
      taps: taps,
      groups: 1
    )
    weights = plan.weights(record)
    epilogue = plan.epilogue(record, packed, output: output, residual: nil)
    (kernelHeight, kernelWidth) = (record.kernelHeight, record.kernelWidth)
    strideX = record.strideX
    blocks = packed.blocks
    let pairs = taps + (taps + 1) / 2
    weightsOffset = layout.reserve(Int16.self, 32 * packed.blocks * pairs)
    inputOffset = layout.reserve(Int32.self, ck_color_words(taps))
    scratch = layout
  }

  @_optimize(speed)
  func run(_ share: Share) {
    let lines = share.range(output.height)
    guard !lines.isEmpty else { return }
    let arranged = share.scratch.array(Int16.self, at: weightsOffset)
    arrange(weights, kernelHeight * kernelWidth, blocks, arranged)
    rows.start(share.scratch)
    var ending = epilogue
    var pass = InputRows.Pass()
    var y = lines.lowerBound
    while y < lines.upperBound {
      let taps = rows.taps(share.scratch, y: y, count: lines.upperBound - y, x: 0, &pass)
      for line in y..<y + taps.rows {
        var run = ck_color_run(
          rows: UnsafePointer(taps.pointers),
          height: kernelHeight,
          width: kernelWidth,
          stride: strideX,
          pixels: output.width,
          weights: UnsafePointer(arranged),
          channels: output.channels,
          output: output.pixel(line * output.width),
          output_bytes: output.pixelBytes,
          scratch: share.scratch.array(Int32.self, at: inputOffset)
        )
        kernel(&run, &ending)
        for tap in 0..<kernelHeight {
          taps.pointers[tap] = taps.pointers[tap].map { $0 + rows.lineBytes }
        }
      }
      y += taps.rows
    }
  }
}
#else
typealias ColorConvolution = AbsentForm
#endif
