public import GraphIR

/// What float runs over the calibration images have shown.
public struct CalibrationResult: Sendable {
  /// Values seen of the graph's input and of every node's output.
  public var histograms: [ValueID: Histogram] = [:]
  /// Mean of each channel (last axis) of the values that weights are applied to.
  public var channelMeans: [ValueID: [Double]] = [:]
  /// Index of the largest output element of each image, for comparison with int8.
  public var topClasses: [Int] = []

  /// Nothing seen.
  public init() {}
}
