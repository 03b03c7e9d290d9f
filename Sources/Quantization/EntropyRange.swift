internal import Foundation

/// The range whose bytes keep most of the distribution's information: the least Kullback–Leibler divergence.
///
/// P is the histogram with what lies outside of the range moved to its outermost bins; Q spreads what falls on each byte evenly over the
/// byte's bins that are not empty; the range minimizes `Σ P ln(P ÷ Q)` (Migacz 2017, "8-bit Inference with TensorRT",
/// https://on-demand.gputechconf.com/gtc/2017/presentation/s7310-8-bit-inference-with-tensorrt.pdf). Zero has a byte of its own, so
/// the many zeros behind a ReLU tell nothing: the bin at 0 counts no more than its larger neighbour.
enum EntropyRange {
  static func range(of histogram: Histogram) -> ValueRange {
    let whole = MinMaxRange.range(of: histogram)
    var bins = histogram.bins
    if let zero = bins.firstIndex(where: { $0.middle > 0 }), bins[zero].middle < histogram.binWidth
    {
      let before = zero > 0 ? bins[zero - 1].count : 0
      let after = zero + 1 < bins.count ? bins[zero + 1].count : 0
      bins[zero].count = min(bins[zero].count, max(before, after, 1))
    }
    return RangeSearch.best(in: whole) { divergence(of: $0, bins) }
  }

  private static func divergence(
    of range: ValueRange,
    _ bins: [(middle: Double, count: UInt64)]
  ) -> Double {
    let parameters = QuantizationParameters(range)
    let inverse = 1 / Double(parameters.scale)
    let low = Double(-parameters.zeroPoint)
    let high = 255 + low
    func steps(_ index: Int) -> Double { (bins[index].middle * inverse).rounded(.toNearestOrEven) }
    guard let first = bins.indices.first(where: { steps($0) >= low }),
      let last = bins.indices.last(where: { steps($0) <= high }), first <= last
    else { return .infinity }
    let total = bins.reduce(0.0) { $0 + Double($1.count) }
    let inside = bins[first...last].reduce(0.0) { $0 + Double($1.count) }
    let below = bins[..<first].reduce(0.0) { $0 + Double($1.count) }
    var sum = 0.0
    var start = first
    while start <= last {
      let level = steps(start)
      var end = start
      var count = 0.0
      while end <= last, steps(end) == level {
        count += Double(bins[end].count)
        end += 1
      }
      let q = count / Double(end - start) / inside
      for index in start..<end {
        var p = Double(bins[index].count)
        if index == first { p += below }
        if index == last { p += total - inside - below }
        p /= total
        sum += p * Foundation.log(p / q)
      }
      start = end
    }
    return sum
  }
}
