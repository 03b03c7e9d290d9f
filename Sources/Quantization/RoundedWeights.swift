/// The weights of one layer as integers, before biases and multipliers.
public struct RoundedWeights: Sendable, Equatable {
  /// `[O, K]`, −127…127.
  public var values: [Int8]
  /// O real values of one step.
  public var scales: [Double]

  /// Given integers and steps.
  public init(values: [Int8], scales: [Double]) {
    self.values = values
    self.scales = scales
  }
}
