internal import CKernels
internal import ModelFormat
internal import Runtime

/// A convolution of rows of pixels: random values, each kind at the end of memory of its own.
final class RunLayer {
  let rounding: Rounding
  private let shape: KernelLayer.Shape
  private let pixels: Int
  private let channels: Int
  private let steps: Int
  /// Pixels of a row, at most all.
  private let width: Int
  /// Bytes from a pixel to the next, from a row to the next, and of each tap's first pixel from the input's.
  private let stepBytes: Int
  private let rowBytes: Int
  private let starts: [Int]
  private let residualMultiplier: Float
  private let residualZeroPoint: Int32
  private let residualBytes: Int
  private let input: [UInt8]
  private let weights: [Int8]
  private let bias: [Int32]
  private let multiplier: [Float]
  private let weightSum: [Int32]
  private let residual: [UInt8]
  private let inputMemory: GuardedMemory
  private let weightMemory: GuardedMemory
  private let residualMemory: GuardedMemory
  private let widenedMemory: GuardedMemory
  private let scratchMemory: GuardedMemory
  private let leastMemory: GuardedMemory
  private let mostMemory: GuardedMemory
  private let loweredMemory: GuardedMemory
  private let raisedMemory: GuardedMemory
  private let planMemory: GuardedMemory

  init(_ shape: KernelLayer.Shape, pixels: Int, channels: Int) throws(RuntimeError) {
    var random = SplitMix64(seed: shape.seed)
    let values = shape.values
    (self.shape, self.pixels, self.channels) = (shape, pixels, channels)
    rounding = values.rounding(&random)
    residualMultiplier = values.residualMultiplier(&random)
    residualZeroPoint = random.int32(0...255)
    let tapBytes = 4 * shape.k4
    stepBytes = 4 * random.number(1...(shape.k4 + 2))
    starts = (0..<shape.taps).map { _ in 4 * random.number(0...9) }
    // Every second layer has one row; rows may overlap, or lie apart.
    width = random.number(0...1) == 0 ? pixels : random.number(1...pixels / 2)
    rowBytes = width == pixels ? 4 : 4 * random.number(0...(width * stepBytes / 2))
    let size = 36 + (pixels - 1) / width * rowBytes + (width - 1) * stepBytes + tapBytes
    input = (0..<size).map { _ in values.activation(&random) }
    let blocks = (channels + 15) / 16
    steps = shape.taps * shape.k4
    var weights = [Int8](repeating: 0, count: blocks * steps * 64)
    var magnitude = [Int32](repeating: 0, count: blocks * 16)
    var weightSum = magnitude
    for index in weights.indices {
      let channel = index / (steps * 64) * 16 + index % 64 / 4
      weights[index] = values.weight(channel: channel, &random)
      magnitude[channel] += Int32(weights[index].magnitude)
      weightSum[channel] += Int32(weights[index])
    }
    let constants = magnitude.enumerated().map {
      values.constants(channel: $0.offset, magnitude: $0.element, &random)
    }
    residualBytes = (channels + 63) / 64 * 64
    residual = (0..<pixels * residualBytes).map { _ in random.byte() }
    (self.weights, self.weightSum) = (weights, weightSum)
    (bias, multiplier) = (constants.map { $0.bias }, constants.map { $0.multiplier })
    inputMemory = try GuardedMemory(input.count, of: UInt8.self)
    weightMemory = try GuardedMemory(weights.count, of: Int8.self)
    residualMemory = try GuardedMemory(residual.count, of: UInt8.self)
    widenedMemory = try GuardedMemory(weights.count, of: Int16.self)
    scratchMemory = try GuardedMemory(Int(CK_RUN_SCRATCH), of: UInt8.self)
    leastMemory = try GuardedMemory(Self.rangeBytes(shape), of: UInt8.self)
    mostMemory = try GuardedMemory(Self.rangeBytes(shape), of: UInt8.self)
    loweredMemory = try GuardedMemory(pixels * tapBytes + 64, of: UInt8.self)
    raisedMemory = try GuardedMemory(blocks * 16, of: Int32.self)
    planMemory = try GuardedMemory(blocks * ck_plan_words(shape.taps, shape.k4), of: UInt16.self)
  }

  /// Of the least or greatest inputs of a tap.
  private static func rangeBytes(_ shape: KernelLayer.Shape) -> Int {
    (4 * shape.k4 + 63) / 64 * 64
  }

  /// Gives `body` the constants.
  private func withEpilogue(_ body: (inout ck_epilogue) -> Void) {
    bias.withUnsafeBufferPointer { bias in
      multiplier.withUnsafeBufferPointer { multiplier in
        weightSum.withUnsafeBufferPointer { weightSum in
          var epilogue = ck_epilogue()
          epilogue.bias = bias.baseAddress
          epilogue.multiplier = multiplier.baseAddress
          epilogue.weight_sum = weightSum.baseAddress
          epilogue.zero_point = rounding.zeroPoint
          epilogue.low = rounding.low
          epilogue.high = rounding.high
          epilogue.residual_multiplier = residualMultiplier
          epilogue.residual_zero_point = residualZeroPoint
          body(&epilogue)
        }
      }
    }
  }

  /// Bytes from the first pixel's tap to that of `pixel`.
  private func offset(_ pixel: Int) -> Int {
    pixel / width * rowBytes + pixel % width * stepBytes
  }

  /// The starts of the rows that the first pixels are in, and how many of these.
  private func rows(of pixels: Int) -> [(start: Int, pixels: Int)] {
    stride(from: 0, to: pixels, by: width).map { ($0, min(width, pixels - $0)) }
  }

  /// What `kernels` makes of the first pixels and channels, in the rows of `target`: of whole rows in one call, of a part of one
  /// in another.
  func run(
    _ kernels: ck_kernels,
    ofBytes isOfBytes: Bool,
    _ pixels: Int,
    _ channels: Int,
    _ hasResidual: Bool,
    _ target: GuardedRows
  ) {
    let blocks = (channels + 15) / 16
    let ends = rows(of: pixels).map { offset($0.start) + ($0.pixels - 1) * stepBytes }
    let size = (starts.max() ?? 0) + (ends.max() ?? 0) + 4 * shape.k4
    let base = place(input, size, inputMemory)
    var taps: [UnsafePointer<UInt8>?] = starts.map { base + $0 }
    var run = ck_conv_run()
    run.input_bytes = stepBytes
    run.row_bytes = rowBytes
    run.taps = shape.taps
    run.k4 = shape.k4
    run.weights = place(weights, blocks * steps * 64, weightMemory)
    if !isOfBytes, let widen = kernels.widen_run {
      let widened = widenedMemory.last(blocks * steps * 64, of: Int16.self)
      widen(run.weights, steps, blocks, widened)
      run.widened = UnsafePointer(widened)
      run.scratch = UnsafeMutableRawPointer(
        scratchMemory.last(Int(CK_RUN_SCRATCH), of: UInt8.self)
      )
    }
    run.channels = channels
    run.output = target.row(0).assumingMemoryBound(to: UInt8.self)
    run.output_bytes = target.row(1) - target.row(0)
    if hasResidual {
      run.residual_bytes = residualBytes
      let readable = (pixels - 1) * residualBytes + (channels + 63) / 64 * 64
      run.residual = place(residual, readable, residualMemory)
    }
    withEpilogue { epilogue in
      if isOfBytes, let bytes = kernels.bytes {
        plan(&run, pixels, &epilogue, bytes.pointee, &taps)
      }
      let whole = pixels / width
      for (first, rows, count) in [(0, whole, width), (whole * width, 1, pixels % width)]
      where rows > 0 && count > 0 {
        let inputs = taps.map { $0.map { $0 + first / width * run.row_bytes } }
        var part = run
        part.pixels = count
        part.rows = rows
        part.output += first * run.output_bytes
        if hasResidual { part.residual += first * residualBytes }
        inputs.withUnsafeBufferPointer {
          part.input = $0.baseAddress
          kernels.conv_run(&part, &epilogue)
        }
      }
    }
  }

  /// Gives the run a plan for products of bytes, and lowers the inputs of half of the layers of one tap.
  private func plan(
    _ run: inout ck_conv_run,
    _ pixels: Int,
    _ epilogue: inout ck_epilogue,
    _ bytes: ck_byte_kernels,
    _ taps: inout [UnsafePointer<UInt8>?]
  ) {
    let (k4, blocks) = (shape.k4, (run.channels + 15) / 16)
    let least = leastMemory.last(Self.rangeBytes(shape), of: UInt8.self)
    let most = mostMemory.last(Self.rangeBytes(shape), of: UInt8.self)
    least.update(repeating: 255, count: Self.rangeBytes(shape))
    most.update(repeating: 0, count: Self.rangeBytes(shape))
    for case let tap? in taps {
      for row in rows(of: pixels) {
        bytes.range_u8(tap + offset(row.start), stepBytes, row.pixels, k4, least, most)
      }
    }
    if taps.count == 1, let tap = taps[0], shape.seed % 2 == 1 {
      let lowered = loweredMemory.last(pixels * 4 * k4 + 64, of: UInt8.self)
      for row in rows(of: pixels) {
        let to = lowered + row.start * 4 * k4
        bytes.lower_u8(tap + offset(row.start), stepBytes, row.pixels, k4, least, to)
      }
      bytes.lower_u8(most, 0, 1, k4, least, most)
      let raised = raisedMemory.last(blocks * 16, of: Int32.self)
      bytes.raise_bias(least, run.weights, k4, blocks, epilogue.bias, raised)
      epilogue.bias = UnsafePointer(raised)
      taps[0] = UnsafePointer(lowered)
      run.input_bytes = 4 * k4
      run.row_bytes = width * 4 * k4
    }
    let words = blocks * ck_plan_words(shape.taps, k4)
    let plan = planMemory.last(words, of: UInt16.self)
    bytes.plan_run(most, run.weights, shape.taps, k4, blocks, plan)
    run.plan = UnsafePointer(plan)
  }

  /// Dense rows of all pixels, without and with the residual.
  func expected(_ oracle: ck_kernels) -> (plain: [UInt8], added: [UInt8]) {
    var plain = [UInt8](repeating: 0, count: pixels * channels)
    var added = plain
    let base = place(input, input.count, inputMemory)
    let residuals = place(residual, residual.count, residualMemory)
    let weights = place(weights, weights.count, weightMemory)
    withEpilogue { epilogue in
      for pixel in 0..<pixels {
        let taps: [UnsafePointer<UInt8>?] = starts.map { base + ($0 + offset(pixel)) }
        let rows: [UnsafePointer<UInt8>?] = [residuals + pixel * residualBytes]
        taps.withUnsafeBufferPointer { taps in
          func convolve(_ target: inout [UInt8]) {
            target.withUnsafeMutableBytes { bytes in
              guard let start = bytes.baseAddress else { return }
              let outputs: [UnsafeMutableRawPointer?] = [start + pixel * channels]
              outputs.withUnsafeBufferPointer {
                var tile = ck_conv_tile()
                tile.input = taps.baseAddress
                tile.pixels = 1
                tile.taps = shape.taps
                tile.k4 = shape.k4
                tile.weights = weights
                tile.channels = channels
                tile.output = $0.baseAddress
                oracle.conv_u8(&tile, &epilogue)
              }
            }
          }
          epilogue.residual = nil
          convolve(&plain)
          rows.withUnsafeBufferPointer {
            epilogue.residual = $0.baseAddress
            convolve(&added)
          }
        }
      }
    }
    return (plain, added)
  }

  /// The first `count` elements at the guard page.
  private func place<Element: BitwiseCopyable>(
    _ values: [Element],
    _ count: Int,
    _ memory: GuardedMemory
  ) -> UnsafePointer<Element> {
    let target = memory.last(count, of: Element.self)
    values.withUnsafeBufferPointer {
      if let start = $0.baseAddress { target.update(from: start, count: count) }
    }
    return UnsafePointer(target)
  }
}
