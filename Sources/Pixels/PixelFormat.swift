/// How the pixels of a source image lie in memory.
public enum PixelFormat: Sendable, Equatable, CaseIterable {
  /// Red, green, blue, a byte each.
  case rgb
  /// Blue, green, red.
  case bgr
  /// Red, green, blue and a byte that is ignored.
  case rgbx
  /// Blue, green, red and a byte that is ignored.
  case bgrx
  /// A byte of luma, which stands for all three colours.
  case grey
  /// Two pixels in four bytes: luma, blue difference, luma, red difference.
  case yuyv
  /// Two pixels in four bytes: blue difference, luma, red difference, luma.
  case uyvy
  /// A plane of luma; then a plane with blue and red difference of 2 × 2 pixels beside each other.
  case nv12
  /// A plane of luma; then a plane with red and blue difference of 2 × 2 pixels beside each other.
  case nv21
  /// Planes of luma, blue difference and red difference; a sample of the latter is for 2 × 2 pixels.
  case yu12
  /// The same, a sample of difference for 2 × 1 pixels, beside each other.
  case planar422
  /// The same, a sample of difference for every pixel.
  case planar444
  /// The same, a sample of difference for 1 × 2 pixels, below each other.
  case planar440
  /// The same, a sample of difference for 4 × 1 pixels, beside each other.
  case planar411

  /// Bytes of a pixel in the first plane; of YUYV and UYVY, half of those of two pixels.
  public var pixelBytes: Int {
    switch self {
    case .grey, .nv12, .nv21, .yu12, .planar422, .planar444, .planar440, .planar411: 1
    case .yuyv, .uyvy: 2
    case .rgb, .bgr: 3
    case .rgbx, .bgrx: 4
    }
  }

  /// Whether pixels are luma and colour differences.
  public var hasColorDifferences: Bool { samples != nil }

  /// Bytes that a row of `width` pixels has in a plane, 0 where the format has no such plane.
  public func rowBytes(width: Int, plane: Int) -> Int {
    switch (self, plane) {
    case (.yuyv, 0), (.uyvy, 0): (width + 1) / 2 * 4
    case (_, 0): width * pixelBytes
    case (.nv12, 1), (.nv21, 1): (width + 1) / 2 * 2
    case (.yu12, 1...2), (.planar422, 1...2): (width + 1) / 2
    case (.planar444, 1...2), (.planar440, 1...2): width
    case (.planar411, 1...2): (width + 3) / 4
    default: 0
    }
  }

  /// Rows that an image of `height` rows has in a plane, 0 where the format has no such plane.
  public func rows(height: Int, plane: Int) -> Int {
    switch (self, plane) {
    case (_, 0): height
    case (.nv12, 1), (.nv21, 1), (.yu12, 1...2), (.planar440, 1...2): (height + 1) / 2
    case (.planar422, 1...2), (.planar444, 1...2), (.planar411, 1...2): height
    default: 0
    }
  }

  /// Planes of an image: 1, 2 or 3.
  public var planeCount: Int {
    switch self {
    case .rgb, .bgr, .rgbx, .bgrx, .grey, .yuyv, .uyvy: 1
    case .nv12, .nv21: 2
    case .yu12, .planar422, .planar444, .planar440, .planar411: 3
    }
  }

  /// Where in a pixel red, green and blue are.
  var offsets: (red: Int, green: Int, blue: Int) {
    switch self {
    case .bgr, .bgrx: (2, 1, 0)
    default: samples == nil && self != .grey ? (0, 1, 2) : (0, 0, 0)
    }
  }

  /// Where luma, blue difference and red difference are; nil where pixels are not made of these.
  public var samples: (luma: SampleLayout, blue: SampleLayout, red: SampleLayout)? {
    let plane = SampleLayout()
    func planar(columns: Int, rows: Int) -> (SampleLayout, SampleLayout, SampleLayout) {
      let blue = SampleLayout(plane: 1, columns: columns, rows: rows)
      let red = SampleLayout(plane: 2, columns: columns, rows: rows)
      return (plane, blue, red)
    }
    func beside(luma: Int, blue: Int, red: Int) -> (SampleLayout, SampleLayout, SampleLayout) {
      (
        SampleLayout(offset: luma, step: 2), SampleLayout(offset: blue, step: 4, columns: 2),
        SampleLayout(offset: red, step: 4, columns: 2)
      )
    }
    func pairs(blue: Int, red: Int) -> (SampleLayout, SampleLayout, SampleLayout) {
      (
        plane, SampleLayout(plane: 1, offset: blue, step: 2, columns: 2, rows: 2),
        SampleLayout(plane: 1, offset: red, step: 2, columns: 2, rows: 2)
      )
    }
    switch self {
    case .rgb, .bgr, .rgbx, .bgrx, .grey: return nil
    case .yuyv: return beside(luma: 0, blue: 1, red: 3)
    case .uyvy: return beside(luma: 1, blue: 0, red: 2)
    case .nv12: return pairs(blue: 0, red: 1)
    case .nv21: return pairs(blue: 1, red: 0)
    case .yu12: return planar(columns: 2, rows: 2)
    case .planar422: return planar(columns: 2, rows: 1)
    case .planar444: return planar(columns: 1, rows: 1)
    case .planar440: return planar(columns: 1, rows: 2)
    case .planar411: return planar(columns: 4, rows: 1)
    }
  }
}
