import Camera
import Pixels

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
