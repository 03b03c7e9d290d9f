/// Frames of a moving test picture, YUYV: stripes of luma and colour that wander upwards, two rows a frame.
///
/// The picture is drawn once; a frame is a part of it, so that a frame costs nothing.
struct PatternFrames {
  /// Columns of a frame.
  let width: Int
  /// Rows of a frame.
  let height: Int
  private let picture: UnsafeMutableRawBufferPointer
  private static let period = 128
  private static let step = 2

  /// Frames of `width` × `height` pixels, an even number of columns.
  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    picture = .allocate(byteCount: width * 2 * (height + Self.period), alignment: 64)
    for y in 0..<height + Self.period {
      let phase = y % Self.period
      let blue = UInt8(truncatingIfNeeded: 64 + phase)
      let red = UInt8(truncatingIfNeeded: 191 - phase)
      for x in 0..<width {
        let luma = UInt8(truncatingIfNeeded: 16 + (phase + x / 4) % Self.period * 219 / Self.period)
        picture[(y * width + x) * 2] = luma
        picture[(y * width + x) * 2 + 1] = x % 2 == 0 ? blue : red
      }
    }
  }

  /// The bytes of a frame.
  func bytes(_ index: Int) -> UnsafeRawBufferPointer {
    let first = index % (Self.period / Self.step) * Self.step * width * 2
    return UnsafeRawBufferPointer(rebasing: picture[first..<first + width * height * 2])
  }

  /// Gives the picture's memory back.
  func deallocate() { picture.deallocate() }
}
