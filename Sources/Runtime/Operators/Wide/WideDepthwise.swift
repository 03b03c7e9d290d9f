internal import CKernels
internal import ModelFormat

/// Depthwise convolution from or to u8.8: FORMAT.md, kind 2.
struct WideDepthwise {
  private let output: WideTarget
  private let residual: WideSource?
  private let table: TapTable
  private let weights: UnsafePointer<Int8>
  private let epilogue: ck_epilogue
  private let padPixel: UInt32
  private let isWide: Bool
  @Compact private var lowBytes: Int
  @Compact private var padWords: Int
  /// Channels by sixteens.
  @Compact private var slots: Int
  private let padOffset: Int
  private let tableOffset: Int
  private let weightsOffset: Int
  private let sumsOffset: Int
  private let valuesOffset: Int
  private let othersOffset: Int

  init(_ plan: Plan, _ record: OperatorRecord, _ scratch: inout ScratchLayout) {
    let input = plan.view(record.input)
    let view = plan.view(record.output)
    output = WideTarget(view, record)
    let hasResidual = record.secondInput != OperatorRecord.noTensor
    residual = hasResidual ? WideSource(view: plan.view(record.secondInput)) : nil
    table = TapTable(record, input: input, output: view)
    weights = plan.weights(record)
    let layout = PackedLayout(depthwiseChannels: input.channels, taps: table.taps)
    epilogue = plan.epilogue(record, layout, output: view, residual: nil)
    padPixel = record.padPixel
    isWide = input.isWide
    lowBytes = input.lowBytes
    // Sixteen channels are read at once.
    let padWords = (input.isWide ? input.pixelBytes : input.channels + 3) / 4 + 4
    self.padWords = padWords
    let slots = layout.channelSlots
    self.slots = slots
    padOffset = scratch.reserve(UInt32.self, padWords)
    tableOffset = scratch.reserve(UnsafePointer<UInt8>?.self, table.taps)
    weightsOffset = scratch.reserve(Int16.self, table.taps * slots)
    sumsOffset = scratch.reserve(Int32.self, 16)
    valuesOffset = scratch.reserve(Float.self, slots)
    othersOffset = scratch.reserve(Float.self, slots)
  }

  func run(_ share: Share) {
    let pixels = share.range(output.view.pixels)
    let pad = share.scratch.array(UInt32.self, at: padOffset)
    let padded = isWide ? lowBytes / 4 : padWords
    for word in 0..<padWords { pad[word] = word < padded ? UInt32(littleEndian: padPixel) : 0 }
    let padPointer = UnsafePointer((share.scratch + padOffset).assumingMemoryBound(to: UInt8.self))
    unpackWeights(share.scratch.array(Int16.self, at: weightsOffset))
    let inputs = share.scratch.array(UnsafePointer<UInt8>?.self, at: tableOffset)
    let values = share.scratch.array(Float.self, at: valuesOffset)
    let others = share.scratch.array(Float.self, at: othersOffset)
    let channels = output.view.channels
    var isFollowed = false
    for pixel in pixels {
      isFollowed = table.fill(
        inputs,
        first: pixel,
        count: 1,
        pad: padPointer,
        continues: isFollowed
      )
      multiply(share.scratch, half: 0, bias: epilogue.bias, to: values)
      if isWide {
        multiply(share.scratch, half: lowBytes, bias: nil, to: others)
        addProducts(values, others, 1 / 256, channels)
      }
      if let residual {
        residual.read(pixel, channel: 0, channels, to: others)
        addProducts(values, others, epilogue.residual_multiplier, channels)
      }
      output.write(values, pixel, channel: 0, channels)
    }
  }

  /// `Float(bias + Σ u × w) × multiplier` of one half of the input's numbers, `half` bytes into a pixel, channels by sixteens.
  ///
  /// A product of a byte and a weight is at most 255 × 127 < 2¹⁵.
  @inline(never)
  @_optimize(speed)
  private func multiply(
    _ scratch: UnsafeMutableRawPointer,
    half: Int,
    bias: UnsafePointer<Int32>?,
    to values: UnsafeMutablePointer<Float>
  ) {
    guard let multipliers = epilogue.multiplier else { return }
    let inputs = scratch.array(UnsafePointer<UInt8>?.self, at: tableOffset)
    let sums = scratch.array(Int32.self, at: sumsOffset)
    for channel in stride(from: 0, to: slots, by: 16) {
      var weights = scratch + (weightsOffset + 2 * channel)
      var total = SIMD16<Int32>()
      if let bias {
        total = UnsafeRawPointer(bias + channel).loadUnaligned(as: SIMD16<Int32>.self)
      }
      for tap in 0..<table.taps {
        guard let input = inputs[tap] else { continue }
        let bytes = UnsafeRawPointer(input + (channel + half)).loadUnaligned(as: SIMD16<UInt8>.self)
        let products =
          SIMD16<Int16>(truncatingIfNeeded: bytes) &* weights.load(as: SIMD16<Int16>.self)
        total &+= SIMD16<Int32>(truncatingIfNeeded: products)
        weights += 2 * slots
      }
      UnsafeMutableRawPointer(sums).storeBytes(of: total, as: SIMD16<Int32>.self)
      for lane in 0..<16 {
        values[channel + lane] = Float(sums[lane]) * multipliers[channel + lane]
      }
    }
  }

  /// `[⌈C/16⌉][⌈taps/4⌉][16][4]` to `[taps][⌈C/16⌉ × 16]`.
  @_optimize(speed)
  private func unpackWeights(_ unpacked: UnsafeMutablePointer<Int16>) {
    let steps = (table.taps + 3) / 4
    for block in 0..<slots / 16 {
      for tap in 0..<table.taps {
        let from = weights + ((block * steps + tap / 4) * 64 + tap % 4)
        let to = unpacked + (tap * slots + block * 16)
        for lane in 0..<16 { to[lane] = Int16(from[4 * lane]) }
      }
    }
  }
}
