internal import ModelFormat

/// The samples that each output pixel is made of along one axis, with weights in 2⁻¹⁴ units whose sum is always one.
///
/// A weight is the difference of two neighbouring prefix sums of the rule's shares, each rounded; so no weight is negative
/// and an even image stays even, however many samples there are. An output pixel has `stride` places for weights, of which
/// its samples take the first; the others are 0. Its owner gives the memory back.
struct SampleWeights {
  /// One, as a power of two.
  static let bits: Int64 = 14

  /// Places for weights that each output pixel has.
  let stride: Int
  /// First sample of any output pixel.
  let first: Int
  /// One past the last sample of any.
  let end: Int
  /// First sample of each output pixel, counted from the first of any.
  let starts: UnsafeMutableBufferPointer<Int32>
  /// `stride` weights for each output pixel.
  let weights: UnsafeMutableBufferPointer<Int16>
  /// Places that each output pixel uses.
  private let counts: UnsafeMutableBufferPointer<Int32>

  /// The weights along an axis whose samples stand for `pixels` source pixels each; `stride` is rounded up to a multiple of
  /// `multiple`.
  init(
    _ axis: AxisGeometry,
    filter: InputContract.Filter,
    samplePixels pixels: Int,
    multiple: Int
  ) {
    let rule = AxisRule(axis, filter: filter, samplePixels: pixels)
    let most = rule.mostSamples
    stride = (most + multiple - 1) / multiple * multiple
    starts = .allocate(capacity: axis.keptCount)
    counts = .allocate(capacity: axis.keptCount)
    weights = .allocate(capacity: axis.keptCount * stride)
    weights.initialize(repeating: 0)
    let shares = UnsafeMutableBufferPointer<Int64>.allocate(capacity: most)
    defer { shares.deallocate() }
    var (first, end) = (Int.max, 0)
    for index in 0..<axis.keptCount {
      let span = rule.shares(axis.keptStart + Int64(index), shares)
      starts.initializeElement(at: index, to: span.start)
      counts.initializeElement(at: index, to: span.count)
      first = min(first, Int(span.start))
      end = max(end, Int(span.start + span.count))
      var sum: Int64 = 0
      for tap in 0..<Int(span.count) { sum += shares[tap] }
      // A sum is below 2³⁸ × 2, or, of more samples than two, below 2¹⁷ × 2¹⁷.
      var (prefix, rounded): (Int64, Int64) = (0, 0)
      for tap in 0..<Int(span.count) {
        prefix += shares[tap]
        let next = ((prefix << Self.bits) + sum / 2) / sum
        weights[index * stride + tap] = Int16(next - rounded)
        rounded = next
      }
    }
    self.first = first
    self.end = end
    for index in starts.indices { starts[index] -= Int32(first) }
  }

  func deallocate() {
    starts.deallocate()
    counts.deallocate()
    weights.deallocate()
  }

  /// Samples of output pixel `index`.
  func count(_ index: Int) -> Int { Int(counts[index]) }
}
