internal import CKernels
internal import ModelFormat

/// General and grouped convolution, and fully connected layers: FORMAT.md, kind 1.
///
/// Implicit GEMM: each call of the kernel takes a tile of consecutive output pixels (of the flattened height × width, so
/// that small images fill tiles too) and a run of channel blocks whose weights fit the second-level cache.
struct Convolution {
  private let output: TensorView
  private let residual: TensorView?
  private let table: TapTable
  private let kernel:
    @convention(c) (UnsafePointer<ck_conv_tile>?, UnsafePointer<ck_epilogue>?) -> Void
  @Compact private var tile: Int
  @Compact private var groups: Int
  @Compact private var groupInputs: Int
  @Compact private var groupOutputs: Int
  @Compact private var quads: Int
  private let widen:
    (@convention(c) (UnsafePointer<Int8>?, Int, Int, UnsafeMutablePointer<Int16>?) -> Void)?
  private let weights: UnsafePointer<Int8>
  private let blockBytes: Int
  @Compact private var blocks: Int
  @Compact private var blocksPerCall: Int
  private let epilogue: ck_epilogue
  private let padPixel: UInt32
  @Compact private var padWords: Int
  private let padOffset: Int
  private let tableOffset: Int
  private let outputOffset: Int
  private let residualOffset: Int
  private let widenedOffset: Int
  private let widenedInputOffset: Int

  /// Bytes of weights that one sweep over the pixels uses.
  private static let weightBytesPerSweep = 192 << 10
  /// Output pixels for which weights are not widened.
  private static let fewPixels = 3

  init(_ plan: Plan, _ record: OperatorRecord, _ scratch: inout ScratchLayout) {
    let input = plan.view(record.input)
    output = plan.view(record.output)
    let hasResidual = record.secondInput != OperatorRecord.noTensor
    residual = hasResidual ? plan.view(record.secondInput) : nil
    table = TapTable(record, input: input, output: output)
    let isFloat = output.elementSize == 4
    kernel = isFloat ? plan.kernels.conv_f32 : plan.kernels.conv_u8
    let tile = min(max(1, Int(plan.kernels.tile)), Int(CK_MAX_TILE))
    let inputs = input.channels / record.groups
    let layout = PackedLayout(
      outputs: output.channels / record.groups,
      inputs: inputs,
      taps: table.taps,
      groups: record.groups
    )
    self.tile = tile
    groups = layout.groups
    groupInputs = inputs
    groupOutputs = layout.outputs
    quads = (inputs + 3) / 4
    weights = plan.weights(record)
    blocks = layout.blocks
    let blockBytes = layout.steps * 64
    self.blockBytes = blockBytes
    // Kernels work on up to four blocks at once.
    let fitting = Self.weightBytesPerSweep / blockBytes / 4 * 4
    let blocksPerCall = layout.groups > 1 ? layout.blocks : min(layout.blocks, max(4, fitting))
    self.blocksPerCall = blocksPerCall
    // Widening the weights takes as long as their products with two pixels.
    let widen = output.pixels > Self.fewPixels ? plan.kernels.widen : nil
    self.widen = widen
    epilogue = plan.epilogue(record, layout, output: output, residual: residual)
    padPixel = record.padPixel
    let padWords = (input.channels + 3) / 4 + 2
    self.padWords = padWords
    padOffset = scratch.reserve(UInt32.self, padWords)
    tableOffset = scratch.reserve(UnsafePointer<UInt8>?.self, table.taps * tile)
    outputOffset = scratch.reserve(UnsafeMutableRawPointer?.self, tile)
    residualOffset = scratch.reserve(UnsafePointer<UInt8>?.self, tile)
    let widenedBlocks = widen == nil ? 0 : layout.groups * blocksPerCall
    widenedOffset = scratch.reserve(Int16.self, widenedBlocks * blockBytes)
    let inputWords = widen == nil ? 0 : min(tile, output.pixels) * (2 * layout.steps + 16)
    widenedInputOffset = scratch.reserve(Int32.self, inputWords)
  }

  @_optimize(speed)
  func run(_ share: Share) {
    let (pixels, blockRange) =
      groups == 1
      ? share.part(pixels: output.pixels, blocks: blocks)
      : (share.range(output.pixels), 0..<blocks)
    guard !pixels.isEmpty else { return }
    let pad = share.scratch.array(UInt32.self, at: padOffset)
    for word in 0..<padWords { pad[word] = UInt32(littleEndian: padPixel) }
    let padPointer = UnsafePointer((share.scratch + padOffset).assumingMemoryBound(to: UInt8.self))
    for block in stride(from: blockRange.lowerBound, to: blockRange.upperBound, by: blocksPerCall) {
      let end = min(block + blocksPerCall, blockRange.upperBound)
      widenWeights(share.scratch, blocks: block..<end)
      var isFollowed = false
      for first in stride(from: pixels.lowerBound, to: pixels.upperBound, by: tile) {
        let count = min(tile, pixels.upperBound - first)
        isFollowed = table.fill(
          share.scratch.array(UnsafePointer<UInt8>?.self, at: tableOffset),
          first: first,
          count: count,
          pad: padPointer,
          // The last group leaves the pointers elsewhere, a short tile has another layout.
          continues: isFollowed && groups == 1 && count == tile
        )
        sweep(share.scratch, first: first, count: count, blocks: block..<end)
      }
    }
  }

  /// For kernels that have them wider than the file: a run of blocks, of every group.
  @_optimize(speed)
  private func widenWeights(_ scratch: UnsafeMutableRawPointer, blocks range: Range<Int>) {
    guard let widen else { return }
    let widened = scratch.array(Int16.self, at: widenedOffset)
    for group in 0..<groups {
      let first = (group * blocks + range.lowerBound) * blockBytes
      widen(weights + first, blockBytes / 64, range.count, widened + group * blocks * blockBytes)
    }
  }

  /// One tile of pixels and a run of blocks, for every group.
  @_optimize(speed)
  private func sweep(
    _ scratch: UnsafeMutableRawPointer,
    first: Int,
    count: Int,
    blocks range: Range<Int>
  ) {
    let inputs = scratch.array(UnsafePointer<UInt8>?.self, at: tableOffset)
    let outputs = scratch.array(UnsafeMutableRawPointer?.self, at: outputOffset)
    let residuals = scratch.array(UnsafePointer<UInt8>?.self, at: residualOffset)
    let start = range.lowerBound * 16
    for pixel in 0..<count {
      outputs[pixel] =
        output.base + (first + pixel) * output.pixelBytes + start * output.elementSize
    }
    var ending = epilogue
    if let residual {
      for pixel in 0..<count {
        residuals[pixel] = UnsafePointer(residual.pixel(first + pixel)) + start
      }
      ending.residual = UnsafePointer(residuals)
    }
    ending.bias += start
    ending.multiplier += start
    ending.weight_sum += start
    var call = ck_conv_tile(
      input: UnsafePointer(inputs),
      pixels: count,
      taps: table.taps,
      k4: quads,
      weights: weights + range.lowerBound * blockBytes,
      channels: min(groupOutputs, range.upperBound * 16) - start,
      output: UnsafePointer(outputs),
      widened: widen == nil ? nil : UnsafePointer(scratch.array(Int16.self, at: widenedOffset)),
      scratch: scratch.array(Int32.self, at: widenedInputOffset)
    )
    kernel(&call, &ending)
    for _ in 1..<groups {
      shiftPointers(inputs, count: table.taps * count, by: groupInputs)
      shiftPointers(outputs, count: count, by: groupOutputs * output.elementSize)
      if residual != nil { shiftPointers(residuals, count: count, by: groupOutputs) }
      ending.bias += blocks * 16
      ending.multiplier += blocks * 16
      ending.weight_sum += blocks * 16
      call.weights += blocks * blockBytes
      if widen != nil { call.widened += blocks * blockBytes }
      kernel(&call, &ending)
    }
  }
}
