internal import ModelFormat
internal import Runtime

/// Runs the finished network over the calibration images and notes what its layers and scores are like.
struct CalibrationRecorder {
  private let network: Network
  private let isProbability: Bool
  private var low: [Moments]
  private var high: [Moments]
  private var scores: [Float] = []

  private struct Moments {
    var sum = 0.0
    var squares = 0.0

    mutating func add(_ share: Float) {
      sum += Double(share)
      squares += Double(share) * Double(share)
    }

    /// Mean and standard deviation of `count` values.
    func statistics(_ count: Int) -> (mean: Float, deviation: Float) {
      let mean = sum / Double(count)
      let variance = max(0, squares / Double(count) - mean * mean)
      return (Float(min(max(mean, 0), 1)), Float(min(variance.squareRoot(), 1)))
    }
  }

  /// Records runs of `network`.
  init(_ network: Network) {
    self.network = network
    isProbability = network.file.input.outputIsProbability
    low = [Moments](repeating: Moments(), count: network.operatorCount)
    high = low
  }

  /// Runs one image, dense pixels.
  mutating func run(_ pixels: [UInt8]) {
    network.setInput(pixels)
    var (low, high) = (low, high)
    network.run { operation in
      let count = network.countAtLimits(ofOutputOf: operation)
      low[operation].add(count.lowShare)
      high[operation].add(count.highShare)
    }
    (self.low, self.high) = (low, high)
    scores.append(network.outputValues.max() ?? 0)
  }

  /// What was recorded; nil where nothing was, or scores are no numbers.
  var statistics: CalibrationStatistics? {
    guard let first = scores.min(), let last = scores.max(), (last - first).isFinite else {
      return nil
    }
    // Scores that are all the same get a range around them.
    let margin = max(last.magnitude, 1) * 0.5
    var statistics = CalibrationStatistics(
      images: scores.count,
      lowestScore: isProbability ? 0 : last > first ? first : first - margin,
      highestScore: isProbability ? 1 : last > first ? last : last + margin,
      layers: zip(low, high).map { low, high in
        var layer = CalibrationStatistics.Layer()
        (layer.lowMean, layer.lowDeviation) = low.statistics(scores.count)
        (layer.highMean, layer.highDeviation) = high.statistics(scores.count)
        return layer
      },
      scores: [UInt32](repeating: 0, count: CalibrationStatistics.scoreBins)
    )
    for score in scores { statistics.scores[statistics.bin(score)] += 1 }
    return statistics
  }
}
