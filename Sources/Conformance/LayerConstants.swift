internal import CKernels
internal import ModelFormat
internal import Runtime

/// Weights, biases and multipliers of a layer, and the memory where kernels see them: it ends at guard pages.
final class LayerConstants {
  /// Weights of a block of 16 channels.
  private let blockBytes: Int
  private let weights: [Int8]
  private let bias: [Int32]
  private let multiplier: [Float]
  private let weightSum: [Int32]
  private let memory: Memory
  /// The channels whose weights and constants lie in the guarded memory.
  private var placedChannels = 0

  private struct Memory {
    let weights: GuardedMemory
    let bias: GuardedMemory
    let multiplier: GuardedMemory
    let weightSum: GuardedMemory
  }

  init(
    _ shape: KernelLayer.Shape,
    channels: Int,
    _ random: inout SplitMix64
  ) throws(RuntimeError) {
    let (values, taps) = (shape.values, shape.taps)
    let blocks = (channels + 15) / 16
    let steps = shape.isDepthwise ? (taps + 3) / 4 : taps * shape.k4
    blockBytes = steps * 64
    var weights = [Int8](repeating: 0, count: blocks * blockBytes)
    var magnitude = [Int32](repeating: 0, count: blocks * 16)
    var weightSum = magnitude
    for index in weights.indices {
      let channel = index / blockBytes * 16 + index % 64 / 4
      // Taps that pad the last four have zero weights; channels past the last may hold anything.
      if shape.isDepthwise, index % blockBytes / 64 * 4 + index % 4 >= taps { continue }
      weights[index] = values.weight(channel: channel, &random)
      magnitude[channel] += Int32(weights[index].magnitude)
      weightSum[channel] += Int32(weights[index])
    }
    var bias = magnitude
    var multiplier = [Float](repeating: 0, count: blocks * 16)
    for channel in bias.indices {
      (bias[channel], multiplier[channel]) = values.constants(
        channel: channel,
        magnitude: magnitude[channel],
        &random
      )
    }
    (self.weights, self.weightSum, self.bias) = (weights, weightSum, bias)
    self.multiplier = multiplier
    memory = try Memory(
      weights: GuardedMemory(weights.count, of: Int8.self),
      bias: GuardedMemory(bias.count, of: Int32.self),
      multiplier: GuardedMemory(bias.count, of: Float.self),
      weightSum: GuardedMemory(bias.count, of: Int32.self)
    )
  }

  /// Moves weights and constants of the blocks that hold `channels` to the guard pages; gives the weights.
  func place(_ channels: Int) -> UnsafePointer<Int8> {
    let blocks = (channels + 15) / 16
    let start = UnsafePointer(memory.weights.last(blocks * blockBytes, of: Int8.self))
    guard channels != placedChannels else { return start }
    placedChannels = channels
    place(weights, blocks * blockBytes, memory.weights)
    place(bias, blocks * 16, memory.bias)
    place(multiplier, blocks * 16, memory.multiplier)
    place(weightSum, blocks * 16, memory.weightSum)
    return start
  }

  private func place<Element: BitwiseCopyable>(
    _ values: [Element],
    _ count: Int,
    _ memory: GuardedMemory
  ) {
    values.withUnsafeBufferPointer {
      if let start = $0.baseAddress { _ = memory.place(start, count) }
    }
  }

  /// The placed constants; no residual.
  func epilogue(_ channels: Int, _ rounding: Rounding) -> ck_epilogue {
    let slots = (channels + 15) / 16 * 16
    return ck_epilogue(
      bias: memory.bias.last(slots, of: Int32.self),
      multiplier: memory.multiplier.last(slots, of: Float.self),
      weight_sum: memory.weightSum.last(slots, of: Int32.self),
      zero_point: rounding.zeroPoint,
      low: rounding.low,
      high: rounding.high,
      residual: nil,
      residual_multiplier: 0,
      residual_zero_point: 0
    )
  }
}
