/// The range whose bytes differ least from the values, in mean square: rounding against clipping.
///
/// Both ends shrink together first, in hundredths of min-max, then each alone; the first of equal candidates wins. Bins stand for their middles, which at 4096 bins a sign adds an error far below a step.
enum MeanSquaredErrorRange {
  static func range(of histogram: Histogram) -> ValueRange {
    let whole = MinMaxRange.range(of: histogram)
    let bins = histogram.bins
    var best = (low: 100, high: 100)
    var least = error(of: whole, bins)
    func consider(_ low: Int, _ high: Int) {
      guard (20...100).contains(low), (20...100).contains(high) else { return }
      let candidate = scaled(whole, low, high)
      let found = error(of: candidate, bins)
      if found < least { (least, best) = (found, (low, high)) }
    }
    for percent in stride(from: 98, through: 20, by: -2) { consider(percent, percent) }
    for _ in 0..<2 {
      for high in stride(from: 100, through: 20, by: -2) { consider(best.low, high) }
      guard whole.low < 0 else { break }
      for low in stride(from: 100, through: 20, by: -2) { consider(low, best.high) }
    }
    let (low, high) = best
    for step in [1, -1] {
      consider(best.low, high + step)
      if whole.low < 0 { consider(low + step, best.high) }
    }
    return scaled(whole, best.low, best.high)
  }

  private static func scaled(_ range: ValueRange, _ low: Int, _ high: Int) -> ValueRange {
    ValueRange(
      range.low < 0 ? range.low * Float(low) / 100 : range.low,
      range.high > 0 ? range.high * Float(high) / 100 : range.high
    )
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
