/// What a batch normalization knows of its output, a channel: recorded by passes before they fold it away.
public struct ChannelStatistics: Sendable, Equatable {
  /// C means (β).
  public var mean: [Float]
  /// C standard deviations (|γ|).
  public var deviation: [Float]

  /// Statistics of C channels; traps if the counts differ.
  public init(mean: [Float], deviation: [Float]) {
    precondition(
      mean.count == deviation.count,
      "\(mean.count) means, \(deviation.count) deviations"
    )
    self.mean = mean
    self.deviation = deviation
  }
}
