internal import ModelFormat

/// A tensor's place in the arena.
struct TensorView {
  let base: UnsafeMutableRawPointer
  @Compact private(set) var height: Int
  @Compact private(set) var width: Int
  @Compact private(set) var channels: Int
  /// Bytes from a pixel to the next.
  @Compact private(set) var pixelBytes: Int
  let scale: Float
  private let zero: UInt8
  private let type: TensorRecord.ElementType
  let ownsMemory: Bool

  init(_ record: TensorRecord, index: Int, arena: UnsafeMutableRawPointer) {
    base = arena + record.arenaOffset
    height = record.height
    width = record.width
    channels = record.channels
    pixelBytes = record.pixelStride * record.elementSize
    scale = record.scale
    zero = UInt8(record.zeroPoint)
    type = record.elementType
    ownsMemory = record.root == index
  }

  var zeroPoint: Int32 { Int32(zero) }
  var elementSize: Int { type.size }
  /// Whether elements are u8.8: high bytes of a pixel, then low ones.
  var isWide: Bool { type == .wide }
  /// Bytes from a high byte to its low one.
  var lowBytes: Int { pixelBytes / 2 }
  var pixels: Int { height * width }
  var elements: Int { pixels * channels }
  /// Bytes of a pixel's channels.
  var rowBytes: Int { channels * elementSize }
  /// Bytes of all channels.
  var denseBytes: Int { pixels * rowBytes }
  var isDense: Bool { pixelBytes == rowBytes }

  var bytes: UnsafeMutablePointer<UInt8> { base.assumingMemoryBound(to: UInt8.self) }

  /// Channel 0 of the pixel at `index` = y × width + x.
  func pixel(_ index: Int) -> UnsafeMutablePointer<UInt8> { bytes + index * pixelBytes }

  /// Channel 0 of the float32 pixel at `index`.
  func floats(_ index: Int) -> UnsafeMutablePointer<Float> {
    (base + index * pixelBytes).assumingMemoryBound(to: Float.self)
  }

  /// Element `index` of the dense sequence as a real number: a float as it is, others dequantized.
  func value(_ index: Int) -> Float {
    let (pixel, channel) = (index / channels, index % channels)
    if type == .float32 { return floats(pixel)[channel] }
    let bytes = self.pixel(pixel) + channel
    let whole = Float(Int32(bytes.pointee) - zeroPoint)
    return (isWide ? whole + Float(bytes[lowBytes]) / 256 : whole) * scale
  }

  /// Copies the channels of all pixels from a dense buffer of `denseBytes`.
  @_optimize(speed)
  func fill(from dense: UnsafeRawPointer) {
    if rowBytes == 3 {
      // An image: a call for each three bytes would take longer than a small network's first layers.
      for index in 0..<pixels {
        let (from, to) = (dense + 3 * index, base + index * pixelBytes)
        to.storeBytes(of: from.loadUnaligned(as: UInt16.self), as: UInt16.self)
        to.storeBytes(
          of: from.load(fromByteOffset: 2, as: UInt8.self),
          toByteOffset: 2,
          as: UInt8.self
        )
      }
      return
    }
    for index in 0..<pixels {
      (base + index * pixelBytes).copyMemory(from: dense + index * rowBytes, byteCount: rowBytes)
    }
  }

  /// Copies the channels of all pixels to a dense buffer of `denseBytes`.
  func copy(to dense: UnsafeMutableRawPointer) {
    let (rows, count, step) = denseRows
    for index in 0..<rows {
      (dense + index * count).copyMemory(from: base + index * step, byteCount: count)
    }
  }

  /// Runs of bytes that the dense sequence consists of, the bytes of one, and from one to the next.
  private var denseRows: (rows: Int, count: Int, step: Int) {
    isWide ? (2 * pixels, channels, lowBytes) : (pixels, rowBytes, pixelBytes)
  }

  /// XXH64 (seed 0) of the dense bytes.
  var hash: UInt64 {
    guard !isDense else {
      return XXH64.hash(UnsafeRawBufferPointer(start: base, count: denseBytes))
    }
    var state = XXH64()
    let (rows, count, step) = denseRows
    for index in 0..<rows {
      state.update(UnsafeRawBufferPointer(start: base + index * step, count: count))
    }
    return state.finalize()
  }
}
