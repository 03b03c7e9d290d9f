internal import CKernels
internal import ModelFormat

#if arch(x86_64)
/// A convolution by products of bytes, in sets without a dot product instruction: the sums of `Convolution`, bit by bit.
///
/// Such products are summed in 16 bits where that is exact. Spans of pixels find each channel's greatest input and plan with these
/// which sums fit: after a ReLU, nearly all. Where inputs are as often great as small, a span's inputs are lowered by each
/// channel's least, and the biases raised by what that takes away.
struct ByteConvolution {
  private let input: TensorView
  private let call: RunCall
  private let kernels: UnsafePointer<ck_byte_kernels>
  /// Nil where output pixel i reads input pixel i alone.
  private let rows: InputRows?
  private let record: OperatorRecord
  private let isLowered: Bool
  @Compact private var quads: Int
  @Compact private var taps: Int
  @Compact private var tapQuads: Int
  @Compact private var blocksPerSweep: Int
  @Compact private var pointerOffset: Int
  @Compact private var leastOffset: Int
  @Compact private var mostOffset: Int
  @Compact private var planOffset: Int
  @Compact private var loweredOffset: Int
  @Compact private var biasOffset: Int

  /// Output pixels of a span at most: of more, greatest inputs are greater; planning takes as long as three.
  private static let spanPixels = 224
  /// The same where inputs are lowered, into memory.
  private static let loweredPixels = 112
  /// Bytes of weights that one sweep over the rows of a span uses.
  private static let weightBytesPerSweep = 320 << 10
  /// Blocks that kernels like to have together.
  private static let tileBlocks = 3
  /// Fewest output pixels that are worth a plan.
  private static let leastPixels = 12
  /// Fewest groups of four channels of a tap, where there is one tap and where there are more: loops are as long.
  private static let (leastQuads, leastQuadsOfMany) = (12, 20)
  /// Inputs with a greater zero point are as often great as small.
  private static let mostZeroPoint: Int32 = 64

  /// Nil where the set has no such kernels or others are faster, and for grouped convolutions and float outputs.
  init?(_ plan: Plan, _ record: OperatorRecord, _ scratch: inout ScratchLayout) {
    let input = plan.view(record.input)
    guard let kernels = plan.kernels.bytes, let call = RunCall(plan, record),
      call.output.pixels >= Self.leastPixels, input.channels < 1 << 16
    else { return nil }
    let isLowered = input.zeroPoint > Self.mostZeroPoint
    let quads = (input.channels + 3) / 4
    var layout = scratch
    var (taps, tapQuads) = (1, quads)
    if record.isLinear(input: input, output: call.output) {
      rows = nil
    } else {
      guard !isLowered, let rows = InputRows(record, input: input, output: call.output, &layout)
      else { return nil }
      self.rows = rows
      (taps, tapQuads) = (rows.taps, rows.tapQuads)
    }
    guard tapQuads >= (taps == 1 ? Self.leastQuads : Self.leastQuadsOfMany) else { return nil }
    self.call = call
    self.input = input
    self.kernels = kernels
    self.record = record
    self.isLowered = isLowered
    self.quads = quads
    self.taps = taps
    self.tapQuads = tapQuads
    let fitting = Self.weightBytesPerSweep / call.blockBytes / Self.tileBlocks * Self.tileBlocks
    let blocksPerSweep = rows == nil ? call.blocks : min(max(Self.tileBlocks, fitting), call.blocks)
    self.blocksPerSweep = blocksPerSweep
    pointerOffset = layout.reserve(UnsafePointer<UInt8>?.self, 1)
    // A vector more, because columns of a tap follow each other at any quad.
    leastOffset = layout.reserve(UInt8.self, 4 * quads + 64)
    mostOffset = layout.reserve(UInt8.self, 4 * tapQuads + 64)
    planOffset = layout.reserve(UInt16.self, blocksPerSweep * ck_plan_words(taps, tapQuads))
    let loweredPixels = isLowered ? min(Self.loweredPixels, call.output.pixels) : 0
    loweredOffset = layout.reserve(UInt8.self, isLowered ? loweredPixels * 4 * quads + 64 : 0)
    biasOffset = layout.reserve(Int32.self, isLowered ? call.blocks * 16 : 0)
    scratch = layout
  }

  /// What a window takes, in sixteenths of what `Convolution` does.
  static func costs(_ plan: Plan, _ input: TensorView) -> Int {
    guard let kernels = plan.kernels.bytes, input.zeroPoint <= mostZeroPoint else { return 16 }
    return kernels.pointee.cost
  }

  @_optimize(speed)
  func run(_ share: Share) {
    let (pixels, blocks) = share.part(pixels: call.output.pixels, blocks: call.blocks)
    guard !pixels.isEmpty else { return }
    rows?.start(share.scratch)
    let most = isLowered ? Self.loweredPixels : Self.spanPixels
    let spans = (pixels.count + most - 1) / most
    let length = (pixels.count + spans - 1) / spans
    for first in stride(from: pixels.lowerBound, to: pixels.upperBound, by: length) {
      let span = first..<min(first + length, pixels.upperBound)
      findRange(share.scratch, span)
      if isLowered { lower(share.scratch, span, blocks) }
      for block in stride(from: blocks.lowerBound, to: blocks.upperBound, by: blocksPerSweep) {
        run(share.scratch, span, block..<min(block + blocksPerSweep, blocks.upperBound))
      }
    }
  }

  /// The least and greatest input of every channel of a tap.
  @_optimize(speed)
  private func findRange(_ scratch: UnsafeMutableRawPointer, _ span: Range<Int>) {
    let least = scratch.array(UInt8.self, at: leastOffset)
    let most = scratch.array(UInt8.self, at: mostOffset)
    least.update(repeating: 255, count: 4 * quads)
    // What lies outside the image is an input too.
    let outside = UInt32(littleEndian: rows == nil ? 0 : record.padPixel)
    scratch.array(UInt32.self, at: mostOffset).update(repeating: outside, count: tapQuads)
    let inputs = rows == nil ? span : inputs(of: span)
    let first = input.pixel(inputs.lowerBound)
    kernels.pointee.range_u8(first, input.pixelBytes, inputs.count, quads, least, most)
    for column in stride(from: quads, to: tapQuads, by: quads) {
      (most + 4 * column).update(from: most, count: 4 * quads)
    }
  }

  /// All pixels of the rows that windows reach.
  private func inputs(of span: Range<Int>) -> Range<Int> {
    let width = call.output.width
    let (top, bottom) = (span.lowerBound / width, (span.upperBound - 1) / width)
    let height = (record.kernelHeight - 1) * record.dilationY + 1
    let first = min(max(0, top * record.strideY - record.padTop), input.height)
    let end = min(input.height, bottom * record.strideY - record.padTop + height)
    return first * input.width..<max(first, end) * input.width
  }

  /// Inputs without each channel's least, and biases with it.
  @_optimize(speed)
  private func lower(_ scratch: UnsafeMutableRawPointer, _ span: Range<Int>, _ blocks: Range<Int>) {
    let least = scratch.array(UInt8.self, at: leastOffset)
    let most = scratch.array(UInt8.self, at: mostOffset)
    let lowered = scratch.array(UInt8.self, at: loweredOffset)
    let bias = scratch.array(Int32.self, at: biasOffset)
    let first = input.pixel(span.lowerBound)
    kernels.pointee.lower_u8(first, input.pixelBytes, span.count, quads, least, lowered)
    kernels.pointee.lower_u8(most, 0, 1, quads, least, most)
    let start = blocks.lowerBound
    let weights = call.weights(fromBlock: start)
    let fileBias = call.bias(fromBlock: start)
    kernels.pointee.raise_bias(least, weights, quads, blocks.count, fileBias, bias + start * 16)
  }

  @_optimize(speed)
  private func run(_ scratch: UnsafeMutableRawPointer, _ span: Range<Int>, _ sweep: Range<Int>) {
    let plan = scratch.array(UInt16.self, at: planOffset)
    let most = scratch.array(UInt8.self, at: mostOffset)
    let weights = call.weights(fromBlock: sweep.lowerBound)
    kernels.pointee.plan_run(most, weights, taps, tapQuads, sweep.count, plan)
    if let rows {
      rows.forEachRun(scratch, span, width: call.output.width) { run, lines, setInput in
        call(run, rows: lines, sweep) {
          setInput(&$0)
          $0.plan = UnsafePointer(plan)
        }
      }
      return
    }
    let lowered = UnsafePointer(scratch.array(UInt8.self, at: loweredOffset))
    let bias = UnsafePointer(scratch.array(Int32.self, at: biasOffset)) + sweep.lowerBound * 16
    let pointer = scratch.array(UnsafePointer<UInt8>?.self, at: pointerOffset)
    pointer.pointee = isLowered ? lowered : UnsafePointer(input.pixel(span.lowerBound))
    call(span, sweep, bias: isLowered ? bias : nil) {
      $0.input = UnsafePointer(pointer)
      $0.input_bytes = isLowered ? 4 * quads : input.pixelBytes
      $0.taps = 1
      $0.k4 = quads
      $0.plan = UnsafePointer(plan)
    }
  }
}
#else
typealias ByteConvolution = AbsentForm
#endif
