internal import CKernels
internal import ModelFormat
internal import Runtime

/// The random values of one call for `conv_color`, and the memory that kernels see: image, weights, constants, pointers and
/// scratch memory end at guard pages.
final class ColorLayer {
  let rounding: Rounding
  private let call: ColorCases.Call
  private let image: GuardedMemory
  private let weights: GuardedMemory
  private let arranged: GuardedMemory
  private let pointers: GuardedMemory
  private let scratch: GuardedMemory
  private let constants: LayerConstants

  init(_ call: ColorCases.Call) throws(RuntimeError) {
    self.call = call
    var random = SplitMix64(seed: call.seed)
    rounding = call.values.rounding(&random)
    let shape = KernelLayer.Shape(values: call.values, taps: call.taps, k4: 1, seed: call.seed)
    constants = try LayerConstants(shape, channels: call.channels, &random)
    let imageBytes = call.height * call.rowPixels * 4
    image = try GuardedMemory(imageBytes, of: UInt8.self)
    let bytes = image.last(imageBytes, of: UInt8.self)
    for index in 0..<imageBytes { bytes[index] = call.values.activation(&random) }
    let blocks = (call.channels + 15) / 16
    weights = try GuardedMemory(blocks * call.taps * 64, of: Int8.self)
    let target = weights.place(constants.place(call.channels), blocks * call.taps * 64)
    // There is no fourth channel.
    for index in 0..<blocks * call.taps * 16 { target[4 * index + 3] = 0 }
    let pairs = call.taps + (call.taps + 1) / 2
    arranged = try GuardedMemory(32 * blocks * pairs, of: Int16.self)
    pointers = try GuardedMemory(call.height, of: UnsafePointer<UInt8>?.self)
    scratch = try GuardedMemory(ck_color_words(call.taps), of: Int32.self)
  }

  private var blocks: Int { (call.channels + 15) / 16 }
  private var arrangedCount: Int { 32 * blocks * (call.taps + (call.taps + 1) / 2) }

  private func tap(_ y: Int, _ x: Int) -> UnsafePointer<UInt8> {
    let base = image.last(call.height * call.rowPixels * 4, of: UInt8.self)
    return UnsafePointer(base) + (y * call.rowPixels + x) * 4
  }

  private var packed: UnsafePointer<Int8> {
    UnsafePointer(weights.last(blocks * call.taps * 64, of: Int8.self))
  }

  func run(_ kernels: ck_kernels, into target: GuardedRows) {
    let rows = pointers.last(call.height, of: UnsafePointer<UInt8>?.self)
    for y in 0..<call.height { rows[y] = tap(y, 0) }
    let arranged = arranged.last(arrangedCount, of: Int16.self)
    kernels.color_weights(packed, call.taps, blocks, arranged)
    target.clear(rows: call.pixels, rowBytes: call.channels)
    var epilogue = constants.epilogue(call.channels, rounding)
    var run = ck_color_run(
      rows: UnsafePointer(rows),
      height: call.height,
      width: call.width,
      stride: call.stride,
      pixels: call.pixels,
      weights: UnsafePointer(arranged),
      channels: call.channels,
      output: target.row(0).assumingMemoryBound(to: UInt8.self),
      output_bytes: target.row(1) - target.row(0),
      scratch: scratch.last(ck_color_words(call.taps), of: Int32.self)
    )
    kernels.conv_color(&run, &epilogue)
  }

  /// The same pixels as convolutions of one each.
  func sum(_ oracle: ck_kernels, into target: GuardedRows) {
    target.clear(rows: call.pixels, rowBytes: call.channels)
    var epilogue = constants.epilogue(call.channels, rounding)
    for pixel in 0..<call.pixels {
      let taps: [UnsafePointer<UInt8>?] = (0..<call.taps).map {
        tap($0 / call.width, pixel * call.stride + $0 % call.width)
      }
      let outputs: [UnsafeMutableRawPointer?] = [target.row(pixel)]
      taps.withUnsafeBufferPointer { taps in
        outputs.withUnsafeBufferPointer { outputs in
          var tile = ck_conv_tile()
          tile.input = taps.baseAddress
          tile.pixels = 1
          tile.taps = call.taps
          tile.k4 = 1
          tile.weights = packed
          tile.channels = call.channels
          tile.output = outputs.baseAddress
          oracle.conv_u8(&tile, &epilogue)
        }
      }
    }
  }
}
