/// The bytes of an image: up to three planes, each with the bytes from one of its rows to the next.
public struct PixelPlanes {
  /// A plane.
  public struct Plane {
    /// Its rows; the last one may end with its last sample.
    public var bytes: UnsafeRawBufferPointer
    /// Bytes from a row to the next.
    public var rowStride: Int

    /// A plane of rows that are `rowStride` bytes apart.
    public init(_ bytes: UnsafeRawBufferPointer, rowStride: Int) {
      self.bytes = bytes
      self.rowStride = rowStride
    }

    /// No plane.
    public static var none: Plane {
      Plane(UnsafeRawBufferPointer(start: nil, count: 0), rowStride: 0)
    }
  }

  /// The only plane, or luma.
  public var first: Plane
  /// Blue difference, or both.
  public var second: Plane
  /// Red difference.
  public var third: Plane

  /// Planes that lie anywhere.
  public init(_ first: Plane, _ second: Plane = .none, _ third: Plane = .none) {
    self.first = first
    self.second = second
    self.third = third
  }

  /// The planes of a buffer that has them one after another, as V4L2 lays them out.
  ///
  /// Rows of the first plane are `rowStride` bytes apart; those of a plane that is half as wide, half as far. What the
  /// buffer lacks is missing in the planes too.
  public init(
    _ bytes: UnsafeRawBufferPointer,
    rowStride: Int,
    height: Int,
    format: PixelFormat
  ) {
    let second =
      switch format {
      case .yu12, .planar422: rowStride / 2
      case .planar411: rowStride / 4
      default: rowStride
      }
    let luma = Self.byteCount(rowStride, height, limit: bytes.count)
    let rows = format.rows(height: height, plane: 1)
    let difference = Self.byteCount(second, rows, limit: bytes.count - luma)
    let count = format.planeCount
    first = Plane(bytes, rowStride: rowStride)
    self.second =
      count > 1
      ? Plane(UnsafeRawBufferPointer(rebasing: bytes[luma...]), rowStride: second) : .none
    third =
      count > 2
      ? Plane(UnsafeRawBufferPointer(rebasing: bytes[(luma + difference)...]), rowStride: second)
      : .none
  }

  /// Bytes of a plane, at most `limit`.
  private static func byteCount(_ rowStride: Int, _ rows: Int, limit: Int) -> Int {
    let (size, overflow) = rowStride.multipliedReportingOverflow(by: rows)
    return overflow || size < 0 ? limit : min(size, limit)
  }

  /// Plane 0, 1 or 2.
  public func plane(_ index: Int) -> Plane {
    switch index {
    case 0: first
    case 1: second
    default: third
    }
  }

  /// Whether every row of an image has all of its bytes here and none overlaps the next.
  public func hold(height: Int, width: Int, format: PixelFormat) -> Bool {
    for index in 0..<format.planeCount {
      let plane = plane(index)
      let rowBytes = format.rowBytes(width: width, plane: index)
      let rows = format.rows(height: height, plane: index)
      guard plane.rowStride >= rowBytes else { return false }
      let (start, overflow) = plane.rowStride.multipliedReportingOverflow(by: rows - 1)
      guard !overflow, plane.bytes.count >= rowBytes, start <= plane.bytes.count - rowBytes else {
        return false
      }
    }
    return true
  }
}
