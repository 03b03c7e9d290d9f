import ModelFormat
import Pixels

/// Samples of luma and colour differences, drawn from a seed, that are written in any format of the same subsampling.
struct YCbCrPicture {
  let height: Int
  let width: Int
  /// Columns and rows of pixels that a difference stands for.
  let columns: Int
  let rows: Int
  let luma: [UInt8]
  let blue: [UInt8]
  let red: [UInt8]

  var chromaWidth: Int { (width + columns - 1) / columns }
  var chromaHeight: Int { (height + rows - 1) / rows }

  init(height: Int, width: Int, columns: Int, rows: Int, seed: UInt64) {
    var random = SplitMix64(seed: seed)
    (self.height, self.width, self.columns, self.rows) = (height, width, columns, rows)
    let chroma = ((width + columns - 1) / columns) * ((height + rows - 1) / rows)
    luma = (0..<height * width).map { _ in UInt8.random(in: 0...255, using: &random) }
    blue = (0..<chroma).map { _ in UInt8.random(in: 0...255, using: &random) }
    red = (0..<chroma).map { _ in UInt8.random(in: 0...255, using: &random) }
  }

  /// Columns and rows that a difference stands for in a format.
  static func subsampling(_ format: PixelFormat) -> (columns: Int, rows: Int) {
    switch format {
    case .yuyv, .uyvy, .planar422: (2, 1)
    case .nv12, .nv21, .yu12: (2, 2)
    case .planar440: (1, 2)
    case .planar411: (4, 1)
    default: (1, 1)
    }
  }

  /// The planes in `format`, each row followed by `padding` other bytes.
  func planes(_ format: PixelFormat, padding: Int = 0) -> [(bytes: [UInt8], rowStride: Int)] {
    func rowsOf(_ samples: [UInt8], _ length: Int) -> (bytes: [UInt8], rowStride: Int) {
      var bytes: [UInt8] = []
      for start in stride(from: 0, to: samples.count, by: length) {
        bytes += samples[start..<start + length] + [UInt8](repeating: 201, count: padding)
      }
      return (bytes, length + padding)
    }
    func beside(_ a: [UInt8], _ b: [UInt8]) -> [UInt8] { zip(a, b).flatMap { [$0, $1] } }
    switch format {
    case .yuyv, .uyvy:
      var packed: [UInt8] = []
      for y in 0..<height {
        for pair in 0..<chromaWidth {
          let at = y * width + 2 * pair
          let second = 2 * pair + 1 < width ? luma[at + 1] : 77
          let (u, v) = (blue[y * chromaWidth + pair], red[y * chromaWidth + pair])
          packed += format == .yuyv ? [luma[at], u, second, v] : [u, luma[at], v, second]
        }
      }
      return [rowsOf(packed, 4 * chromaWidth)]
    case .nv12: return [rowsOf(luma, width), rowsOf(beside(blue, red), 2 * chromaWidth)]
    case .nv21: return [rowsOf(luma, width), rowsOf(beside(red, blue), 2 * chromaWidth)]
    default:
      return [rowsOf(luma, width), rowsOf(blue, chromaWidth), rowsOf(red, chromaWidth)]
    }
  }

  /// The part of the picture from pixel (x, y) on, which must be where a difference begins.
  func cropped(x: Int, y: Int, width newWidth: Int, height newHeight: Int) -> YCbCrPicture {
    func cut(_ samples: [UInt8], _ from: Int, _ x: Int, _ y: Int, _ w: Int, _ h: Int) -> [UInt8] {
      (y..<y + h).flatMap { samples[($0 * from + x)..<($0 * from + x + w)] }
    }
    let (cw, ch) = ((newWidth + columns - 1) / columns, (newHeight + rows - 1) / rows)
    return YCbCrPicture(
      height: newHeight,
      width: newWidth,
      columns: columns,
      rows: rows,
      luma: cut(luma, width, x, y, newWidth, newHeight),
      blue: cut(blue, chromaWidth, x / columns, y / rows, cw, ch),
      red: cut(red, chromaWidth, x / columns, y / rows, cw, ch)
    )
  }

  init(
    height: Int,
    width: Int,
    columns: Int,
    rows: Int,
    luma: [UInt8],
    blue: [UInt8],
    red: [UInt8]
  ) {
    (self.height, self.width, self.columns, self.rows) = (height, width, columns, rows)
    (self.luma, self.blue, self.red) = (luma, blue, red)
  }
}
