internal import CKernels
internal import ModelFormat

/// A 3 × 3 convolution of stride 1 by Winograd's F(2 × 2, 3 × 3) or F(4 × 4, 3 × 3): the sums of `Convolution`, bit by bit,
/// with 16 products instead of 36, or 36 instead of 144.
///
/// The kernel takes a band of tiles of 2 × 2 or 4 × 4 outputs, transforms their inputs, and then the weights of a few channels at a
/// time, into scratch memory. Nothing is transformed before a run, so nothing is kept.
struct WinogradConvolution {
  private let output: TensorView
  private let residual: TensorView?
  private let table: TapTable
  private let kernel:
    @convention(c) (UnsafePointer<ck_winograd_tile>?, UnsafePointer<ck_epilogue>?) -> Void
  /// Of a tile's outputs.
  @Compact private var side: Int
  @Compact private var tileRows: Int
  @Compact private var tileColumns: Int
  /// Most tiles of a call.
  @Compact private var band: Int
  @Compact private var quads: Int
  private let weights: UnsafePointer<Int8>
  private let epilogue: ck_epilogue
  private let padPixel: UInt32
  @Compact private var padWords: Int
  private let padOffset: Int
  private let tableOffset: Int
  private let outputOffset: Int
  private let residualOffset: Int
  private let workOffset: Int

  /// Most bytes of scratch memory that a call of the kernel may need.
  private static let mostWork = 448 << 10
  /// With fewer outputs a thread the transformation of weights costs too much.
  private static let leastPixels = 64

  /// Tiles of a side, in bands whose scratch memory is bounded.
  private struct Tiling {
    let side: Int
    let rows: Int
    let columns: Int
    let bands: Int
    let cost: Int

    var tiles: Int { rows * columns }
    /// Most tiles of a band.
    var band: Int { (tiles + bands - 1) / bands }

    /// Nothing where sums of so many input channels might not fit, or a tile alone would take too much memory.
    init?(_ side: Int, inputs: Int, _ output: TensorView) {
      guard inputs <= ck_winograd_inputs(side) else { return nil }
      self.side = side
      rows = (output.height + side - 1) / side
      columns = (output.width + side - 1) / side
      let (tiles, quads) = (rows * columns, (inputs + 3) / 4)
      // A tile has 2 KB and more.
      var most = min(tiles, mostWork >> 11)
      while ck_winograd_scratch(side, most, quads) > mostWork {
        most -= 1
        guard most > 0 else { return nil }
      }
      bands = (tiles + most - 1) / most
      // In products of two int16; what transformations take was measured on layers of 16 to 512 channels. Kernels work on
      // 32 output channels at once.
      let products = inputs * ((output.channels + 31) / 32 * 32)
      let tile =
        side == 2
        ? 16 * products + 80 * inputs + 400 * output.channels
        : 36 * products + 200 * inputs + 1400 * output.channels
      cost = tiles * tile + bands * products * (side == 2 ? 45 : 100)
    }
  }

  /// Nothing where the kernel set has no such kernel, the layer is another one, its sums might not fit, or the usual kernel
  /// would be faster.
  init?(_ plan: Plan, _ record: OperatorRecord, _ scratch: inout ScratchLayout) {
    let input = plan.view(record.input)
    output = plan.view(record.output)
    guard let kernel = plan.kernels.winograd_u8, output.elementSize == 1, record.groups == 1,
      record.kernelHeight == 3, record.kernelWidth == 3, record.strideY == 1, record.strideX == 1,
      record.dilationY == 1, record.dilationX == 1
    else { return nil }
    self.kernel = kernel
    // What the usual kernel takes.
    var cost = output.elements * (10 * input.channels + 40)
    var best: Tiling?
    for side in [2, 4] {
      guard let tiling = Tiling(side, inputs: input.channels, output), tiling.cost < cost else {
        continue
      }
      best = tiling
      cost = tiling.cost
    }
    guard let best else { return nil }
    side = best.side
    tileRows = best.rows
    tileColumns = best.columns
    band = best.band
    let quads = (input.channels + 3) / 4
    self.quads = quads
    let hasResidual = record.secondInput != OperatorRecord.noTensor
    residual = hasResidual ? plan.view(record.secondInput) : nil
    table = TapTable(record, input: input, output: output)
      .windows(best.side + 2, stride: best.side, perRow: best.columns)
    weights = plan.weights(record)
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
    tableOffset = scratch.reserve(
      UnsafePointer<UInt8>?.self,
      (best.side + 2) * (best.side + 2) * best.band
    )
    outputOffset = scratch.reserve(UnsafeMutableRawPointer?.self, best.side * best.side * best.band)
    residualOffset = scratch.reserve(UnsafePointer<UInt8>?.self, best.side * best.side * best.band)
    workOffset = scratch.reserve(UInt8.self, ck_winograd_scratch(best.side, best.band, quads))
  }

  @_optimize(speed)
  func run(_ share: Share) {
    let blocks = (output.channels + 15) / 16
    var (tiles, blockRange) = (0..<tileRows * tileColumns, 0..<blocks)
    if share.workers > 1 {
      if tiles.count * side * side >= Self.leastPixels * share.workers {
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
    let bands = (tiles.count + band - 1) / band
    for index in 0..<bands {
      let first = tiles.lowerBound + tiles.count * index / bands
      let end = tiles.lowerBound + tiles.count * (index + 1) / bands
      sweep(share.scratch, first..<end, blocks: blockRange)
    }
  }

  /// One band of tiles and a run of blocks.
  @_optimize(speed)
  private func sweep(
    _ scratch: UnsafeMutableRawPointer,
    _ tiles: Range<Int>,
    blocks range: Range<Int>
  ) {
    let inputs = scratch.array(UnsafePointer<UInt8>?.self, at: tableOffset)
    let outputs = scratch.array(UnsafeMutableRawPointer?.self, at: outputOffset)
    let residuals = scratch.array(UnsafePointer<UInt8>?.self, at: residualOffset)
    let pad = UnsafePointer((scratch + padOffset).assumingMemoryBound(to: UInt8.self))
    _ = table.fill(inputs, first: tiles.lowerBound, count: tiles.count, pad: pad, continues: false)
    let start = range.lowerBound * 16
    var entry = 0
    for tile in tiles {
      let (y, x) = (tile / tileColumns * side, tile % tileColumns * side)
      for place in 0..<side * side {
        let (row, column) = (y + place / side, x + place % side)
        let pixel = row * output.width + column
        let exists = row < output.height && column < output.width
        outputs[entry] = exists ? UnsafeMutableRawPointer(output.pixel(pixel)) + start : nil
        if let residual, exists { residuals[entry] = UnsafePointer(residual.pixel(pixel)) + start }
        entry += 1
      }
    }
    var ending = epilogue
    if residual != nil { ending.residual = UnsafePointer(residuals) }
    ending.bias += start
    ending.multiplier += start
    ending.weight_sum += start
    var call = ck_winograd_tile(
      input: UnsafePointer(inputs),
      side: side,
      tiles: tiles.count,
      k4: quads,
      weights: weights + range.lowerBound * 9 * quads * 64,
      channels: min(output.channels, range.upperBound * 16) - start,
      output: UnsafePointer(outputs),
      scratch: scratch + workOffset
    )
    kernel(&call, &ending)
  }
}
