internal import CKernels
internal import ModelFormat

#if arch(x86_64)
/// A convolution whose kernel takes runs of pixels that lie evenly: all at once where each output pixel reads one input pixel,
/// an output row at a time otherwise.
struct RunConvolution {
  private let input: TensorView
  private let call: RunCall
  private let widen:
    (@convention(c) (UnsafePointer<Int8>?, Int, Int, UnsafeMutablePointer<Int16>?) -> Void)?
  /// Nil where output pixel i reads input pixel i alone.
  private let rows: InputRows?
  @Compact private var quads: Int
  @Compact private var blocksPerSweep: Int
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
    guard let call = RunCall(plan, record) else { return nil }
    let input = plan.view(record.input)
    let output = call.output
    let isLinear = record.isLinear(input: input, output: output)
    let widen = plan.kernels.widen_run
    if widen != nil {
      // Tiles add residuals in registers where channels fill them.
      let isAddedByTiles = call.residual != nil && output.channels % 16 == 0
      guard call.steps <= Self.mostSteps, output.pixels >= Self.leastPixels,
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
    self.call = call
    self.widen = widen
    self.input = input
    quads = (input.channels + 3) / 4
    let most = widen == nil ? Self.weightBytesPerSweep : Self.weightBytesPerSweep / 2
    let fitting = most / call.blockBytes / Self.tileBlocks * Self.tileBlocks
    let blocksPerSweep = isLinear && widen == nil ? call.blocks : max(Self.tileBlocks, fitting)
    self.blocksPerSweep = blocksPerSweep
    pointerOffset = layout.reserve(UnsafePointer<UInt8>?.self, 1)
    let widenedBlocks = widen == nil ? 0 : min(blocksPerSweep, call.blocks)
    widenedOffset = layout.reserve(Int16.self, widenedBlocks * call.blockBytes)
    workOffset = layout.reserve(UInt8.self, widen == nil ? 0 : Int(CK_RUN_SCRATCH))
    scratch = layout
  }

  @_optimize(speed)
  func run(_ share: Share) {
    let (pixels, blocks) = share.part(pixels: call.output.pixels, blocks: call.blocks)
    guard !pixels.isEmpty else { return }
    rows?.start(share.scratch)
    for block in stride(from: blocks.lowerBound, to: blocks.upperBound, by: blocksPerSweep) {
      let sweep = block..<min(block + blocksPerSweep, blocks.upperBound)
      let widened = share.scratch.array(Int16.self, at: widenedOffset)
      widen?(call.weights(fromBlock: block), call.steps, sweep.count, widened)
      if let rows {
        rows.forEachRun(share.scratch, pixels, width: call.output.width) { run, lines, setInput in
          call(run, rows: lines, sweep) {
            setInput(&$0)
            setWork(share, &$0)
          }
        }
      } else {
        runLinear(share, pixels, sweep)
      }
    }
  }

  @_optimize(speed)
  private func runLinear(_ share: Share, _ pixels: Range<Int>, _ sweep: Range<Int>) {
    let pointer = share.scratch.array(UnsafePointer<UInt8>?.self, at: pointerOffset)
    pointer.pointee = UnsafePointer(input.pixel(pixels.lowerBound))
    call(pixels, sweep) {
      $0.input = UnsafePointer(pointer)
      $0.input_bytes = input.pixelBytes
      $0.taps = 1
      $0.k4 = quads
      setWork(share, &$0)
    }
  }

  @inline(__always)
  private func setWork(_ share: Share, _ run: inout ck_conv_run) {
    guard widen != nil else { return }
    run.widened = UnsafePointer(share.scratch.array(Int16.self, at: widenedOffset))
    run.scratch = share.scratch + workOffset
  }
}
#else
typealias RunConvolution = AbsentForm
#endif
