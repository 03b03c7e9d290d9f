internal import Quantization

/// How the values that were seen of an output fit the range that was chosen for it.
struct RangeFit {
  /// Smallest and largest value seen.
  let seen: ValueRange
  /// Smallest and largest value that can be represented.
  let range: ValueRange
  /// Share of the values outside of it, 0…1.
  let saturation: Double
  /// Where the middle 99.9 % of the values lie, with 0.
  let middle: ValueRange
  /// Share of the range that `middle` covers, 0…1.
  let use: Double
  /// Signal-to-noise ratio in dB that rounding and clipping leave; nil of nothing but zeros.
  let noiseRatio: Double?
  /// Share of that noise that is clipping, 0…1.
  let clippedShare: Double

  /// Values left out on either side of `middle`.
  private static let tail = 0.0005

  /// Values beyond `bounds` count as its ends; nil for a histogram of nothing.
  init?(
    _ histogram: Histogram,
    _ parameters: QuantizationParameters,
    isWide: Bool = false,
    bounds: ValueRange?
  ) {
    guard histogram.count > 0 else { return nil }
    let (low, high) = (parameters.low, parameters.high)
    let step = Double(parameters.scale) / (isWide ? 256 : 1)
    let (least, most) = bounds.map { (Double($0.low), Double($0.high)) } ?? (-.infinity, .infinity)
    var (outside, signal, rounding, clipping) = (0.0, 0.0, 0.0, 0.0)
    // A bin is finer than a step, so its middle stands for its values; a bin across an end counts as inside.
    let margin = max(step, histogram.binWidth) / 2
    let bins = histogram.bins.map { bin in
      // Exact zeros lie in the narrow bins on either side of 0.
      (
        value: abs(bin.middle) < histogram.binWidth ? 0 : min(max(bin.middle, least), most),
        count: bin.count
      )
    }
    for (value, count) in bins {
      let share = Double(count)
      signal += share * value * value
      if value < low - margin || value > high + margin {
        outside += share
        let excess = value < low ? low - value : value - high
        clipping += share * excess * excess
      } else if abs(value) < step / 2 {
        rounding += share * value * value
      } else {
        rounding += share * step * step / 12
      }
    }
    seen = ValueRange(histogram.minimum, histogram.maximum)
    range = ValueRange(Float(low), Float(high))
    saturation = outside / Double(histogram.count)
    middle = Self.middle(of: bins, histogram.count)
    let covered = min(Double(middle.high), high) - max(Double(middle.low), low)
    use = high > low ? min(max(covered / (high - low), 0), 1) : 0
    let noise = rounding + clipping
    clippedShare = noise > 0 ? clipping / noise : 0
    noiseRatio = Decibels.ratio(signal: signal, noise: noise)
  }

  private static func middle(of bins: [(value: Double, count: UInt64)], _ count: UInt64)
    -> ValueRange
  {
    let skipped = UInt64(Double(count) * tail)
    func first(_ bins: some Sequence<(value: Double, count: UInt64)>) -> Double {
      var passed: UInt64 = 0
      for (value, count) in bins {
        passed += count
        if passed > skipped { return value }
      }
      return 0
    }
    return ValueRange(Float(min(first(bins), 0)), Float(max(first(bins.reversed()), 0)))
  }
}
