/// Shrinks a range from either end to where a cost is least.
///
/// Both ends shrink together first, in hundredths of the whole, then each alone; the first of equal candidates wins.
enum RangeSearch {
  /// The range inside `whole`, at least a fifth of it on either side of 0, that costs least.
  static func best(in whole: ValueRange, cost: (ValueRange) -> Double) -> ValueRange {
    var best = (low: 100, high: 100)
    var least = cost(whole)
    func consider(_ low: Int, _ high: Int) {
      guard (20...100).contains(low), (20...100).contains(high) else { return }
      let found = cost(scaled(whole, low, high))
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
}
