internal import CKernels
internal import ModelFormat
internal import Runtime

/// Kernels of rows of pixels: windows, steps and places drawn by seed, over numbers of channels around every vector width.
struct PixelRowCases {
  private static let channelCounts = [
    1, 3, 8, 15, 16, 17, 24, 31, 32, 33, 58, 63, 64, 65, 96, 116, 129, 200, 1100,
  ]
  /// Seeds a number of channels.
  private static let repeats = 24
  /// Bytes around the output that must not change.
  private static let margin = 64

  let operation: KernelOperation
  let kernels: ck_kernels
  let oracle: ck_kernels
  private var result = KernelCheck()

  init(operation: KernelOperation, kernels: ck_kernels, oracle: ck_kernels) {
    (self.operation, self.kernels, self.oracle) = (operation, kernels, oracle)
  }

  mutating func run(_ willRun: (KernelCase) -> Void) throws(RuntimeError) -> KernelCheck {
    for channels in Self.channelCounts {
      for _ in 0..<Self.repeats {
        let seed = UInt64(result.cases)
        var random = SplitMix64(seed: seed)
        let shape = PixelRowShape(channels: channels, &random)
        let operands = KernelCase.Operands.pixelRows(
          seed: seed,
          channels: channels,
          pixels: shape.pixels
        )
        let current = KernelCase(operation: operation, operands: operands)
        willRun(current)
        result.cases += 1
        let found = try output(of: kernels, shape, seed)
        let expected = try output(of: oracle, shape, seed)
        if let index = found.indices.first(where: { found[$0] != expected[$0] }) {
          let place = index - Self.margin
          let values = "is \(found[index]), expected \(expected[index])"
          result.failure = "\(current.text): byte \(place) of the output \(values)"
          return result
        }
      }
    }
    return result
  }

  /// The output's bytes and those around it.
  private func output(
    of kernels: ck_kernels,
    _ shape: PixelRowShape,
    _ seed: UInt64
  ) throws(RuntimeError) -> [UInt8] {
    var random = SplitMix64(seed: ~seed)
    let readable = (shape.channels + 63) / 64 * 64
    let factors = try bytes(readable, &random)
    let last = shape.pixels - 1
    let isInPlace = operation == .scaling && shape.isInPlace
    let outputStep = isInPlace ? shape.step : shape.outputStep
    let used = last * outputStep + shape.channels
    var output = [UInt8](repeating: 0xa5, count: used + 2 * Self.margin)
    // Windows, pixels with 64 bytes after them, or halves of interleaved ones.
    let tapStep = shape.step * shape.dilation
    let windows = last * shape.stride * shape.step + (shape.width - 1) * tapStep + readable
    let inputBytes =
      switch operation {
      case .maximumOfRows: windows
      case .scaling: last * shape.step + shape.channels + 64
      default: last * shape.step + ((shape.channels + 1) / 2 + 63) / 64 * 64
      }
    let (first, second) = (try bytes(inputBytes, &random), try bytes(inputBytes, &random))
    let (a, b) = (
      UnsafePointer(first.last(inputBytes, of: UInt8.self)),
      UnsafePointer(second.last(inputBytes, of: UInt8.self))
    )
    let rounding = (seed % 5 == 0 ? KernelValues.extreme : .mixed).rounding(&random)
    let (zeroA, zeroB) = (random.int32(0...255), random.int32(0...255))
    output.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      let target = start + Self.margin
      switch operation {
      case .maximumOfRows:
        let rows: [UnsafePointer<UInt8>?] = (0..<shape.height).map { $0 % 2 == 0 ? a : b }
        rows.withUnsafeBufferPointer { rows in
          var call = ck_windows(
            rows: rows.baseAddress,
            height: shape.height,
            width: shape.width,
            step: tapStep,
            stride: shape.stride * shape.step,
            pixels: shape.pixels,
            channels: shape.channels,
            output: target,
            output_step: outputStep
          )
          kernels.max_rows_u8(&call)
        }
      case .scaling:
        let place = isInPlace ? first.last(inputBytes, of: UInt8.self) : target
        var call = ck_scaling(
          input: a,
          factors: factors.last(readable, of: UInt8.self),
          output: place,
          input_step: shape.step,
          output_step: outputStep,
          pixels: shape.pixels,
          channels: shape.channels,
          input_zero_point: zeroA,
          factor_zero_point: zeroB,
          zero_point: rounding.zeroPoint,
          low: rounding.low,
          high: rounding.high,
          multiplier: shape.multiplier
        )
        kernels.scale_u8(&call)
        // What lies after the last pixel is the caller's too.
        if isInPlace {
          for index in 0..<used { target[index] = place[index] }
          for index in 0..<Self.margin { target[used + index] = place[used + index] }
        }
      default:
        kernels.interleave_u8(
          a,
          b,
          shape.step,
          target,
          outputStep,
          shape.pixels,
          shape.channels
        )
      }
    }
    return output
  }

  private func bytes(
    _ count: Int,
    _ random: inout SplitMix64
  ) throws(RuntimeError) -> GuardedMemory {
    let memory = try GuardedMemory(count, of: UInt8.self)
    let start = memory.last(count, of: UInt8.self)
    for index in 0..<count { start[index] = random.byte() }
    return memory
  }
}

/// Sizes of a row of pixels, half of the time without gaps.
private struct PixelRowShape {
  let channels: Int
  let pixels: Int
  let height: Int
  let width: Int
  let dilation: Int
  /// Pixels from a window to the next.
  let stride: Int
  /// Bytes from a pixel to the next.
  let step: Int
  let outputStep: Int
  let isInPlace: Bool
  let multiplier: Float

  init(channels: Int, _ random: inout SplitMix64) {
    self.channels = channels
    pixels = random.pick([1, 2, 3, 5, 7, 14, 33])
    (height, width) = (random.number(1...4), random.number(1...4))
    dilation = random.pick([1, 1, 2])
    stride = random.number(1...3)
    let isDense = random.next() % 2 == 0
    step = channels + (isDense ? 0 : random.number(0...70))
    outputStep = channels + (isDense ? 0 : random.number(0...70))
    isInPlace = random.next() % 3 == 0
    multiplier = random.pick([0, 0.0037, 0.003, 0.5, 0.125, -0.02, 16384])
  }
}
