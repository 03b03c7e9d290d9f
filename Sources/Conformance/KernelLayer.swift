internal import CKernels
internal import ModelFormat
internal import Runtime

/// A convolution or depthwise convolution of a tile: random values, and the memory that kernels see.
///
/// A call takes the first pixels and channels of the whole. What it may read ends at guard pages: one of its input rows, one of
/// its residuals, weights, constants and pointers.
final class KernelLayer {
  /// Which values, and how many.
  struct Shape {
    var isDepthwise = false
    var values = KernelValues.mixed
    var taps = 1
    /// Groups of four input channels of a convolution.
    var k4 = 1
    /// Random numbers depend on this alone.
    var seed: UInt64 = 0

    /// The input row of `[tap][pixel]`, of `count` rows: anywhere, as an indirection buffer's are, so that some serve several
    /// taps; or, for every other seed of nine taps, in the windows of an image, where next pixels share columns.
    func rows(pixels: Int, from count: Int, _ random: inout SplitMix64) -> [Int] {
      guard taps == 9, seed % 2 == 0 else {
        return (0..<taps * pixels).map { _ in random.number(0...(count - 1)) }
      }
      let width = random.number(1...pixels)
      return (0..<taps * pixels).map { index in
        let (tap, pixel) = (index / pixels, index % pixels)
        let (row, column) = (pixel / width + tap / 3, pixel % width + tap % 3)
        return (row * (width + 2) + column) % count
      }
    }

    var text: String {
      "seed \(seed), \(values.name) values, taps \(taps)" + (isDepthwise ? "" : ", k4 \(k4)")
    }
  }

  /// What a kernel writes.
  enum Output {
    case bytes
    case bytesWithResidual
    case floats

    var elementBytes: Int { self == .floats ? 4 : 1 }
  }

  let shape: Shape
  let pixels: Int
  let channels: Int
  let rounding: Rounding
  private let residualMultiplier: Float
  private let residualZeroPoint: Int32
  private var random: SplitMix64

  /// Bytes of an input row, and of a residual row.
  private let rowBytes: Int
  private let residualBytes: Int
  /// The row of `[tap][pixel]`.
  private let rows: [Int]
  private let input: [UInt8]
  private let constants: LayerConstants
  private let residual: [UInt8]
  private let memory: Memory

  /// What a call reads, each at the end of memory of its own.
  private struct Memory {
    let row: GuardedMemory
    let rows: GuardedMemory
    let widened: GuardedMemory
    let scratch: GuardedMemory
    let residual: GuardedMemory
    let residuals: GuardedMemory
    let outputs: GuardedMemory
  }

  init(_ shape: Shape, pixels: Int, channels: Int) throws(RuntimeError) {
    self.shape = shape
    self.pixels = pixels
    self.channels = channels
    let values = shape.values
    let taps = shape.taps
    var random = SplitMix64(seed: shape.seed)
    rounding = values.rounding(&random)
    residualMultiplier = values.residualMultiplier(&random)
    residualZeroPoint = random.int32(0...255)

    residualBytes = Self.readable(channels)
    rowBytes = shape.isDepthwise ? residualBytes : 4 * shape.k4
    let rowCount = taps * pixels + 1
    rows = shape.rows(pixels: pixels, from: rowCount, &random)
    var input = [UInt8](repeating: 0, count: rowCount * rowBytes)
    for index in input.indices { input[index] = values.activation(&random) }
    self.input = input

    constants = try LayerConstants(shape, channels: channels, &random)
    var residual = [UInt8](repeating: 0, count: pixels * residualBytes)
    for index in residual.indices { residual[index] = random.byte() }
    self.residual = residual
    self.random = random
    memory = try Memory(
      row: GuardedMemory(rowBytes, of: UInt8.self),
      rows: GuardedMemory(rows.count, of: UnsafePointer<UInt8>?.self),
      widened: GuardedMemory((channels + 15) / 16 * 64 * taps * shape.k4, of: Int16.self),
      scratch: GuardedMemory(pixels * (2 * taps * shape.k4 + 16), of: Int32.self),
      residual: GuardedMemory(residualBytes, of: UInt8.self),
      residuals: GuardedMemory(pixels, of: UnsafePointer<UInt8>?.self),
      outputs: GuardedMemory(pixels, of: UnsafeMutableRawPointer?.self)
    )
  }

  /// `channels` rounded up to what `ckernels.h` lets kernels read.
  static func readable(_ channels: Int) -> Int { (channels + 63) / 64 * 64 }

  /// Lays the tile of `pixels` pixels from `first` on and `channels` channels into guarded memory, and has `kernels` write it
  /// into the rows of `target`, which are cleared before.
  func run(
    _ kernels: ck_kernels,
    first: Int = 0,
    pixels: Int,
    channels: Int,
    _ output: Output,
    into target: GuardedRows
  ) {
    let weights = constants.place(channels)
    input.withUnsafeBufferPointer { input in
      residual.withUnsafeBufferPointer { residual in
        guard let input = input.baseAddress, let residual = residual.baseAddress else { return }
        let outputs = memory.outputs.last(pixels, of: UnsafeMutableRawPointer?.self)
        target.clear(rows: pixels, rowBytes: channels * output.elementBytes)
        for pixel in 0..<pixels { outputs[pixel] = target.row(pixel) }
        var epilogue = constants.epilogue(channels, rounding)
        if output == .bytesWithResidual {
          epilogue.residual = residuals(residual, first, pixels, channels)
          epilogue.residual_multiplier = residualMultiplier
          epilogue.residual_zero_point = residualZeroPoint
        }
        let rows = inputs(input, first, pixels, channels)
        if shape.isDepthwise {
          outputs.withMemoryRebound(to: UnsafeMutablePointer<UInt8>?.self, capacity: pixels) {
            var tile = ck_depthwise_tile(
              input: rows,
              pixels: pixels,
              taps: shape.taps,
              weights: weights,
              channels: channels,
              output: $0
            )
            kernels.depthwise(&tile, &epilogue)
          }
        } else {
          var tile = ck_conv_tile(
            input: rows,
            pixels: pixels,
            taps: shape.taps,
            k4: shape.k4,
            weights: weights,
            channels: channels,
            output: outputs,
            widened: widened(weights, channels, by: kernels),
            scratch: memory.scratch.last(pixels * (2 * shape.taps * shape.k4 + 16), of: Int32.self)
          )
          if output == .floats {
            kernels.conv_f32(&tile, &epilogue)
          } else {
            kernels.conv_u8(&tile, &epilogue)
          }
        }
      }
    }
  }

  /// The weights as `kernels` widens them, at the guard page; nil now and then, and where it does not.
  private func widened(
    _ weights: UnsafePointer<Int8>,
    _ channels: Int,
    by kernels: ck_kernels
  ) -> UnsafePointer<Int16>? {
    guard let widen = kernels.widen, random.number(0...3) > 0 else { return nil }
    let (steps, blocks) = (shape.taps * shape.k4, (channels + 15) / 16)
    let target = memory.widened.last(blocks * steps * 64, of: Int16.self)
    widen(weights, steps, blocks, target)
    return UnsafePointer(target)
  }

  /// Pointers to the input rows; one of them is moved to the guard page.
  private func inputs(
    _ input: UnsafePointer<UInt8>,
    _ first: Int,
    _ pixels: Int,
    _ channels: Int
  ) -> UnsafePointer<UnsafePointer<UInt8>?> {
    let pointers = memory.rows.last(shape.taps * pixels, of: UnsafePointer<UInt8>?.self)
    for tap in 0..<shape.taps {
      for pixel in 0..<pixels {
        pointers[tap * pixels + pixel] = input + rows[tap * self.pixels + first + pixel] * rowBytes
      }
    }
    let (tap, pixel) = (random.number(0...(shape.taps - 1)), random.number(0...(pixels - 1)))
    let moved = input + rows[tap * self.pixels + first + pixel] * rowBytes
    let bytes = shape.isDepthwise ? Self.readable(channels) : rowBytes
    pointers[tap * pixels + pixel] = UnsafePointer(memory.row.place(moved, bytes))
    return UnsafePointer(pointers)
  }

  /// Pointers to the residuals, those of later pixels first; one of them is moved to the guard page.
  private func residuals(
    _ residual: UnsafePointer<UInt8>,
    _ first: Int,
    _ pixels: Int,
    _ channels: Int
  ) -> UnsafePointer<UnsafePointer<UInt8>?> {
    let pointers = memory.residuals.last(pixels, of: UnsafePointer<UInt8>?.self)
    let last = self.pixels - 1 - first
    for pixel in 0..<pixels { pointers[pixel] = residual + (last - pixel) * residualBytes }
    let pixel = random.number(0...(pixels - 1))
    let moved = residual + (last - pixel) * residualBytes
    pointers[pixel] = UnsafePointer(memory.residual.place(moved, Self.readable(channels)))
    return UnsafePointer(pointers)
  }
}
