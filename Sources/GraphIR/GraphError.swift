/// A graph that does not make sense; thrown by shape rules and the verifier.
public struct GraphError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Node or value name.
  public var node: String
  /// One line: what, found, expected.
  public var problem: String

  /// An error at `node`; an empty name until the graph fills it in.
  public init(_ problem: String, node: String = "") {
    self.node = node
    self.problem = problem
  }

  /// `node "name": problem`.
  public var description: String { node.isEmpty ? problem : "node \"\(node)\": \(problem)" }
}
