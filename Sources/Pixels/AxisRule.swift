internal import ModelFormat

/// Which samples, with which shares, make a scaled pixel along one axis: the two filters in integers.
///
/// With n source pixels from s on scaled to d, and samples that stand for f source pixels each, the centre of scaled pixel
/// j lies at `s + (2j + 1) n ÷ 2d` and that of sample k at `(2k + 1) f ÷ 2`. In units of `1 ÷ 2d` source pixels their
/// distance is `|(2k + 1) f d − (2j + 1) n − 2 s d|`.
/// - `antialiased`: a triangle that ends one pixel away, measured in the larger of sample and scaled pixel, that is
///   `2 max(f d, n)` units; it is cut off at the image's edge.
/// - `bilinear`: the same triangle, always one sample wide to each side (`2 f d`), the edge sample continued outside the
///   image.
struct AxisRule {
  /// The samples of a scaled pixel.
  struct Span {
    /// The first one.
    var start: Int32 = 0
    /// How many, at least 1.
    var count: Int32 = 0
  }

  /// First source pixel, 0…65,535.
  private let s: Int64
  /// Source pixels, 1…65,536.
  private let n: Int64
  /// Scaled pixels, 1…2³⁶.
  private let d: Int64
  /// Source pixels a sample, 1…4.
  private let f: Int64
  private let filter: InputContract.Filter
  /// The samples that the source pixels touch.
  private let first: Int64
  private let last: Int64

  /// The rule of an axis whose samples stand for `pixels` source pixels each.
  init(_ axis: AxisGeometry, filter: InputContract.Filter, samplePixels pixels: Int = 1) {
    s = Int64(axis.sourceStart)
    n = Int64(axis.sourceLength)
    d = axis.scaledLength
    f = Int64(pixels)
    self.filter = filter
    first = s / f
    last = (s + n - 1) / f
  }

  /// Most samples of a scaled pixel.
  var mostSamples: Int {
    // A triangle of 2 max(f d, n) units to each side covers at most 2 max(f d, n) ÷ f d + 1 centres, 2 f d apart.
    Int(min(last - first + 1, 2 * max(f * d, n) / (f * d) + 1))
  }

  /// Writes the shares of scaled pixel j, whose sum is positive: the nearest centre is less than `reach` away.
  func shares(_ j: Int64, _ shares: UnsafeMutableBufferPointer<Int64>) -> Span {
    // At most 2⁵⁴: (2j + 1) n and 2 s d are below 2⁵³.
    let centre = (2 * j + 1) * n + 2 * s * d
    switch filter {
    case .antialiased: return triangle(centre, shares)
    case .bilinear: return neighbours(centre, shares)
    }
  }

  private func triangle(
    _ centre: Int64,
    _ shares: UnsafeMutableBufferPointer<Int64>
  ) -> Span {
    let reach = 2 * max(f * d, n)
    let from = max(first, floorDivide(centre - reach - f * d, 2 * f * d) + 1)
    let to = min(last, floorDivide(centre + reach - f * d - 1, 2 * f * d))
    for k in from...to { shares[Int(k - from)] = reach - abs((2 * k + 1) * f * d - centre) }
    return Span(start: Int32(from), count: Int32(to - from + 1))
  }

  private func neighbours(
    _ centre: Int64,
    _ shares: UnsafeMutableBufferPointer<Int64>
  ) -> Span {
    let position = centre - f * d
    let left = floorDivide(position, 2 * f * d)
    let right = position - left * 2 * f * d
    if left < first || left >= last {
      shares[0] = 1
      return Span(start: Int32(min(max(left, first), last)), count: 1)
    }
    shares[0] = 2 * f * d - right
    shares[1] = right
    return Span(start: Int32(left), count: 2)
  }

  /// ⌊a ÷ b⌋ for positive b.
  private func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
    let quotient = a / b
    return a % b < 0 ? quotient - 1 : quotient
  }
}
