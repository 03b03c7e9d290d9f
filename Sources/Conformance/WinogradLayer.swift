internal import CKernels
internal import ModelFormat
internal import Runtime

/// Tiles of a 3 × 3 convolution for `winograd_u8`: random values, and the memory that kernels see.
///
/// A call takes the first channels of the whole. What it may read ends at guard pages: one of its input rows, one of its
/// residuals, weights, constants, pointers and scratch memory. Some pixels of tiles do not exist.
final class WinogradLayer {
  /// Which values, and how many.
  struct Shape {
    var values = KernelValues.mixed
    /// Of a tile's outputs, 2 or 4.
    var side = 2
    var tiles = 1
    /// Groups of four input channels.
    var k4 = 1
    /// Random numbers depend on this alone.
    var seed: UInt64 = 0

    var inputs: Int { (side + 2) * (side + 2) * tiles }
    var pixels: Int { side * side * tiles }

    var text: String {
      "seed \(seed), \(values.name) values, side \(side), tiles \(tiles), k4 \(k4)"
    }
  }

  let shape: Shape
  let rounding: Rounding
  private let residualMultiplier: Float
  private let residualZeroPoint: Int32
  private let rowBytes: Int
  private let residualBytes: Int
  /// The row of `[element of a tile's inputs][tile]`.
  private let rows: [Int]
  /// Whether a pixel exists.
  private let exists: [Bool]
  private let input: [UInt8]
  private let residual: [UInt8]
  private let weights: [Int8]
  private let bias: [Int32]
  private let multiplier: [Float]
  private let weightSum: [Int32]
  private let row: GuardedMemory
  private let residualRow: GuardedMemory
  private let pointers: GuardedMemory
  private let outputs: GuardedMemory
  private let residuals: GuardedMemory
  private let guardedWeights: GuardedMemory
  private let guardedBias: GuardedMemory
  private let guardedSum: GuardedMemory
  private let guardedMultiplier: GuardedMemory
  private let scratch: GuardedMemory
  private var random: SplitMix64

  init(_ shape: Shape, channels: Int) throws(RuntimeError) {
    self.shape = shape
    let values = shape.values
    var random = SplitMix64(seed: shape.seed)
    rounding = values.rounding(&random)
    residualMultiplier = values.residualMultiplier(&random)
    residualZeroPoint = random.int32(0...255)
    rowBytes = (4 * shape.k4 + 63) / 64 * 64
    residualBytes = (channels + 63) / 64 * 64
    let rowCount = shape.inputs
    rows = (0..<rowCount).map { _ in random.number(0...(rowCount - 1)) }
    exists = (0..<shape.pixels).map { pixel in
      shape.seed % 2 == 0 || pixel == 0 || random.number(0...3) > 0
    }
    input = (0..<rowCount * rowBytes).map { _ in values.activation(&random) }
    residual = (0..<shape.pixels * residualBytes).map { _ in random.byte() }
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
    (self.bias, self.multiplier, self.random) = (bias, multiplier, random)
    row = try GuardedMemory(rowBytes, of: UInt8.self)
    residualRow = try GuardedMemory(residualBytes, of: UInt8.self)
    pointers = try GuardedMemory(rowCount, of: UnsafePointer<UInt8>?.self)
    outputs = try GuardedMemory(shape.pixels, of: UnsafeMutableRawPointer?.self)
    residuals = try GuardedMemory(shape.pixels, of: UnsafePointer<UInt8>?.self)
    guardedWeights = try GuardedMemory(weights.count, of: Int8.self)
    guardedBias = try GuardedMemory(slots, of: Int32.self)
    guardedSum = try GuardedMemory(slots, of: Int32.self)
    guardedMultiplier = try GuardedMemory(slots, of: Float.self)
    scratch = try GuardedMemory(
      ck_winograd_scratch(shape.side, shape.tiles, shape.k4),
      of: UInt8.self
    )
  }

  /// Lays `channels` channels into guarded memory and hands them to `body`, which writes the rows of `target` of pixels that
  /// exist.
  func call(
    channels: Int,
    _ hasResidual: Bool,
    into target: GuardedRows,
    _ body: (ck_winograd_tile, ck_epilogue) -> Void
  ) {
    let (tiles, slots) = (shape.tiles, (channels + 15) / 16 * 16)
    target.clear(rows: shape.pixels, rowBytes: channels)
    input.withUnsafeBufferPointer { input in
      residual.withUnsafeBufferPointer { residual in
        guard let input = input.baseAddress, let residual = residual.baseAddress else { return }
        let inputs = pointers.last(shape.inputs, of: UnsafePointer<UInt8>?.self)
        for (index, row) in rows.enumerated() { inputs[index] = input + row * rowBytes }
        let moved = random.number(0...(rows.count - 1))
        inputs[moved] = UnsafePointer(row.place(input + rows[moved] * rowBytes, rowBytes))
        let outputs = outputs.last(shape.pixels, of: UnsafeMutableRawPointer?.self)
        let others = residuals.last(shape.pixels, of: UnsafePointer<UInt8>?.self)
        for (pixel, exists) in exists.enumerated() {
          outputs[pixel] = exists ? target.row(pixel) : nil
          others[pixel] = exists ? residual + pixel * residualBytes : nil
        }
        let last = exists.lastIndex(of: true) ?? 0
        others[last] = UnsafePointer(
          residualRow.place(residual + last * residualBytes, residualBytes)
        )
        let epilogue = ck_epilogue(
          bias: Self.place(bias, slots, guardedBias),
          multiplier: Self.place(multiplier, slots, guardedMultiplier),
          weight_sum: Self.place(weightSum, slots, guardedSum),
          zero_point: rounding.zeroPoint,
          low: rounding.low,
          high: rounding.high,
          residual: hasResidual ? UnsafePointer(others) : nil,
          residual_multiplier: residualMultiplier,
          residual_zero_point: residualZeroPoint
        )
        let tile = ck_winograd_tile(
          input: UnsafePointer(inputs),
          side: shape.side,
          tiles: tiles,
          k4: shape.k4,
          weights: Self.place(weights, slots / 16 * 9 * shape.k4 * 64, guardedWeights),
          channels: channels,
          output: UnsafePointer(outputs),
          scratch: scratch.last(ck_winograd_scratch(shape.side, tiles, shape.k4), of: UInt8.self)
        )
        body(tile, epilogue)
      }
    }
  }

  /// The same outputs as convolutions of single pixels.
  func sum(_ tile: ck_winograd_tile, _ epilogue: ck_epilogue, by kernels: ck_kernels) {
    let (side, each) = (tile.side, tile.side * tile.side)
    for pixel in 0..<each * tile.tiles where tile.output[pixel] != nil {
      let (y, x) = (pixel % each / side, pixel % side)
      let taps = (0..<9).map { tap in
        tile.input[((side + 2) * (y + tap / 3) + x + tap % 3) * tile.tiles + pixel / each]
      }
      taps.withUnsafeBufferPointer { taps in
        var ending = epilogue
        if let residual = epilogue.residual { ending.residual = residual + pixel }
        var one = ck_conv_tile(
          input: taps.baseAddress,
          pixels: 1,
          taps: 9,
          k4: tile.k4,
          weights: tile.weights,
          channels: tile.channels,
          output: tile.output + pixel,
          widened: nil,
          scratch: nil
        )
        kernels.conv_u8(&one, &ending)
      }
    }
  }

  /// The first difference of the rows last written to `found` and the first channels of `expected`.
  func difference(_ found: GuardedRows, _ expected: GuardedRows) -> String? {
    for (pixel, exists) in exists.enumerated() {
      if exists, let channel = found.difference(pixel, UnsafeRawPointer(expected.row(pixel))) {
        func value(_ rows: GuardedRows) -> String {
          String(rows.row(pixel).load(fromByteOffset: channel, as: UInt8.self))
        }
        return "pixel \(pixel), channel \(channel) is \(value(found)), expected "
          + value(expected)
      }
      guard found.isIntact(pixel) else {
        return "pixel \(pixel): bytes around the output were written, expected as they were"
      }
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
