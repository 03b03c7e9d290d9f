/// How the range of an activation follows from what was observed of it.
public enum RangeObserver: Sendable, Equatable, CustomStringConvertible {
  /// From the smallest to the largest value.
  case minMax
  /// Without the outermost values: the given per cent of all values lies below the upper bound, and above the lower.
  case percentile(Double)
  /// Between the means of the images' smallest and of their largest values.
  case movingAverage
  /// The range with the least mean squared rounding and clipping error.
  case meanSquaredError
  /// The range with the least Kullback–Leibler divergence.
  case entropy
  /// For each value, that of `candidates` whose range costs its readers least (`ObserverChoice`); of a histogram alone, the least mean
  /// squared error.
  case best

  /// The percentile used where none is given.
  public static let usualPercentile = 99.99

  /// What `best` chooses from, cheapest to compute first.
  public static let candidates: [RangeObserver] = [
    .minMax, .percentile(usualPercentile), .percentile(99.9), .movingAverage, .meanSquaredError,
    .entropy,
  ]

  /// The observer called `min-max`, `percentile`, `percentile:99.9`, `moving-average`, `mse`, `kl` or `best`; nil for anything else.
  public init?(_ name: String) {
    switch name {
    case "min-max": self = .minMax
    case "percentile": self = .percentile(Self.usualPercentile)
    case "moving-average": self = .movingAverage
    case "mse": self = .meanSquaredError
    case "kl": self = .entropy
    case "best": self = .best
    default:
      guard name.hasPrefix("percentile:"), let value = Double(name.dropFirst(11)), value > 50,
        value <= 100
      else { return nil }
      self = .percentile(value)
    }
  }

  /// The name that the initializer reads.
  public var description: String {
    switch self {
    case .minMax: "min-max"
    case .percentile(let value): "percentile:\(value)"
    case .movingAverage: "moving-average"
    case .meanSquaredError: "mse"
    case .entropy: "kl"
    case .best: "best"
    }
  }
}

extension RangeObserver {
  /// The range of what the histogram has seen; 0…0 of nothing.
  public func range(of histogram: Histogram) -> ValueRange {
    guard histogram.count > 0 else { return ValueRange(0, 0) }
    switch self {
    case .minMax: return MinMaxRange.range(of: histogram)
    case .percentile(let value):
      return PercentileRange.range(of: histogram, percentile: value)
    case .movingAverage: return MovingAverageRange.range(of: histogram)
    case .entropy: return EntropyRange.range(of: histogram)
    case .meanSquaredError, .best: return MeanSquaredErrorRange.range(of: histogram)
    }
  }
}
