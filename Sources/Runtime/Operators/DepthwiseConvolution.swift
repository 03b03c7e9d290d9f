internal import CKernels
internal import ModelFormat

/// Depthwise convolution: FORMAT.md, kind 2.
struct DepthwiseConvolution {
  private let output: TensorView
  private let residual: TensorView?
  private let table: TapTable
  private let kernel:
    @convention(c) (UnsafePointer<ck_depthwise_tile>?, UnsafePointer<ck_epilogue>?) -> Void
  @Compact private var tile: Int
  private let weights: UnsafePointer<Int8>
  private let epilogue: ck_epilogue
  private let padPixel: UInt32
  @Compact private var padWords: Int
  private let padOffset: Int
  private let tableOffset: Int
  private let outputOffset: Int
  private let residualOffset: Int

  init(_ plan: Plan, _ record: OperatorRecord, _ scratch: inout ScratchLayout) {
    let input = plan.view(record.input)
    output = plan.view(record.output)
    let hasResidual = record.secondInput != OperatorRecord.noTensor
    residual = hasResidual ? plan.view(record.secondInput) : nil
    table = TapTable(record, input: input, output: output)
    kernel = plan.kernels.depthwise
    let tile = min(max(1, Int(plan.kernels.depthwise_tile)), Int(CK_MAX_TILE))
    self.tile = tile
    weights = plan.weights(record)
    let layout = PackedLayout(depthwiseChannels: input.channels, taps: table.taps)
    epilogue = plan.epilogue(record, layout, output: output, residual: residual)
    padPixel = record.padPixel
    let padWords = (input.channels + 63) / 64 * 16
    self.padWords = padWords
    padOffset = scratch.reserve(UInt32.self, padWords)
    tableOffset = scratch.reserve(UnsafePointer<UInt8>?.self, table.taps * tile)
    outputOffset = scratch.reserve(UnsafeMutablePointer<UInt8>?.self, tile)
    residualOffset = scratch.reserve(UnsafePointer<UInt8>?.self, tile)
  }

  @_optimize(speed)
  func run(_ share: Share) {
    let pixels = share.range(output.pixels)
    let pad = share.scratch.array(UInt32.self, at: padOffset)
    for word in 0..<padWords { pad[word] = UInt32(littleEndian: padPixel) }
    let padPointer = UnsafePointer((share.scratch + padOffset).assumingMemoryBound(to: UInt8.self))
    let inputs = share.scratch.array(UnsafePointer<UInt8>?.self, at: tableOffset)
    let outputs = share.scratch.array(UnsafeMutablePointer<UInt8>?.self, at: outputOffset)
    let residuals = share.scratch.array(UnsafePointer<UInt8>?.self, at: residualOffset)
    var ending = epilogue
    if residual != nil { ending.residual = UnsafePointer(residuals) }
    var isFollowed = false
    for first in stride(from: pixels.lowerBound, to: pixels.upperBound, by: tile) {
      let count = min(tile, pixels.upperBound - first)
      isFollowed = table.fill(
        inputs,
        first: first,
        count: count,
        pad: padPointer,
        continues: isFollowed && count == tile
      )
      for pixel in 0..<count { outputs[pixel] = output.pixel(first + pixel) }
      if let residual {
        for pixel in 0..<count { residuals[pixel] = UnsafePointer(residual.pixel(first + pixel)) }
      }
      var call = ck_depthwise_tile(
        input: UnsafePointer(inputs),
        pixels: count,
        taps: table.taps,
        weights: weights,
        channels: output.channels,
        output: UnsafePointer(outputs)
      )
      kernel(&call, &ending)
    }
  }
}
