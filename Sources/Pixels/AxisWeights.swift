internal import ModelFormat

/// The source pixels that each output pixel is made of along one axis, with their weights in 2⁻²² units.
///
/// Everything is a ratio of integers until the last rounding, so that the weights are the same on every machine. With n
/// source pixels scaled to d, the centre of scaled pixel j lies at `(2j + 1) n ÷ 2d` and that of source pixel x at
/// `x + 1/2`. In units of `1 ÷ 2d` their distance is `|(2x + 1) d − (2j + 1) n|`.
/// - `antialiased`: a triangle that ends 1 pixel away, measured in the larger of the two pixels, that is `2 max(n, d)`
///   units; it is cut off at the image's edge and what is left is scaled to a sum of one.
/// - `bilinear`: the same triangle, always one source pixel wide to each side (`2d`), the edge pixel continued
///   outside the image.
struct AxisWeights: ~Copyable {
  /// One, as a weight.
  static let one: Int32 = 1 << 22
  /// Half of one, for rounding.
  static let half: Int32 = 1 << 21
  /// How far a sum of weighted pixels is shifted to be a pixel.
  static let shift: Int32 = 22

  /// The source pixels of an output pixel.
  struct Span {
    /// The first one.
    var start: Int32 = 0
    /// How many, 1…`stride`.
    var count: Int32 = 0
  }

  /// Weights that each output pixel has room for.
  let stride: Int
  private let spans: UnsafeMutableBufferPointer<Span>
  /// `stride` weights for each output pixel, of which the first `count` of its span are used.
  private let weights: UnsafeMutableBufferPointer<Int32>

  /// The weights along an axis, with O(kept pixels × stride) work and memory.
  init(_ axis: AxisGeometry, filter: InputContract.Filter) {
    let n = Int64(axis.sourceLength)
    let d = axis.scaledLength
    // A triangle of 2 max(n, d) units to each side covers at most 2 max(n, d) ÷ d + 1 centres, 2d apart.
    stride = Int(min(n, 2 * max(n, d) / d + 1))
    spans = .allocate(capacity: axis.keptCount)
    weights = .allocate(capacity: axis.keptCount * stride)
    let rule = Rule(n: n, d: d)
    for index in 0..<axis.keptCount {
      let j = axis.keptStart + Int64(index)
      let places = UnsafeMutableBufferPointer(rebasing: weights[(index * stride)...].prefix(stride))
      var span =
        switch filter {
        case .antialiased: rule.triangle(j, places)
        case .bilinear: rule.neighbours(j, places)
        }
      span.start += Int32(axis.sourceStart)
      spans.initializeElement(at: index, to: span)
    }
  }

  deinit {
    spans.deallocate()
    weights.deallocate()
  }

  /// Output pixels.
  var count: Int { spans.count }
  /// First source pixel of output pixel `index`.
  func start(_ index: Int) -> Int { Int(spans[index].start) }
  /// Source pixels of output pixel `index`, 1…`stride`.
  func count(_ index: Int) -> Int { Int(spans[index].count) }
  /// One past the last source pixel of output pixel `index`.
  func end(_ index: Int) -> Int { start(index) + count(index) }
  /// The weight of source pixel `tap` of output pixel `index`.
  func weight(_ index: Int, _ tap: Int) -> Int32 { weights[index &* stride &+ tap] }

  /// The pixel of a sum of weighted pixels, which rounded weights may leave a little outside 0…255.
  static func pixel(_ sum: Int32) -> UInt8 {
    UInt8(truncatingIfNeeded: min(max(sum >> shift, 0), 255))
  }

  /// Scales a row of single bytes; `scaled` has one for each output pixel.
  @_optimize(speed)
  func scaleGray(_ row: UnsafeBufferPointer<UInt8>, into scaled: UnsafeMutableBufferPointer<UInt8>)
  {
    for x in 0..<count {
      let start = start(x)
      var sum = Self.half
      for tap in 0..<count(x) { sum &+= Int32(row[start &+ tap]) &* weight(x, tap) }
      scaled[x] = Self.pixel(sum)
    }
  }

  /// Scales a row of RGB bytes; `scaled` has three for each output pixel.
  @_optimize(speed)
  func scaleColor(
    _ row: UnsafeBufferPointer<UInt8>,
    into scaled: UnsafeMutableBufferPointer<UInt8>
  ) {
    for x in 0..<count {
      let start = start(x) &* 3
      var red = Self.half
      var green = Self.half
      var blue = Self.half
      for tap in 0..<count(x) {
        let share = weight(x, tap)
        let at = start &+ 3 &* tap
        red &+= Int32(row[at]) &* share
        green &+= Int32(row[at &+ 1]) &* share
        blue &+= Int32(row[at &+ 2]) &* share
      }
      scaled[3 &* x] = Self.pixel(red)
      scaled[3 &* x &+ 1] = Self.pixel(green)
      scaled[3 &* x &+ 2] = Self.pixel(blue)
    }
  }
}

extension AxisWeights {
  /// How n source pixels are scaled to d.
  private struct Rule {
    let n: Int64
    let d: Int64

    /// Writes the weights of scaled pixel j by the triangle.
    func triangle(_ j: Int64, _ weights: UnsafeMutableBufferPointer<Int32>) -> Span {
      let centre = (2 * j + 1) * n
      let reach = 2 * max(n, d)
      let first = max(0, floorDivide(centre - reach - d, 2 * d) + 1)
      let last = min(n - 1, floorDivide(centre + reach - d - 1, 2 * d))
      var sum: Int64 = 0
      for x in first...last { sum += reach - distance(x, centre) }
      for x in first...last {
        // Below 2³⁸ × 2²²; the sum is positive: the nearest centre is at most d < reach away.
        let share = (reach - distance(x, centre)) << 22
        weights[Int(x - first)] = Int32((share + sum / 2) / sum)
      }
      return Span(start: Int32(first), count: Int32(last - first + 1))
    }

    /// Writes the weights of scaled pixel j by its two neighbours.
    func neighbours(_ j: Int64, _ weights: UnsafeMutableBufferPointer<Int32>) -> Span {
      let position = (2 * j + 1) * n - d
      let left = floorDivide(position, 2 * d)
      let offset = position - left * 2 * d
      if left < 0 || left >= n - 1 {
        weights[0] = AxisWeights.one
        return Span(start: Int32(min(max(left, 0), n - 1)), count: 1)
      }
      let right = Int32(((offset << 22) + d) / (2 * d))
      weights[0] = AxisWeights.one - right
      weights[1] = right
      return Span(start: Int32(left), count: 2)
    }

    private func distance(_ x: Int64, _ centre: Int64) -> Int64 {
      abs((2 * x + 1) * d - centre)
    }

    /// ⌊a ÷ b⌋ for positive b.
    private func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
      let quotient = a / b
      return a % b < 0 ? quotient - 1 : quotient
    }
  }
}
