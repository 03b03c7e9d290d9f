import CKernels
import Testing

/// A convolution or depthwise convolution of a tile, its sums by the definition, and the memory that
/// kernels see. Rows are anywhere in the input, as an indirection buffer's are.
final class KernelLayer {
  enum Kind { case convolution, depthwise }

  let kind: Kind
  let values: KernelValues
  let taps: Int
  let k4: Int
  let pixels: Int
  let channels: Int
  let seed: UInt64

  private var random: KernelRandom
  private let rows: [Int]
  private let input: KernelMemory<UInt8>
  private let weights: KernelMemory<Int8>
  private let bias: KernelMemory<Int32>
  private let multiplier: KernelMemory<Float>
  private let weightSum: KernelMemory<Int32>
  private let residual: KernelMemory<UInt8>
  private let residualWidth: Int
  /// [pixels][channels].
  private let sums: [Int32]

  init(
    _ kind: Kind,
    _ values: KernelValues,
    taps: Int,
    k4: Int = 1,
    pixels: Int,
    channels: Int
  ) {
    self.kind = kind
    self.values = values
    self.taps = taps
    self.k4 = k4
    self.pixels = pixels
    self.channels = channels
    seed = UInt64(taps * 1_000_000 + k4 * 10_000 + channels)
    var random = KernelRandom(seed: seed)

    let paddedChannels = (channels + 63) / 64 * 64
    let width = kind == .depthwise ? paddedChannels : 4 * k4
    let rowCount = taps * pixels + 1
    input = KernelMemory((0..<rowCount * width).map { _ in values.activation(&random) })
    var rows = (0..<taps * pixels).map { _ in Int.random(in: 0..<rowCount, using: &random) * width }
    // The last row ends at the guard page.
    rows[Int.random(in: 0..<rows.count, using: &random)] = (rowCount - 1) * width
    self.rows = rows

    let blocks = (channels + 15) / 16
    let steps = kind == .depthwise ? (taps + 3) / 4 : taps * k4
    var packed = [Int8](repeating: 0, count: blocks * steps * 64)
    var magnitude = [Int32](repeating: 0, count: blocks * 16)
    var weightSums = magnitude
    for i in packed.indices {
      let channel = i / (steps * 64) * 16 + i % 64 / 4
      // Taps that pad the last four have zero weights; channels past the last may hold anything.
      if kind == .depthwise && i / 64 % steps * 4 + i % 4 >= taps { continue }
      packed[i] = values.weight(channel: channel, &random)
      magnitude[channel] += Int32(packed[i].magnitude)
      weightSums[channel] += Int32(packed[i])
    }
    let constants = (0..<blocks * 16).map {
      values.constants(channel: $0, magnitude: magnitude[$0], &random)
    }
    weights = KernelMemory(packed)
    bias = KernelMemory(constants.map(\.bias))
    multiplier = KernelMemory(constants.map(\.multiplier))
    weightSum = KernelMemory(weightSums)
    residualWidth = paddedChannels
    residual = KernelMemory(
      (0..<pixels * paddedChannels).map { _ in UInt8.random(in: 0...255, using: &random) }
    )

    var sums: [Int32] = []
    for pixel in 0..<pixels {
      for channel in 0..<channels {
        let first = channel / 16 * steps * 64 + channel % 16 * 4
        var sum = constants[channel].bias
        for tap in 0..<taps {
          let row = rows[tap * pixels + pixel]
          if kind == .depthwise {
            let weight = Int32(packed[first + tap / 4 * 64 + tap % 4])
            sum += Int32(input.elements[row + channel]) * weight
          } else {
            for k in 0..<4 * k4 {
              let weight = Int32(packed[first + (tap * k4 + k / 4) * 64 + k % 4])
              sum += Int32(input.elements[row + k]) * weight
            }
          }
        }
        sums.append(sum)
      }
    }
    self.sums = sums
    self.random = random
  }

  private static let guardBytes = 64

  /// Runs the first `pixels` pixels and `channels` channels by `set` and compares every byte of the
  /// output and of the guards around it.
  func check(_ set: KernelSet, pixels: Int, channels: Int, residual withResidual: Bool) {
    let oracle = values.oracle(&random)
    let residualZero = Int32.random(in: 0...255, using: &random)
    let residualMultiplier = values.residualMultiplier(&random)
    let expected = (0..<pixels).map { pixel in
      (0..<channels).map { channel in
        let sum = sums[pixel * self.channels + channel]
        var t = KernelOracle.scaled(sum, by: multiplier.elements[channel])
        if withResidual {
          let r = Int32(residual.elements[pixel * residualWidth + channel]) - residualZero
          t += KernelOracle.scaled(r, by: residualMultiplier)
        }
        return oracle.byte(t)
      }
    }
    let rows = (0..<pixels).map { residual.constant(at: $0 * residualWidth) }
    let found = rows.withUnsafeBufferPointer { rows in
      var epilogue = epilogue(oracle)
      epilogue.residual = withResidual ? rows.baseAddress : nil
      epilogue.residual_zero_point = residualZero
      epilogue.residual_multiplier = residualMultiplier
      return run(set, epilogue, pixels: pixels, channels: channels, filler: 0xa5 as UInt8)
    }
    let comment: Comment = """
      \(set.name), \(kind) \(values), taps \(taps), k4 \(k4), pixels \(pixels), \
      channels \(channels), residual \(withResidual), seed \(seed)
      """
    #expect(found == expected, comment)
  }

  /// As `check`, for float output.
  func checkFloats(_ set: KernelSet, pixels: Int, channels: Int) {
    let expected = (0..<pixels).map { pixel in
      (0..<channels).map { channel in
        let sum = sums[pixel * self.channels + channel]
        return KernelOracle.scaled(sum, by: multiplier.elements[channel]).bitPattern
      }
    }
    let found = run(
      set,
      epilogue(KernelOracle()),
      pixels: pixels,
      channels: channels,
      filler: -1e30 as Float
    )
    #expect(
      found.map { $0.map(\.bitPattern) } == expected,
      "\(set.name), floats, taps \(taps), k4 \(k4), pixels \(pixels), channels \(channels)"
    )
  }

  private func epilogue(_ oracle: KernelOracle) -> ck_epilogue {
    ck_epilogue(
      bias: bias.at(),
      multiplier: multiplier.at(),
      weight_sum: weightSum.at(),
      zero_point: oracle.zeroPoint,
      low: oracle.low,
      high: oracle.high,
      residual: nil,
      residual_multiplier: 0,
      residual_zero_point: 0
    )
  }

  /// Calls the kernel; what it wrote, row by row. Records an issue where it wrote elsewhere.
  private func run<Output: BitwiseCopyable & Equatable>(
    _ set: KernelSet,
    _ epilogue: ck_epilogue,
    pixels: Int,
    channels: Int,
    filler: Output
  ) -> [[Output]] {
    let width = channels + 2 * Self.guardBytes
    var memory = [Output](repeating: filler, count: pixels * width)
    // Taps of fewer pixels lie closer together.
    let inputs = (0..<taps * pixels).map { i in
      input.constant(at: rows[i / pixels * self.pixels + i % pixels])
    }
    memory.withUnsafeMutableBytes { memory in
      let outputs = (0..<pixels).map { pixel in
        memory.baseAddress.map {
          $0 + (pixel * width + Self.guardBytes) * MemoryLayout<Output>.stride
        }
      }
      inputs.withUnsafeBufferPointer { inputs in
        call(set, epilogue, inputs, pixels, channels, outputs, floats: Output.self == Float.self)
      }
    }
    return (0..<pixels).map { pixel in
      let row = memory[pixel * width..<(pixel + 1) * width]
      let around = row.prefix(Self.guardBytes) + row.suffix(Self.guardBytes)
      #expect(
        around.allSatisfy { $0 == filler },
        "\(set.name) wrote outside pixel \(pixel), channels \(channels)"
      )
      return Array(row.dropFirst(Self.guardBytes).dropLast(Self.guardBytes))
    }
  }

  private func call(
    _ set: KernelSet,
    _ epilogue: ck_epilogue,
    _ inputs: UnsafeBufferPointer<UnsafePointer<UInt8>?>,
    _ pixels: Int,
    _ channels: Int,
    _ outputs: [UnsafeMutableRawPointer?],
    floats: Bool
  ) {
    var epilogue = epilogue
    if kind == .depthwise {
      let bytes = outputs.map { $0?.assumingMemoryBound(to: UInt8.self) }
      bytes.withUnsafeBufferPointer { bytes in
        var tile = ck_depthwise_tile(
          input: inputs.baseAddress,
          pixels: pixels,
          taps: taps,
          weights: weights.at(),
          channels: channels,
          output: bytes.baseAddress
        )
        set.table.pointee.depthwise(&tile, &epilogue)
      }
    } else {
      outputs.withUnsafeBufferPointer { outputs in
        var tile = ck_conv_tile(
          input: inputs.baseAddress,
          pixels: pixels,
          taps: taps,
          k4: k4,
          weights: weights.at(),
          channels: channels,
          output: outputs.baseAddress
        )
        let kernel = floats ? set.table.pointee.conv_f32 : set.table.pointee.conv_u8
        kernel?(&tile, &epilogue)
      }
    }
  }
}
