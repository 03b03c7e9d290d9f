public import GraphIR

/// A float graph with everything that its int8 form needs.
public struct QuantizedGraph: Sendable {
  /// The float graph.
  public var graph: Graph
  /// Scale and zero point of every value that is stored in bytes.
  public var parameters: [ValueID: QuantizationParameters] = [:]
  /// Values that stay float32.
  public var floatValues: Set<ValueID> = []
  /// Integer weights of convolutions, fully connected layers and affine maps, by the value that they compute.
  public var weights: [ValueID: QuantizedWeights] = [:]
  /// Clamps that the operator before them applies, by the value that they read; that value is never stored.
  public var fusedClamps: [ValueID: FusedClamps.Target] = [:]
  /// The interval outside of which no reader of a value tells numbers apart, so that clipping there is no error.
  public var saturations: [ValueID: ValueRange] = [:]
  /// Values that keep eight bits more than a byte, u8.8, with the scale and zero point of their bytes.
  public var wideValues: Set<ValueID> = []
  /// What a person should know, a line each.
  public var notes: [String] = []
}
