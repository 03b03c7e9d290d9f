internal import CKernels
internal import ModelFormat

/// Convolution of an image of one channel: FORMAT.md, kind 1.
///
/// The format gives each tap four weights, of which one counts here. A run gathers the taps of a window behind each other,
/// four a step, and packs the weights alike: a quarter of the products and of the pointers, and the same sums.
struct SingleChannelConvolution {
  private let input: TensorView
  private let output: TensorView
  private let kernel:
    @convention(c) (UnsafePointer<ck_conv_tile>?, UnsafePointer<ck_epilogue>?) -> Void
  /// Nil where the set has none: then windows go by tiles.
  private let runKernel:
    (@convention(c) (UnsafePointer<ck_conv_run>?, UnsafePointer<ck_epilogue>?) -> Void)?
  private let widen:
    (@convention(c) (UnsafePointer<Int8>?, Int, Int, UnsafeMutablePointer<Int16>?) -> Void)?
  private let weights: UnsafePointer<Int8>
  private let epilogue: ck_epilogue
  private let padByte: UInt8
  /// Pixels of a call.
  @Compact private var chunk: Int
  @Compact private var kernelHeight: Int
  @Compact private var kernelWidth: Int
  @Compact private var strideY: Int
  @Compact private var strideX: Int
  @Compact private var padTop: Int
  @Compact private var padLeft: Int
  @Compact private var blocks: Int
  /// Bytes of a row of the padded image.
  @Compact private var imageWidth: Int
  @Compact private var imageOffset: Int
  @Compact private var weightsOffset: Int
  @Compact private var widenedOffset: Int
  @Compact private var workOffset: Int
  @Compact private var windowsOffset: Int
  @Compact private var inputOffset: Int
  @Compact private var outputOffset: Int

  /// Bytes that are copied at once, and may be written past a window or read past the image.
  private static let slack = 8
  /// Taps of the largest window.
  private static let mostTaps = 256
  /// Bytes of windows of a call of `runKernel`.
  private static let bytesPerRun = 8 << 10
  /// Bytes of the largest padded image.
  private static let mostBytes = 1 << 20

  /// Nil for all other convolutions, and where windows or the padded image are too large.
  init?(_ plan: Plan, _ record: OperatorRecord, _ scratch: inout ScratchLayout) {
    let input = plan.view(record.input)
    let output = plan.view(record.output)
    let taps = record.kernelHeight * record.kernelWidth
    guard input.channels == 1, input.elementSize == 1, output.elementSize == 1,
      record.secondInput == OperatorRecord.noTensor, record.dilationY == 1, record.dilationX == 1,
      (4...Self.mostTaps).contains(taps)
    else { return nil }
    let height = (output.height - 1) * record.strideY + record.kernelHeight
    let width = (output.width - 1) * record.strideX + record.kernelWidth
    guard height <= Self.mostBytes, height * width <= Self.mostBytes else { return nil }
    self.input = input
    self.output = output
    kernel = plan.kernels.conv_u8
    let runKernel = plan.kernels.conv_run
    self.runKernel = runKernel
    let widen = runKernel == nil ? plan.kernels.widen : plan.kernels.widen_run
    self.widen = widen
    let layout = PackedLayout(outputs: output.channels, inputs: 1, taps: taps, groups: 1)
    weights = plan.weights(record)
    epilogue = plan.epilogue(record, layout, output: output, residual: nil)
    padByte = UInt8(truncatingIfNeeded: record.padPixel)
    let steps = (taps + 3) / 4
    let tile = min(max(1, Int(plan.kernels.tile)), Int(CK_MAX_TILE))
    let chunk = runKernel == nil ? tile : min(output.pixels, Self.bytesPerRun / (4 * steps))
    self.chunk = chunk
    (kernelHeight, kernelWidth) = (record.kernelHeight, record.kernelWidth)
    (strideY, strideX) = (record.strideY, record.strideX)
    (padTop, padLeft) = (record.padTop, record.padLeft)
    blocks = layout.blocks
    imageWidth = width
    imageOffset = scratch.reserve(UInt8.self, height * width + Self.slack)
    let packed = layout.blocks * steps * 64
    weightsOffset = scratch.reserve(Int8.self, packed)
    widenedOffset = scratch.reserve(Int16.self, widen == nil ? 0 : packed)
    let work = runKernel == nil ? 4 * tile * (2 * steps + 16) : Int(CK_RUN_SCRATCH)
    workOffset = scratch.reserve(UInt8.self, widen == nil ? 0 : work)
    windowsOffset = scratch.reserve(UInt8.self, chunk * 4 * steps + Self.slack)
    inputOffset = scratch.reserve(UnsafePointer<UInt8>?.self, tile)
    outputOffset = scratch.reserve(UnsafeMutableRawPointer?.self, tile)
  }

  private var taps: Int { kernelHeight * kernelWidth }
  private var steps: Int { (taps + 3) / 4 }
  /// Bytes from a window to the next.
  private var windowBytes: Int { 4 * steps }

  @_optimize(speed)
  func run(_ share: Share) {
    let pixels = share.range(output.pixels)
    guard !pixels.isEmpty else { return }
    let (first, end) = (pixels.lowerBound, pixels.upperBound)
    let top = first / output.width * strideY
    let image = share.scratch.array(UInt8.self, at: imageOffset)
    padded(into: image, rows: top..<(end - 1) / output.width * strideY + kernelHeight)
    packWeights(into: share.scratch.array(UInt32.self, at: weightsOffset))
    let packed = UnsafePointer(share.scratch.array(Int8.self, at: weightsOffset))
    widen?(packed, steps, blocks, share.scratch.array(Int16.self, at: widenedOffset))
    let windows = share.scratch.array(UInt8.self, at: windowsOffset)
    var (y, x) = (first / output.width, first % output.width)
    for start in stride(from: first, to: end, by: chunk) {
      let count = min(chunk, end - start)
      for pixel in 0..<count {
        let corner = image + ((y * strideY - top) * imageWidth + x * strideX)
        gather(corner, into: windows + pixel * windowBytes)
        x += 1
        if x == output.width { (y, x) = (y + 1, 0) }
      }
      convolve(share, start..<start + count)
    }
  }

  /// Pixels whose windows have been gathered.
  @inline(__always)
  private func convolve(_ share: Share, _ pixels: Range<Int>) {
    let windows = UnsafePointer(share.scratch.array(UInt8.self, at: windowsOffset))
    let packed = UnsafePointer(share.scratch.array(Int8.self, at: weightsOffset))
    let widened = UnsafePointer(share.scratch.array(Int16.self, at: widenedOffset))
    let inputs = share.scratch.array(UnsafePointer<UInt8>?.self, at: inputOffset)
    var ending = epilogue
    if let runKernel {
      inputs.pointee = windows
      var run = ck_conv_run()
      run.input = UnsafePointer(inputs)
      run.input_bytes = windowBytes
      run.pixels = pixels.count
      run.rows = 1
      run.taps = 1
      run.k4 = steps
      run.weights = packed
      run.widened = widened
      run.channels = output.channels
      run.output = output.pixel(pixels.lowerBound)
      run.output_bytes = output.pixelBytes
      run.scratch = share.scratch + workOffset
      runKernel(&run, &ending)
      return
    }
    let outputs = share.scratch.array(UnsafeMutableRawPointer?.self, at: outputOffset)
    for pixel in 0..<pixels.count {
      inputs[pixel] = windows + pixel * windowBytes
      outputs[pixel] = UnsafeMutableRawPointer(output.pixel(pixels.lowerBound + pixel))
    }
    var call = ck_conv_tile(
      input: UnsafePointer(inputs),
      pixels: pixels.count,
      taps: 1,
      k4: steps,
      weights: packed,
      channels: output.channels,
      output: UnsafePointer(outputs),
      widened: widen == nil ? nil : widened,
      scratch: share.scratch.array(Int32.self, at: workOffset)
    )
    kernel(&call, &ending)
  }

  /// The taps of one window, behind each other.
  @_optimize(speed)
  private func gather(_ corner: UnsafePointer<UInt8>, into window: UnsafeMutablePointer<UInt8>) {
    var (from, to) = (UnsafeRawPointer(corner), UnsafeMutableRawPointer(window))
    // The bytes past a row's end are those that the next row overwrites.
    for _ in 0..<kernelHeight {
      to.storeBytes(of: from.loadUnaligned(as: UInt64.self), as: UInt64.self)
      for column in stride(from: 8, to: kernelWidth, by: 8) {
        let eight = (from + column).loadUnaligned(as: UInt64.self)
        (to + column).storeBytes(of: eight, as: UInt64.self)
      }
      from += imageWidth
      to += kernelWidth
    }
  }

  /// Rows of the padded image, one byte a pixel, the first of them at `image`.
  @_optimize(speed)
  private func padded(into image: UnsafeMutablePointer<UInt8>, rows: Range<Int>) {
    var line = image
    let left = min(padLeft, imageWidth)
    let right = min(max(left, padLeft + input.width), imageWidth)
    for row in rows {
      let y = row - padTop
      if y >= 0 && y < input.height {
        for x in 0..<left { line[x] = padByte }
        let from = input.pixel(y * input.width)
        if input.pixelBytes == 4 {
          for x in left..<right { line[x] = from[4 * (x - left)] }
        } else {
          for x in left..<right { line[x] = from[input.pixelBytes * (x - left)] }
        }
        for x in right..<imageWidth { line[x] = padByte }
      } else {
        for x in 0..<imageWidth { line[x] = padByte }
      }
      line += imageWidth
    }
  }

  /// Weights `[block][step][16][4]` of taps four a step.
  @_optimize(speed)
  private func packWeights(into packed: UnsafeMutablePointer<UInt32>) {
    let words = UnsafeRawPointer(weights).assumingMemoryBound(to: UInt32.self)
    var to = packed
    for block in 0..<blocks {
      for step in 0..<steps {
        let from = words + (block * taps + 4 * step) * 16
        let count = min(4, taps - 4 * step)
        // Weights of taps that do not exist are those of others, shifted out.
        let (second, third, fourth) = (
          count > 1 ? 16 : 0, count > 2 ? 32 : 0, count > 3 ? 48 : 0
        )
        let mask = ~0 &>> UInt32(8 * (4 - count))
        for lane in 0..<16 {
          let low = from[lane] & 0xFF | (from[lane + second] & 0xFF) &<< 8
          let high = (from[lane + third] & 0xFF) &<< 16 | from[lane + fourth] &<< 24
          to[lane] = (low | high) & mask
        }
        to += 16
      }
    }
  }
}
