public import GraphIR

/// The float network that is converted, and that a flat file is compared with.
public enum FloatNetwork {
  /// What was done to the graph.
  public struct Preparation: Sendable {
    /// How often each pass applied.
    public var passes: [PassPipeline.Count]
    /// Whether the output holds probabilities.
    public var outputIsProbability: Bool
  }

  /// Makes an imported graph eat pixels 0…255, red first, end in probabilities if asked, and as small as passes make it.
  ///
  /// `mean` and `std` as of `InputAndOutput.prependPreprocessing`.
  ///
  /// - Throws: `GraphError` where they do not fit or the graph is not sound.
  public static func prepare(
    _ graph: inout Graph,
    mean: [Float],
    std: [Float],
    isBGR: Bool,
    endsInProbabilities: Bool
  ) throws(GraphError) -> Preparation {
    try InputAndOutput.prependPreprocessing(mean: mean, std: std, isBGR: isBGR, to: &graph)
    var isProbability = false
    if endsInProbabilities { isProbability = try InputAndOutput.endInProbabilities(&graph) }
    return Preparation(
      passes: try PassPipeline.optimize(&graph),
      outputIsProbability: isProbability
    )
  }
}
