internal import CKernels
internal import ModelFormat

#if arch(x86_64)
/// A convolution whose kernel takes runs of pixels that lie evenly: all at once where each output pixel reads one input pixel,
/// an output row at a time otherwise.
struct RunConvolution {
  private let input: TensorView
  private let output: TensorView
  private let residual: TensorView?
  private let kernel:
    @convention(c) (UnsafePointer<ck_conv_run>?, UnsafePointer<ck_epilogue>?) -> Void
  private let widen:
    (@convention(c) (UnsafePointer<Int8>?, Int, Int, UnsafeMutablePointer<Int16>?) -> Void)?
  /// Nil where output pixel i reads input pixel i alone.
  private let rows: InputRows?
  @Compact private var quads: Int
  private let weights: UnsafePointer<Int8>
  private let blockBytes: Int
  @Compact private var blocks: Int
  @Compact private var blocksPerSweep: Int
  private let epilogue: ck_epilogue
  @Compact private var pointerOffset: Int
  @Compact private var widenedOffset: Int
  @Compact private var workOffset: Int

  /// Bytes of weights that one sweep over the rows uses.
  private static let weightBytesPerSweep = 320 << 10
  /// Blocks that kernels like to have together.
  private static let tileBlocks = 3
  /// Where weights are widened: fewest pixels, fewest in a row, and most groups of four input channels of a window, with
  /// which runs are faster than tiles.
  private static let (leastPixels, leastWidth, mostSteps) = (12, 7, 72)

  /// Nil where the set has no such kernel or others are faster, and for grouped convolutions and float outputs.
  init?(_ plan: Plan, _ record: OperatorRecord, _ scratch: inout ScratchLayout) {
    let input = plan.view(record.input)
    let output = plan.view(record.output)
    guard let kernel = plan.kernels.conv_run, record.groups == 1, output.elementSize == 1 else {
      return nil
    }
    let isLinear =
      record.kernelHeight == 1 && record.kernelWidth == 1 && record.strideY == 1
      && record.strideX == 1 && record.padTop == 0 && record.padLeft == 0
      && output.width == input.width && output.height <= input.height
    let packed = PackedLayout(
      outputs: output.channels,
      inputs: input.channels,
      taps: record.kernelHeight * record.kernelWidth,
      groups: 1
    )
    let widen = plan.kernels.widen_run
    if widen != nil {
      // Tiles add residuals in registers where channels fill them.
      let isAddedByTiles =
        record.secondInput != OperatorRecord.noTensor && output.channels % 16 == 0
      guard packed.steps <= Self.mostSteps, output.pixels >= Self.leastPixels,
        isLinear || output.width >= Self.leastWidth, !isAddedByTiles
      else { return nil }
    }
    var layout = scratch
    if isLinear {
      rows = nil
    } else {
      guard let rows = InputRows(record, input: input, output: output, &layout) else { return nil }
      self.rows = rows
    }
    self.kernel = kernel
    self.widen = widen
    self.input = input
    self.output = output
    let hasResidual = record.secondInput != OperatorRecord.noTensor
    residual = hasResidual ? plan.view(record.secondInput) : nil
    quads = (input.channels + 3) / 4
    weights = plan.weights(record)
    blockBytes = packed.steps * 64
    blocks = packed.blocks
    let most = widen == nil ? Self.weightBytesPerSweep : Self.weightBytesPerSweep / 2
    let fitting = most / blockBytes / Self.tileBlocks * Self.tileBlocks
    let blocksPerSweep = isLinear && widen == nil ? packed.blocks : max(Self.tileBlocks, fitting)
    self.blocksPerSweep = blocksPerSweep
    epilogue = plan.epilogue(record, packed, output: output, residual: residual)
    pointerOffset = layout.reserve(UnsafePointer<UInt8>?.self, 1)
    let widenedBlocks = widen == nil ? 0 : min(blocksPerSweep, packed.blocks)
    widenedOffset = layout.reserve(Int16.self, widenedBlocks * packed.steps * 64)
    workOffset = layout.reserve(UInt8.self, widen == nil ? 0 : Int(CK_RUN_SCRATCH))
    scratch = layout
  }

  @_optimize(speed)
  func run(_ share: Share) {
    let (pixels, blockRange) = share.part(pixels: output.pixels, blocks: blocks)
    guard !pixels.isEmpty else { return }
    rows?.start(share.scratch)
    for block in stride(from: blockRange.lowerBound, to: blockRange.upperBound, by: blocksPerSweep)
    {
      let sweep = block..<min(block + blocksPerSweep, blockRange.upperBound)
      let widened = share.scratch.array(Int16.self, at: widenedOffset)
      widen?(weights + block * blockBytes, blockBytes / 64, sweep.count, widened)
      if let rows {
        run(share, rows, pixels, sweep)
      } else {
        runLinear(share, pixels, sweep)
      }
    }
  }

  @_optimize(speed)
  private func run(_ share: Share, _ rows: InputRows, _ pixels: Range<Int>, _ sweep: Range<Int>) {
    var next = 0
    var pixel = pixels.lowerBound
    while pixel < pixels.upperBound {
      let y = pixel / output.width
      let x = pixel - y * output.width
      let count = min(output.width - x, pixels.upperBound - pixel)
      let taps = rows.taps(share.scratch, y: y, x: x, shift: 0, next: &next)
      call(share, pixel..<pixel + count, sweep) {
        $0.input = taps
        $0.input_bytes = rows.stepBytes
        $0.taps = rows.taps
        $0.k4 = rows.tapQuads
      }
      pixel += count
    }
  }

  @_optimize(speed)
  private func runLinear(_ share: Share, _ pixels: Range<Int>, _ sweep: Range<Int>) {
    let pointer = share.scratch.array(UnsafePointer<UInt8>?.self, at: pointerOffset)
    pointer.pointee = UnsafePointer(input.pixel(pixels.lowerBound))
    call(share, pixels, sweep) {
      $0.input = UnsafePointer(pointer)
      $0.input_bytes = input.pixelBytes
      $0.taps = 1
      $0.k4 = quads
    }
  }

  /// Output pixels of one run and a run of blocks.
  @inline(__always)
  private func call(
    _ share: Share,
    _ pixels: Range<Int>,
    _ range: Range<Int>,
    _ setInput: (inout ck_conv_run) -> Void
  ) {
    let start = range.lowerBound * 16
    var run = ck_conv_run()
    setInput(&run)
    run.pixels = pixels.count
    run.weights = weights + range.lowerBound * blockBytes
    if widen != nil {
      run.widened = UnsafePointer(share.scratch.array(Int16.self, at: widenedOffset))
      run.scratch = share.scratch + workOffset
    }
    run.channels = min(output.channels, range.upperBound * 16) - start
    run.output = output.pixel(pixels.lowerBound) + start
    run.output_bytes = output.pixelBytes
    if let residual {
      run.residual = UnsafePointer(residual.pixel(pixels.lowerBound)) + start
      run.residual_bytes = residual.pixelBytes
    }
    var ending = epilogue
    ending.bias += start
    ending.multiplier += start
    ending.weight_sum += start
    kernel(&run, &ending)
  }
}
#else
typealias RunConvolution = AbsentForm
#endif
