/// What a graph would become, without quantizing it.
public struct Explanation: Sendable, Equatable, Codable {
  /// Operators of the flat file; empty where nodes are unsupported.
  public var layers: [ConversionReport.Layer] = []
  /// Nodes without an int8 form.
  public var unsupported: [UnsupportedNode] = []
  /// Multiply-accumulates of one run.
  public var multiplyAccumulates = 0
  /// Bytes of weights and constants, about the size of the file.
  public var fileBytes = 0
  /// Bytes of working memory.
  public var arenaBytes = 0
}
