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
struct AxisWeights {
  /// One, as a weight.
  static let one: Int32 = 1 << 22
  /// Half of one, for rounding.
  static let half: Int32 = 1 << 21
  /// How far a sum of weighted pixels is shifted to be a pixel.
  static let shift: Int32 = 22

  /// Weights that each output pixel has room for.
  let stride: Int
  /// First source pixel of each output pixel.
  let starts: [Int]
  /// Source pixels of each output pixel, 1…`stride`.
  let counts: [Int]
  /// `stride` weights for each output pixel, of which the first `counts` are used.
  let weights: [Int32]

  /// The weights along an axis, with O(kept pixels × stride) work and memory.
  init(_ axis: AxisGeometry, filter: InputContract.Filter) {
    let n = Int64(axis.sourceLength)
    let d = axis.scaledLength
    var builder = Builder(n: n, d: d, sourceStart: axis.sourceStart, count: axis.keptCount)
    for index in 0..<axis.keptCount {
      let j = axis.keptStart + Int64(index)
      switch filter {
      case .antialiased: builder.appendTriangle(j)
      case .bilinear: builder.appendNeighbours(j)
      }
    }
    stride = builder.stride
    starts = builder.starts
    counts = builder.counts
    weights = builder.weights
  }

  /// One past the last source pixel of output pixel `index`.
  func end(_ index: Int) -> Int { starts[index] + counts[index] }

  /// The pixel of a sum of weighted pixels, which rounded weights may leave a little outside 0…255.
  static func pixel(_ sum: Int32) -> UInt8 {
    UInt8(truncatingIfNeeded: min(max(sum >> shift, 0), 255))
  }

  /// Scales a row of single bytes; `scaled` has one for each output pixel.
  func scaleGray(_ row: UnsafeBufferPointer<UInt8>, into scaled: UnsafeMutableBufferPointer<UInt8>)
  {
    weights.withUnsafeBufferPointer { weights in
      for x in 0..<counts.count {
        let start = starts[x]
        let weight = x &* stride
        var sum = Self.half
        for tap in 0..<counts[x] {
          sum &+= Int32(row[start &+ tap]) &* weights[weight &+ tap]
        }
        scaled[x] = Self.pixel(sum)
      }
    }
  }

  /// Scales a row of RGB bytes; `scaled` has three for each output pixel.
  func scaleColor(
    _ row: UnsafeBufferPointer<UInt8>,
    into scaled: UnsafeMutableBufferPointer<UInt8>
  ) {
    weights.withUnsafeBufferPointer { weights in
      for x in 0..<counts.count {
        let start = starts[x] &* 3
        let weight = x &* stride
        var red = Self.half
        var green = Self.half
        var blue = Self.half
        for tap in 0..<counts[x] {
          let share = weights[weight &+ tap]
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
}

extension AxisWeights {
  private struct Builder {
    let n: Int64
    let d: Int64
    let sourceStart: Int
    let stride: Int
    var starts: [Int] = []
    var counts: [Int] = []
    var weights: [Int32] = []

    init(n: Int64, d: Int64, sourceStart: Int, count: Int) {
      self.n = n
      self.d = d
      self.sourceStart = sourceStart
      // A triangle of 2 max(n, d) units to each side covers at most 2 max(n, d) ÷ d + 1 centres, 2d apart.
      stride = Int(min(n, 2 * max(n, d) / d + 1))
      starts.reserveCapacity(count)
      counts.reserveCapacity(count)
      weights.reserveCapacity(count * stride)
    }

    mutating func appendTriangle(_ j: Int64) {
      let centre = (2 * j + 1) * n
      let reach = 2 * max(n, d)
      let first = max(0, floorDivide(centre - reach - d, 2 * d) + 1)
      let last = min(n - 1, floorDivide(centre + reach - d - 1, 2 * d))
      var sum: Int64 = 0
      for x in first...last { sum += reach - distance(x, centre) }
      append(first: first, count: Int(last - first) + 1)
      for x in first...last {
        // Below 2³⁸ × 2²²; the sum is positive: the nearest centre is at most d < reach away.
        let share = (reach - distance(x, centre)) << 22
        weights.append(Int32((share + sum / 2) / sum))
      }
      pad()
    }

    mutating func appendNeighbours(_ j: Int64) {
      let position = (2 * j + 1) * n - d
      let left = floorDivide(position, 2 * d)
      let offset = position - left * 2 * d
      if left < 0 || left >= n - 1 {
        append(first: min(max(left, 0), n - 1), count: 1)
        weights.append(AxisWeights.one)
      } else {
        append(first: left, count: 2)
        let right = Int32(((offset << 22) + d) / (2 * d))
        weights.append(AxisWeights.one - right)
        weights.append(right)
      }
      pad()
    }

    private func distance(_ x: Int64, _ centre: Int64) -> Int64 {
      abs((2 * x + 1) * d - centre)
    }

    private mutating func append(first: Int64, count: Int) {
      starts.append(sourceStart + Int(first))
      counts.append(count)
    }

    private mutating func pad() {
      while weights.count < starts.count * stride { weights.append(0) }
    }

    /// ⌊a ÷ b⌋ for positive b.
    private func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
      let quotient = a / b
      return a % b < 0 ? quotient - 1 : quotient
    }
  }
}
