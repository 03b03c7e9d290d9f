import Camera
import Pixels

/// SplitMix64, so that a failure can be repeated from its seed.
struct SeededBytes: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

extension FrameFormat {
  static let raw = allCases.filter { $0 != .jpeg }

  /// Bytes of a frame whose rows have no gaps.
  func byteCount(height: Int, width: Int) -> Int {
    guard let format = pixelFormat else { return 0 }
    return (0..<format.planeCount).reduce(0) { sum, plane in
      sum + format.rowBytes(width: width, plane: plane) * format.rows(height: height, plane: plane)
    }
  }

  /// Bytes from a row to the next where there are no gaps.
  func rowStride(width: Int) -> Int { pixelFormat?.rowBytes(width: width, plane: 0) ?? 0 }
}

extension Frame {
  init(_ bytes: UnsafeRawBufferPointer, _ format: FrameFormat, height: Int, width: Int) {
    self.init(
      bytes: bytes,
      format: format,
      width: width,
      height: height,
      rowStride: format.rowStride(width: width),
      sequence: 0,
      timestampNanoseconds: 0,
      generation: 1
    )
  }
}
