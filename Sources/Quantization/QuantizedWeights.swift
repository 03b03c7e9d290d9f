/// The integers of one layer's weights, one row an output channel.
public struct QuantizedWeights: Sendable, Equatable {
  /// `[O, K]`, −127…127.
  public var values: [Int8] = []
  /// O biases at input scale × weight scale, with `−inputZeroPoint × weightSum` folded in.
  public var bias: [Int32] = []
  /// O requantization factors: input scale × weight scale ÷ output scale, below 1; the output scale is 1 where it is float.
  public var multiplier: [Float] = []
  /// O sums of a row's weights.
  public var weightSum: [Int32] = []
  /// O real values of one weight step.
  public var scales: [Double] = []
  /// Channels whose weights are all zero, or vanish beside their bias.
  public var deadChannels = 0
  /// Channels with a coarser scale than their weights need, so that accumulators cannot overflow.
  public var raisedChannels = 0
  /// Channels with a finer scale than their weights need, so that the multiplier stays below 1: their largest weights are clipped.
  public var clippedChannels = 0

  /// No channels.
  public init() {}
}
