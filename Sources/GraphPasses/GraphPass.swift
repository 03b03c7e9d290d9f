public import GraphIR

/// One rewrite of a graph that keeps its meaning.
public protocol GraphPass: Sendable {
  /// What it does, verb first, as shown to the user.
  var name: String { get }

  /// Rewrites everywhere it applies; returns how often.
  ///
  /// - Throws: `GraphError` when a rewritten node does not fit, which is a mistake in the pass.
  func run(on graph: inout Graph) throws(GraphError) -> Int
}

/// The passes, in the order in which they run.
public enum PassPipeline {
  /// Passes that only gain; a new one is one line here.
  public static let passes: [any GraphPass] = [
    FoldConstants(), RecognizeActivations(), TurnConstantsIntoAffine(), EliminateNoOps(),
    MoveTransposes(), FoldPad(), MergeAffine(), FoldAffineIntoPredecessor(),
    FoldAffineIntoSuccessor(), MergeChannelSelections(), OrderConvolutionOutputs(),
    ReadChannelRanges(), SinkChannelOrder(), FoldChannelOrder(), FuseResidualAdd(), FuseClamp(),
  ]

  /// Passes for what is left when none of the others applies any more.
  public static let lastResorts: [any GraphPass] = [TurnAffineIntoConvolution()]

  /// How often a pass applied.
  public struct Count: Sendable, Equatable {
    /// The pass.
    public let name: String
    /// Rewrites it made.
    public let count: Int
  }

  /// Runs all passes until none applies any more; returns how often each did.
  ///
  /// - Throws: `GraphError` when the graph is not sound to begin with.
  public static func optimize(_ graph: inout Graph) throws(GraphError) -> [Count] {
    var counts: [String: Int] = [:]
    try graph.verify()
    graph.removeDeadNodes()
    // Every rewrite removes or simplifies a node, so the rounds are bounded by the graph's size.
    for _ in 0...graph.nodes.count {
      if try run(passes, on: &graph, &counts) { continue }
      if try run(lastResorts, on: &graph, &counts) { continue }
      break
    }
    return (passes + lastResorts).compactMap { pass in
      counts[pass.name].map { Count(name: pass.name, count: $0) }
    }
  }

  /// One round; whether anything changed.
  private static func run(
    _ passes: [any GraphPass],
    on graph: inout Graph,
    _ counts: inout [String: Int]
  ) throws(GraphError) -> Bool {
    var isChanged = false
    for pass in passes {
      let count = try pass.run(on: &graph)
      guard count > 0 else { continue }
      graph.removeDeadNodes()
      try graph.verify()
      counts[pass.name, default: 0] += count
      isChanged = true
    }
    return isChanged
  }
}
