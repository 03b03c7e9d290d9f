internal import CKernels
internal import ModelFormat

#if arch(x86_64)
/// A 3 × 3 convolution of stride 1 by Winograd's F(2 × 2, 3 × 3) or F(4 × 4, 3 × 3): the sums of `Convolution`, bit by bit,
/// with 16 products instead of 36, or 36 instead of 144.
///
/// The kernel takes a band of tiles of 2 × 2 or 4 × 4 outputs, transforms their inputs, and then the weights of a few channels at a
/// time, into scratch memory. Nothing is transformed before a run, so nothing is kept.
struct WinogradConvolution {
  private let output: TensorView
  private let residual: TensorView?
  private let kernel:
    @convention(c) (UnsafePointer<ck_winograd>?, UnsafePointer<ck_epilogue>?) -> Void
  private let call: ck_winograd
  private let epilogue: ck_epilogue
  private let padPixel: UInt32
  @Compact private var tiles: Int
  /// Most tiles of a call.
  @Compact private var band: Int
  @Compact private var padWords: Int
  private let padOffset: Int
  private let workOffset: Int

  /// Most bytes of scratch memory that a call of the kernel may need.
  private static let mostWork = 640 << 10

  /// Tiles of a side, in bands whose scratch memory is bounded.
  private struct Tiling {
    let side: Int
    let columns: Int
    let tiles: Int
    /// Most tiles of a band.
    let band: Int
    let work: Int
    let cost: Int

    /// Nothing where a tile alone would take too much memory; `outputs` are channels of whole blocks.
    init?(_ side: Int, inputs: Int, outputs: Int, _ output: TensorView, hasDotProduct: Bool) {
      self.side = side
      columns = (output.width + side - 1) / side
      let tiles = (output.height + side - 1) / side * columns
      self.tiles = tiles
      let quads = (inputs + 3) / 4
      // A tile has 512 bytes and more.
      var most = min(tiles, mostWork >> 9)
      while ck_winograd_scratch(side, most, quads) > mostWork {
        most -= 1
        guard most > 0 else { return nil }
      }
      let bands = (tiles + most - 1) / most
      band = (tiles + bands - 1) / bands
      work = ck_winograd_scratch(side, band, quads)
      // Fitted to layers of 16 to 512 channels: with dot products in 64ths of a cycle, otherwise in products of two int16 by
      // one multiplication and one addition.
      let (ofTile, multiplying, ofInputs, ofOutputs, ofWeights) =
        hasDotProduct
        ? (20_000, 77, 0, 650, 199)
        : side == 2 ? (0, 17, 90, 120, 95) : (6000, 38, 150, 360, 150)
      let padded = inputs <= 16 ? 16 : (inputs + 31) / 32 * 32
      let tile = ofTile + multiplying * inputs * outputs + ofInputs * padded + ofOutputs * outputs
      cost = tiles * tile + bands * inputs * outputs * ofWeights
    }
  }

  /// Nothing where the kernel set has no such kernel, the layer is another one, or the usual kernel would be faster.
  init?(_ plan: Plan, _ record: OperatorRecord, _ scratch: inout ScratchLayout) {
    let input = plan.view(record.input)
    output = plan.view(record.output)
    guard let kernel = plan.kernels.winograd_u8, output.elementSize == 1, record.groups == 1,
      record.kernelHeight == 3, record.kernelWidth == 3, record.strideY == 1, record.strideX == 1,
      record.dilationY == 1, record.dilationX == 1
    else { return nil }
    self.kernel = kernel
    // What the usual kernel takes; with dot products of bytes a little less, so that a gain is certain.
    let hasDotProduct = plan.hasDotProduct
    let sixteenths = ByteConvolution.costs(plan, input)
    let usual =
      hasDotProduct ? 9 * input.channels + 7 : 10 * input.channels * sixteenths / 16 + 40
    let outputs = (output.channels + 15) / 16 * 16
    var cost = output.pixels * outputs * usual
    var best: Tiling?
    // With dot products, 2 × 2 never wins: it has 16 products of int16 where 36 of bytes take as long as 18.
    // Not an array: Swift 6.3 frees one of a choice of literals before the loop has read it.
    for side in stride(from: hasDotProduct ? 4 : 2, through: 4, by: 2) {
      guard
        let tiling = Tiling(
          side,
          inputs: input.channels,
          outputs: outputs,
          output,
          hasDotProduct: hasDotProduct
        ),
        tiling.cost < cost
      else { continue }
      best = tiling
      cost = tiling.cost
    }
    guard let best else { return nil }
    tiles = best.tiles
    band = best.band
    let hasResidual = record.secondInput != OperatorRecord.noTensor
    residual = hasResidual ? plan.view(record.secondInput) : nil
    let layout = PackedLayout(
      outputs: output.channels,
      inputs: input.channels,
      taps: 9,
      groups: 1
    )
    epilogue = plan.epilogue(record, layout, output: output, residual: residual)
    padPixel = record.padPixel
    let padWords = (input.channels + 63) / 64 * 16
    self.padWords = padWords
    padOffset = scratch.reserve(UInt32.self, padWords)
    workOffset = scratch.reserve(UInt8.self, best.work)
    call = ck_winograd(
      input: UnsafePointer(input.bytes),
      outside: nil,
      height: input.height,
      width: input.width,
      pixel_bytes: input.pixelBytes,
      pad_top: record.padTop,
      pad_left: record.padLeft,
      side: best.side,
      columns: best.columns,
      first: 0,
      tiles: 0,
      k4: (input.channels + 3) / 4,
      weights: plan.weights(record),
      channels: output.channels,
      output: output.bytes,
      output_height: output.height,
      output_width: output.width,
      output_bytes: output.pixelBytes,
      residual: residual.map { UnsafePointer($0.bytes) },
      residual_bytes: residual?.pixelBytes ?? 0,
      scratch: nil
    )
  }

  @_optimize(speed)
  func run(_ share: Share) {
    let blocks = (output.channels + 15) / 16
    var (tiles, blockRange) = (0..<tiles, 0..<blocks)
    if share.workers > 1 {
      // Few tiles cost less to transform in every thread than many weights.
      if 3 * tiles.count >= output.channels {
        tiles = share.range(tiles.count)
      } else {
        // Kernels work on two blocks at once.
        let pairs = share.range((blocks + 1) / 2)
        blockRange = min(2 * pairs.lowerBound, blocks)..<min(2 * pairs.upperBound, blocks)
      }
    }
    guard !blockRange.isEmpty else { return }
    let pad = share.scratch.array(UInt32.self, at: padOffset)
    for word in 0..<padWords { pad[word] = UInt32(littleEndian: padPixel) }
    let start = blockRange.lowerBound * 16
    var (call, ending) = (call, epilogue)
    ending.bias += start
    ending.multiplier += start
    ending.weight_sum += start
    call.outside = UnsafeRawPointer(pad).assumingMemoryBound(to: UInt8.self)
    call.weights += start * 9 * call.k4 * 4
    call.channels = min(output.channels, blockRange.upperBound * 16) - start
    call.output += start
    if residual != nil { call.residual += start }
    call.scratch = share.scratch + workOffset
    let bands = (tiles.count + band - 1) / band
    for index in 0..<bands {
      call.first = tiles.lowerBound + tiles.count * index / bands
      call.tiles = tiles.lowerBound + tiles.count * (index + 1) / bands - call.first
      kernel(&call, &ending)
    }
  }
}
#else
typealias WinogradConvolution = AbsentForm
#endif
