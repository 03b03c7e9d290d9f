/// The range from the smallest to the largest value.
enum MinMaxRange {
  static func range(of histogram: Histogram) -> ValueRange {
    ValueRange(histogram.minimum, histogram.maximum)
  }
}
