internal import CKernels
internal import ModelFormat
internal import Runtime

/// Tiles of a 3 × 3 convolution for `winograd_u8`: random values, and the memory that kernels see.
///
/// A call takes the first channels of the whole. What it may read ends at guard pages: the image, a pixel of its padding, the
/// residual, weights, constants and scratch memory. Its last row of tiles may lie partly outside.
final class WinogradLayer {
  /// Which values, and how many.
  struct Shape {
    var values = KernelValues.mixed
    /// Of a tile's outputs, 2 or 4.
    var side = 2
    /// Of the output.
    var (height, width) = (1, 1)
    /// The first tile of the call, which takes all that follow.
    var first = 0
    /// Groups of four input channels.
    var k4 = 1
    /// Random numbers depend on this alone.
    var seed: UInt64 = 0

    var pixels: Int { height * width }
    var columns: Int { (width + side - 1) / side }
    var tiles: Int { (height + side - 1) / side * columns - first }

    /// The tile of a pixel.
    func tile(of pixel: Int) -> Int { pixel / width / side * columns + pixel % width / side }

    var text: String {
      "seed \(seed), \(values.name) values, side \(side), \(height) x \(width), "
        + "tiles from \(first), k4 \(k4)"
    }
  }

  let shape: Shape
  let rounding: Rounding
  private let residualMultiplier: Float
  private let residualZeroPoint: Int32
  private let height: Int
  private let width: Int
  private let padTop: Int
  private let padLeft: Int
  private let pixelBytes: Int
  private let residualBytes: Int
  private let input: GuardedMemory
  private let outside: GuardedMemory
  private let residual: GuardedMemory
  private let weights: [Int8]
  private let bias: [Int32]
  private let multiplier: [Float]
  private let weightSum: [Int32]
  private let guardedWeights: GuardedMemory
  private let guardedBias: GuardedMemory
  private let guardedSum: GuardedMemory
  private let guardedMultiplier: GuardedMemory
  private let scratch: GuardedMemory

  init(_ shape: Shape, channels: Int) throws(RuntimeError) {
    self.shape = shape
    let values = shape.values
    var random = SplitMix64(seed: shape.seed)
    rounding = values.rounding(&random)
    residualMultiplier = values.residualMultiplier(&random)
    residualZeroPoint = random.int32(0...255)
    (padTop, padLeft) = (random.number(0...2), random.number(0...2))
    // Taps below and to the right of the image may lie outside too.
    height = max(1, shape.height + 2 - padTop - random.number(0...2))
    width = max(1, shape.width + 2 - padLeft - random.number(0...2))
    pixelBytes = 4 * shape.k4 + random.number(0...2) * 4
    residualBytes = channels + random.number(0...5)
    let slots = (channels + 15) / 16 * 16
    var weights: [Int8] = []
    var magnitude = [Int32](repeating: 0, count: slots)
    var weightSum = magnitude
    for block in 0..<slots / 16 {
      for index in 0..<9 * shape.k4 * 64 {
        let channel = block * 16 + index % 64 / 4
        weights.append(values.weight(channel: channel, &random))
        let weight = Int32(weights[weights.count - 1])
        magnitude[channel] += abs(weight)
        weightSum[channel] += weight
      }
    }
    (self.weights, self.weightSum) = (weights, weightSum)
    var (bias, multiplier): ([Int32], [Float]) = ([], [])
    for channel in 0..<slots {
      let constants = values.constants(
        channel: channel,
        magnitude: magnitude[channel],
        &random
      )
      bias.append(constants.bias)
      multiplier.append(constants.multiplier)
    }
    (self.bias, self.multiplier) = (bias, multiplier)
    // The last pixel is readable to the next multiple of 64 channels, and no further.
    input = try GuardedMemory(
      (height * width - 1) * pixelBytes + (4 * shape.k4 + 63) / 64 * 64,
      of: UInt8.self
    )
    outside = try GuardedMemory((4 * shape.k4 + 63) / 64 * 64, of: UInt8.self)
    residual = try GuardedMemory(
      (shape.pixels - 1) * residualBytes + (channels + 63) / 64 * 64,
      of: UInt8.self
    )
    guardedWeights = try GuardedMemory(weights.count, of: Int8.self)
    guardedBias = try GuardedMemory(slots, of: Int32.self)
    guardedSum = try GuardedMemory(slots, of: Int32.self)
    guardedMultiplier = try GuardedMemory(slots, of: Float.self)
    scratch = try GuardedMemory(
      ck_winograd_scratch(shape.side, shape.tiles, shape.k4),
      of: UInt8.self
    )
    for memory in [input, outside, residual] {
      for index in 0..<memory.count {
        memory.last(memory.count, of: UInt8.self)[index] =
          memory === residual ? random.byte() : values.activation(&random)
      }
    }
  }

  /// Lays `channels` channels into guarded memory and hands them to `body`, which writes the pixels of the call's tiles, without
  /// gaps, to `target`.
  func call(
    channels: Int,
    _ hasResidual: Bool,
    into target: GuardedRows,
    _ body: (ck_winograd, ck_epilogue) -> Void
  ) {
    let slots = (channels + 15) / 16 * 16
    let others = UnsafePointer(residual.last(residual.count, of: UInt8.self))
    target.clear(rows: 1, rowBytes: shape.pixels * channels)
    let epilogue = ck_epilogue(
      bias: Self.place(bias, slots, guardedBias),
      multiplier: Self.place(multiplier, slots, guardedMultiplier),
      weight_sum: Self.place(weightSum, slots, guardedSum),
      zero_point: rounding.zeroPoint,
      low: rounding.low,
      high: rounding.high,
      residual: nil,
      residual_multiplier: residualMultiplier,
      residual_zero_point: residualZeroPoint
    )
    let winograd = ck_winograd(
      input: UnsafePointer(input.last(input.count, of: UInt8.self)),
      outside: UnsafePointer(outside.last(outside.count, of: UInt8.self)),
      height: height,
      width: width,
      pixel_bytes: pixelBytes,
      pad_top: padTop,
      pad_left: padLeft,
      side: shape.side,
      columns: shape.columns,
      first: shape.first,
      tiles: shape.tiles,
      k4: shape.k4,
      weights: Self.place(weights, slots / 16 * 9 * shape.k4 * 64, guardedWeights),
      channels: channels,
      output: target.row(0).assumingMemoryBound(to: UInt8.self),
      output_height: shape.height,
      output_width: shape.width,
      output_bytes: channels,
      residual: hasResidual ? others : nil,
      residual_bytes: residualBytes,
      scratch: scratch.last(scratch.count, of: UInt8.self)
    )
    body(winograd, epilogue)
  }

  /// The same outputs as convolutions of single pixels.
  func sum(_ call: ck_winograd, _ epilogue: ck_epilogue, by kernels: ck_kernels) {
    for pixel in 0..<shape.pixels where shape.tile(of: pixel) >= shape.first {
      let (y, x) = (pixel / shape.width, pixel % shape.width)
      let taps: [UnsafePointer<UInt8>?] = (0..<9).map { tap in
        let row = y - padTop + tap / 3
        let column = x - padLeft + tap % 3
        guard 0..<height ~= row, 0..<width ~= column else { return call.outside }
        return call.input + (row * width + column) * pixelBytes
      }
      var output: UnsafeMutableRawPointer? = .init(call.output + pixel * call.output_bytes)
      var other = call.residual.map { $0 + pixel * residualBytes }
      taps.withUnsafeBufferPointer { taps in
        withUnsafePointer(to: &output) { output in
          withUnsafePointer(to: &other) { other in
            var ending = epilogue
            if call.residual != nil { ending.residual = other }
            var one = ck_conv_tile(
              input: taps.baseAddress,
              pixels: 1,
              taps: 9,
              k4: call.k4,
              weights: call.weights,
              channels: call.channels,
              output: output,
              widened: nil,
              scratch: nil
            )
            kernels.conv_u8(&one, &ending)
          }
        }
      }
    }
  }

  /// The first difference of the outputs last written to `found`, of `channels` channels, and the first channels of `expected`,
  /// of `of`.
  func difference(
    _ found: GuardedRows,
    channels: Int,
    _ expected: GuardedRows,
    of all: Int
  ) -> String? {
    for pixel in 0..<shape.pixels {
      for channel in 0..<channels {
        let byte = found.row(0).load(fromByteOffset: pixel * channels + channel, as: UInt8.self)
        let wanted = expected.row(0).load(fromByteOffset: pixel * all + channel, as: UInt8.self)
        if byte != wanted {
          return "pixel \(pixel), channel \(channel) is \(byte), expected \(wanted)"
        }
      }
    }
    guard found.isIntact(0) else {
      return "bytes around the output were written, expected as they were"
    }
    return nil
  }

  private static func place<Element: BitwiseCopyable>(
    _ values: [Element],
    _ count: Int,
    _ memory: GuardedMemory
  ) -> UnsafePointer<Element>? {
    values.withUnsafeBufferPointer { values in
      values.baseAddress.map { UnsafePointer(memory.place($0, count)) }
    }
  }
}
