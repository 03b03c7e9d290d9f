/// The range whose bytes differ least from the values, in mean square: rounding against clipping.
///
/// Bins stand for their middles, which at 4096 bins a sign adds an error far below a step.
enum MeanSquaredErrorRange {
  static func range(of histogram: Histogram) -> ValueRange {
    let bins = histogram.bins
    return RangeSearch.best(in: MinMaxRange.range(of: histogram)) { error(of: $0, bins) }
  }

  private static func error(
    of range: ValueRange,
    _ bins: [(middle: Double, count: UInt64)]
  ) -> Double {
    let parameters = QuantizationParameters(range)
    let scale = Double(parameters.scale)
    let inverse = 1 / scale
    let low = Double(-parameters.zeroPoint)
    let high = 255 + low
    var sum = 0.0
    for bin in bins {
      let steps = min(max((bin.middle * inverse).rounded(.toNearestOrEven), low), high)
      let difference = bin.middle - steps * scale
      sum += Double(bin.count) * difference * difference
    }
    return sum
  }
}
