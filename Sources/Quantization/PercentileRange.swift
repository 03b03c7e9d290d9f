/// The range without the outermost values on either side.
///
/// With percentile p of n values, at most ⌊n × (1 − p ÷ 100)⌋ values lie beyond each end; whole bins count, so that the range
/// is at most a bin wider than it has to be and never wider than min-max.
enum PercentileRange {
  static func range(of histogram: Histogram, percentile: Double) -> ValueRange {
    let bins = histogram.bins
    let allowed = UInt64(Double(histogram.count) * max(0, 1 - percentile / 100))
    let half = histogram.binWidth / 2
    var low = histogram.minimum
    var high = histogram.maximum
    var beyond: UInt64 = 0
    for bin in bins.reversed() {
      beyond += bin.count
      guard beyond <= allowed else {
        high = min(high, Float(bin.middle + half))
        break
      }
    }
    beyond = 0
    for bin in bins {
      beyond += bin.count
      guard beyond <= allowed else {
        low = max(low, Float(bin.middle - half))
        break
      }
    }
    return ValueRange(min(low, high), high)
  }
}
