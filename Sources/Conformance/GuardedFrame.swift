internal import ModelFormat
internal import Pixels
internal import Runtime

/// Room for an image each of whose planes ends at a page that cannot be touched.
struct GuardedFrame {
  private static let room = 1 << 17

  private let first: GuardedMemory
  private let second: GuardedMemory
  private let third: GuardedMemory

  /// Room for planes of 128 KiB.
  ///
  /// - Throws: `RuntimeError.resources` where the system has no memory.
  init() throws(RuntimeError) {
    first = try GuardedMemory(Self.room, of: UInt8.self)
    second = try GuardedMemory(Self.room, of: UInt8.self)
    third = try GuardedMemory(Self.room, of: UInt8.self)
  }

  /// Draws the sample's image: any bytes, or the least and the greatest only; rows with or without a gap.
  ///
  /// The planes are good while the room lives and no other image is drawn. Traps if there is no room for them.
  func draw(_ sample: PixelSample) -> PixelPlanes {
    var random = SplitMix64(seed: ~sample.seed)
    let isExtreme = random.number(0...2) == 0
    let gap = random.number(0...7)
    func plane(_ index: Int, _ memory: GuardedMemory) -> PixelPlanes.Plane {
      guard index < sample.format.planeCount else { return .none }
      let rowBytes = sample.format.rowBytes(width: sample.width, plane: index)
      let stride = rowBytes + gap
      let count = (sample.format.rows(height: sample.height, plane: index) - 1) * stride + rowBytes
      let bytes = memory.last(count, of: UInt8.self)
      for place in 0..<count {
        let byte = random.byte()
        bytes[place] = isExtreme ? (byte < 128 ? 0 : 255) : byte
      }
      return PixelPlanes.Plane(
        UnsafeRawBufferPointer(start: bytes, count: count),
        rowStride: stride
      )
    }
    return PixelPlanes(plane(0, first), plane(1, second), plane(2, third))
  }
}
