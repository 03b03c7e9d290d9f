internal import ModelFormat

/// The source pixels that each output pixel is made of along one axis, with their weights in 2⁻²² units.
///
/// Everything is a ratio of integers until the last rounding (`AxisRule`), so that the weights are the same on every machine.
struct AxisWeights: ~Copyable {
  /// One, as a weight.
  static let one: Int32 = 1 << 22
  /// Half of one, for rounding.
  static let half: Int32 = 1 << 21
  /// How far a sum of weighted pixels is shifted to be a pixel.
  static let shift: Int32 = 22

  /// Weights that each output pixel has room for.
  let stride: Int
  private let spans: UnsafeMutableBufferPointer<AxisRule.Span>
  /// `stride` weights for each output pixel, of which the first `count` of its span are used.
  private let weights: UnsafeMutableBufferPointer<Int32>

  /// The weights along an axis, with O(kept pixels × stride) work and memory.
  init(_ axis: AxisGeometry, filter: InputContract.Filter) {
    let rule = AxisRule(axis, filter: filter)
    stride = rule.mostSamples
    spans = .allocate(capacity: axis.keptCount)
    weights = .allocate(capacity: axis.keptCount * stride)
    let shares = UnsafeMutableBufferPointer<Int64>.allocate(capacity: stride)
    defer { shares.deallocate() }
    for index in 0..<axis.keptCount {
      let span = rule.shares(axis.keptStart + Int64(index), shares)
      spans.initializeElement(at: index, to: span)
      let places = UnsafeMutableBufferPointer(rebasing: weights[(index * stride)...].prefix(stride))
      Self.round(shares, Int(span.count), filter, places)
    }
  }

  /// Rounds each share of the sum; of two neighbours the first has what the other leaves.
  private static func round(
    _ shares: UnsafeMutableBufferPointer<Int64>,
    _ count: Int,
    _ filter: InputContract.Filter,
    _ weights: UnsafeMutableBufferPointer<Int32>
  ) {
    var sum: Int64 = 0
    for tap in 0..<count { sum += shares[tap] }
    // A share is below 2³⁸.
    for tap in 0..<count { weights[tap] = Int32(((shares[tap] << 22) + sum / 2) / sum) }
    if filter == .bilinear && count == 2 { weights[0] = one - weights[1] }
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
