/// The range between the means of the images' smallest and of their largest values.
///
/// What training takes as an exponential moving average of batch extremes (Jacob et al. 2018, "Quantization and Training of Neural
/// Networks for Efficient Integer-Arithmetic-Only Inference", section 3.1, https://arxiv.org/abs/1712.05877) would here depend on the
/// images' order and weigh the last ones most; the plain mean is what it estimates.
enum MovingAverageRange {
  static func range(of histogram: Histogram) -> ValueRange {
    ValueRange(histogram.meanMinimum, histogram.meanMaximum)
  }
}
