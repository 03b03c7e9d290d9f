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
  private let widen:
    (@convention(c) (UnsafePointer<Int8>?, Int, Int, UnsafeMutablePointer<Int16>?) -> Void)?
  private let weights: UnsafePointer<Int8>
  private let epilogue: ck_epilogue
  private let padByte: UInt8
  @Compact private var tile: Int
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
  @Compact private var widenedInputOffset: Int
  @Compact private var windowsOffset: Int
  @Compact private var inputOffset: Int
  @Compact private var outputOffset: Int

  /// Bytes that are copied at once, and may be written past a window or read past the image.
  private static let slack = 8
  /// Taps of the largest window.
  private static let mostTaps = 256
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
    let widen = plan.kernels.widen
    self.widen = widen
    let layout = PackedLayout(outputs: output.channels, inputs: 1, taps: taps, groups: 1)
    weights = plan.weights(record)
    epilogue = plan.epilogue(record, layout, output: output, residual: nil)
    padByte = UInt8(truncatingIfNeeded: record.padPixel)
    let tile = min(max(1, Int(plan.kernels.tile)), Int(CK_MAX_TILE))
    self.tile = tile
    (kernelHeight, kernelWidth) = (record.kernelHeight, record.kernelWidth)
    (strideY, strideX) = (record.strideY, record.strideX)
    (padTop, padLeft) = (record.padTop, record.padLeft)
    blocks = layout.blocks
    imageWidth = width
    imageOffset = scratch.reserve(UInt8.self, height * width + Self.slack)
    let steps = (taps + 3) / 4
    let packed = layout.blocks * steps * 64
    weightsOffset = scratch.reserve(Int8.self, packed)
    widenedOffset = scratch.reserve(Int16.self, widen == nil ? 0 : packed)
    widenedInputOffset = scratch.reserve(Int32.self, widen == nil ? 0 : tile * (2 * steps + 16))
    windowsOffset = scratch.reserve(UInt8.self, tile * (taps + Self.slack))
    inputOffset = scratch.reserve(UnsafePointer<UInt8>?.self, tile)
    outputOffset = scratch.reserve(UnsafeMutableRawPointer?.self, tile)
  }

  private var taps: Int { kernelHeight * kernelWidth }
  private var steps: Int { (taps + 3) / 4 }
  private var windowBytes: Int { taps + Self.slack }

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
    let widened = share.scratch.array(Int16.self, at: widenedOffset)
    widen?(packed, steps, blocks, widened)
    let windows = share.scratch.array(UInt8.self, at: windowsOffset)
    let inputs = share.scratch.array(UnsafePointer<UInt8>?.self, at: inputOffset)
    let outputs = share.scratch.array(UnsafeMutableRawPointer?.self, at: outputOffset)
    for pixel in 0..<tile { inputs[pixel] = UnsafePointer(windows + pixel * windowBytes) }
    var ending = epilogue
    var (y, x) = (first / output.width, first % output.width)
    for start in stride(from: first, to: end, by: tile) {
      let count = min(tile, end - start)
      for pixel in 0..<count {
        let corner = image + ((y * strideY - top) * imageWidth + x * strideX)
        gather(corner, into: windows + pixel * windowBytes)
        outputs[pixel] = UnsafeMutableRawPointer(output.pixel(start + pixel))
        x += 1
        if x == output.width { (y, x) = (y + 1, 0) }
      }
      var call = ck_conv_tile(
        input: UnsafePointer(inputs),
        pixels: count,
        taps: 1,
        k4: steps,
        weights: packed,
        channels: output.channels,
        output: UnsafePointer(outputs),
        widened: widen == nil ? nil : UnsafePointer(widened),
        scratch: share.scratch.array(Int32.self, at: widenedInputOffset)
      )
      kernel(&call, &ending)
    }
  }

  /// The taps of one window, behind each other.
  @_optimize(speed)
  private func gather(_ corner: UnsafePointer<UInt8>, into window: UnsafeMutablePointer<UInt8>) {
    var (from, to) = (UnsafeRawPointer(corner), UnsafeMutableRawPointer(window))
    for _ in 0..<kernelHeight {
      var column = 0
      // The bytes past a row's end are those that the next row overwrites.
      repeat {
        let eight = (from + column).loadUnaligned(as: UInt64.self)
        (to + column).storeBytes(of: eight, as: UInt64.self)
        column += 8
      } while column < kernelWidth
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
        for lane in 0..<16 { to[lane] = 0 }
        for tap in 4 * step..<min(4 * step + 4, taps) {
          let from = words + (block * taps + tap) * 16
          let shift = UInt32(8 * (tap % 4))
          for lane in 0..<16 {
            let weight = UInt32(littleEndian: from[lane]) & 0xFF
            to[lane] |= UInt32(littleEndian: weight << shift)
          }
        }
        to += 16
      }
    }
  }
}
