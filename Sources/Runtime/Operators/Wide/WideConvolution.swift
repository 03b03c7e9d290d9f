internal import CKernels
internal import ModelFormat

/// General and grouped convolution from or to u8.8: FORMAT.md, kind 1.
///
/// Kernels of float32 output take the high bytes, with the bias, and then the low ones, which are as good bytes as any; what
/// remains is a sum, the residual and the rounding.
struct WideConvolution {
  private let output: WideTarget
  private let residual: WideSource?
  private let table: TapTable
  private let kernel:
    @convention(c) (UnsafePointer<ck_conv_tile>?, UnsafePointer<ck_epilogue>?) -> Void
  private let widen:
    (@convention(c) (UnsafePointer<Int8>?, Int, Int, UnsafeMutablePointer<Int16>?) -> Void)?
  private let weights: UnsafePointer<Int8>
  private let epilogue: ck_epilogue
  private let padPixel: UInt32
  private let isWide: Bool
  @Compact private var lowBytes: Int
  @Compact private var padWords: Int
  @Compact private var tile: Int
  @Compact private var groups: Int
  @Compact private var groupInputs: Int
  @Compact private var groupOutputs: Int
  @Compact private var quads: Int
  @Compact private var blockBytes: Int
  @Compact private var blocks: Int
  @Compact private var blocksPerCall: Int
  private let padOffset: Int
  private let tableOffset: Int
  private let pointerOffset: Int
  private let zeroOffset: Int
  private let highOffset: Int
  private let lowOffset: Int
  private let residualOffset: Int
  private let widenedOffset: Int
  private let widenedInputOffset: Int

  /// Bytes of weights that one sweep over the pixels uses.
  private static let weightBytesPerSweep = 192 << 10
  /// Output pixels for which weights are not widened.
  private static let fewPixels = 3

  init(_ plan: Plan, _ record: OperatorRecord, _ scratch: inout ScratchLayout) {
    let input = plan.view(record.input)
    let view = plan.view(record.output)
    output = WideTarget(view, record)
    let hasResidual = record.secondInput != OperatorRecord.noTensor
    residual = hasResidual ? WideSource(view: plan.view(record.secondInput)) : nil
    table = TapTable(record, input: input, output: view)
    kernel = plan.kernels.conv_f32
    weights = plan.weights(record)
    let inputs = input.channels / record.groups
    let layout = PackedLayout(
      outputs: view.channels / record.groups,
      inputs: inputs,
      taps: table.taps,
      groups: record.groups
    )
    epilogue = plan.epilogue(record, layout, output: view, residual: nil)
    padPixel = record.padPixel
    isWide = input.isWide
    lowBytes = input.lowBytes
    // A pixel of padding has two halves as far apart as any; kernels read up to the next group of four.
    let padWords = (input.isWide ? input.pixelBytes : input.channels + 3) / 4 + 2
    self.padWords = padWords
    let tile = min(max(1, Int(plan.kernels.tile)), Int(CK_MAX_TILE))
    self.tile = tile
    groups = layout.groups
    groupInputs = inputs
    groupOutputs = layout.outputs
    quads = (inputs + 3) / 4
    let blockBytes = layout.steps * 64
    self.blockBytes = blockBytes
    blocks = layout.blocks
    let fitting = max(4, Self.weightBytesPerSweep / blockBytes / 4 * 4)
    let perCall = layout.groups > 1 ? layout.blocks : min(layout.blocks, fitting)
    blocksPerCall = perCall
    let widen = view.pixels > Self.fewPixels ? plan.kernels.widen : nil
    self.widen = widen
    padOffset = scratch.reserve(UInt32.self, padWords)
    tableOffset = scratch.reserve(UnsafePointer<UInt8>?.self, table.taps * tile)
    pointerOffset = scratch.reserve(UnsafeMutableRawPointer?.self, tile)
    zeroOffset = scratch.reserve(Int32.self, perCall * 16)
    highOffset = scratch.reserve(Float.self, tile * perCall * 16)
    lowOffset = scratch.reserve(Float.self, input.isWide ? tile * perCall * 16 : 0)
    residualOffset = scratch.reserve(Float.self, hasResidual ? perCall * 16 : 0)
    let widenedBlocks = widen == nil ? 0 : layout.groups * perCall
    widenedOffset = scratch.reserve(Int16.self, widenedBlocks * blockBytes)
    let inputWords = widen == nil ? 0 : min(tile, view.pixels) * (2 * layout.steps + 16)
    widenedInputOffset = scratch.reserve(Int32.self, inputWords)
  }

  func run(_ share: Share) {
    let count = output.view.pixels
    let (pixels, blockRange) =
      groups == 1
      ? share.part(pixels: count, blocks: blocks) : (share.range(count), 0..<blocks)
    guard !pixels.isEmpty else { return }
    let pad = share.scratch.array(UInt32.self, at: padOffset)
    // Both halves are whole words.
    let padded = isWide ? lowBytes / 4 : padWords
    for word in 0..<padWords { pad[word] = word < padded ? UInt32(littleEndian: padPixel) : 0 }
    let zeros = share.scratch.array(Int32.self, at: zeroOffset)
    for index in 0..<blocksPerCall * 16 { zeros[index] = 0 }
    let padPointer = UnsafePointer((share.scratch + padOffset).assumingMemoryBound(to: UInt8.self))
    for block in stride(from: blockRange.lowerBound, to: blockRange.upperBound, by: blocksPerCall) {
      let range = block..<min(block + blocksPerCall, blockRange.upperBound)
      widenWeights(share.scratch, range)
      var isFollowed = false
      for first in stride(from: pixels.lowerBound, to: pixels.upperBound, by: tile) {
        let count = min(tile, pixels.upperBound - first)
        isFollowed = table.fill(
          share.scratch.array(UnsafePointer<UInt8>?.self, at: tableOffset),
          first: first,
          count: count,
          pad: padPointer,
          continues: isFollowed && groups == 1 && count == tile
        )
        sweep(share.scratch, first: first, count: count, range)
      }
    }
  }

  /// For kernels that have them wider than the file: a run of blocks, of every group.
  private func widenWeights(_ scratch: UnsafeMutableRawPointer, _ range: Range<Int>) {
    guard let widen else { return }
    let widened = scratch.array(Int16.self, at: widenedOffset)
    for group in 0..<groups {
      let first = (group * blocks + range.lowerBound) * blockBytes
      widen(weights + first, blockBytes / 64, range.count, widened + group * blocks * blockBytes)
    }
  }

  /// One tile of pixels and a run of blocks, for every group.
  private func sweep(
    _ scratch: UnsafeMutableRawPointer,
    first: Int,
    count: Int,
    _ range: Range<Int>
  ) {
    let inputs = scratch.array(UnsafePointer<UInt8>?.self, at: tableOffset)
    let outputs = scratch.array(UnsafeMutableRawPointer?.self, at: pointerOffset)
    let high = scratch.array(Float.self, at: highOffset)
    let low = scratch.array(Float.self, at: lowOffset)
    let start = range.lowerBound * 16
    let slots = range.count * 16
    let channels = min(groupOutputs, range.upperBound * 16) - start
    var ending = epilogue
    ending.bias += start
    ending.multiplier += start
    ending.weight_sum += start
    var call = ck_conv_tile(
      input: UnsafePointer(inputs),
      pixels: count,
      taps: table.taps,
      k4: quads,
      weights: weights + range.lowerBound * blockBytes,
      channels: channels,
      output: UnsafePointer(outputs),
      widened: widen == nil ? nil : UnsafePointer(scratch.array(Int16.self, at: widenedOffset)),
      scratch: scratch.array(Int32.self, at: widenedInputOffset)
    )
    for group in 0..<groups {
      if group > 0 {
        shiftPointers(inputs, count: table.taps * count, by: groupInputs)
        ending.bias += blocks * 16
        ending.multiplier += blocks * 16
        ending.weight_sum += blocks * 16
        call.weights += blocks * blockBytes
        if widen != nil { call.widened += blocks * blockBytes }
      }
      for pixel in 0..<count {
        outputs[pixel] = UnsafeMutableRawPointer(high + pixel * slots)
      }
      kernel(&call, &ending)
      if isWide {
        shiftPointers(inputs, count: table.taps * count, by: lowBytes)
        for pixel in 0..<count {
          outputs[pixel] = UnsafeMutableRawPointer(low + pixel * slots)
        }
        var unbiased = ending
        unbiased.bias = UnsafePointer(scratch.array(Int32.self, at: zeroOffset))
        kernel(&call, &unbiased)
        shiftPointers(inputs, count: table.taps * count, by: -lowBytes)
        addProducts(high, low, 1 / 256, count * slots)
      }
      let channel = group * groupOutputs + start
      for pixel in 0..<count {
        let values = high + pixel * slots
        if let residual {
          let others = scratch.array(Float.self, at: residualOffset)
          residual.read(first + pixel, channel: channel, channels, to: others)
          addProducts(values, others, epilogue.residual_multiplier, channels)
        }
        output.write(values, first + pixel, channel: channel, channels)
      }
    }
  }
}
