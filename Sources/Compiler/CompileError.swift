/// Why a graph did not become a model.
public enum CompileError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Nodes without an int8 form, all of them.
  case unsupported([UnsupportedNode])
  /// The graph itself is wrong.
  case graph(String)
  /// Ranges or weights that cannot be quantized.
  case quantization(String)
  /// The labels do not fit the output.
  case labelCount(found: Int, expected: Int)
  /// A golden image has the wrong size.
  case goldenImageSize(index: Int, found: Int, expected: Int)
  /// The emitted bytes were refused or do not run: a defect of the compiler.
  case emission(String)

  /// One line: where, what, found, expected.
  public var description: String {
    switch self {
    case .unsupported(let nodes):
      nodes.count == 1
        ? "unsupported: \(nodes[0])"
        : "\(nodes.count) unsupported nodes: " + nodes.map(\.description).joined(separator: "; ")
    case .graph(let problem): problem
    case .quantization(let problem): problem
    case .labelCount(let found, let expected):
      found == expected + 1 || found + 1 == expected
        ? "labels: \(found) names for \(expected) classes; does one of them count a background class?"
        : "labels: \(found) names, expected \(expected)"
    case .goldenImageSize(let index, let found, let expected):
      "golden image \(index): \(found) bytes, expected \(expected)"
    case .emission(let problem): "compiler defect: \(problem)"
    }
  }
}

/// A node that has no int8 form.
public struct UnsupportedNode: Sendable, Equatable, Codable, CustomStringConvertible {
  /// The node's name.
  public var name: String
  /// What it computes, as in text dumps.
  public var operation: String
  /// What is missing, and what to do about it.
  public var reason: String

  /// A node and why it has no int8 form.
  public init(name: String, operation: String, reason: String) {
    self.name = name
    self.operation = operation
    self.reason = reason
  }

  /// `operation "name": reason`.
  public var description: String { "\(operation) \"\(name)\": \(reason)" }
}
