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
  /// Every pass of a conversion; a new one is one line here.
  public static let passes: [any GraphPass] = [
    FoldConstants(), RecognizeActivations(), TurnConstantsIntoAffine(), EliminateNoOps(),
    MoveTransposes(), FoldPad(), MergeAffine(), FoldAffineIntoPredecessor(),
    FoldAffineIntoSuccessor(), FoldChannelOrder(), TurnAffineIntoConvolution(), FuseResidualAdd(),
    FuseClamp(),
  ]

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
    var counts = [Int](repeating: 0, count: passes.count)
    try graph.verify()
    graph.removeDeadNodes()
    // Every pass removes or simplifies a node, so rounds are bounded by the graph's size.
    for _ in 0...graph.nodes.count {
      var changed = 0
      for (index, pass) in passes.enumerated() {
        let count = try pass.run(on: &graph)
        guard count > 0 else { continue }
        graph.removeDeadNodes()
        try graph.verify()
        counts[index] += count
        changed += count
      }
      if changed == 0 { break }
    }
    return zip(passes, counts).filter { $0.1 > 0 }.map { Count(name: $0.0.name, count: $0.1) }
  }
}
