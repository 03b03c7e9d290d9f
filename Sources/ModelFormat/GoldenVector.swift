/// An input with the exact output and layer hashes that every machine must give.
public struct GoldenVector: Sendable, Equatable {
  /// Where the input comes from.
  public enum Input: Sendable, Equatable {
    /// The first bytes of `SplitMix64.bytes(seed:count:)`.
    case seed(UInt64)
    /// The dense input itself.
    case stored([UInt8])
  }

  /// Where the input comes from.
  public var input: Input
  /// The dense output bytes.
  public var output: [UInt8]
  /// XXH64 (seed 0) of every operator's dense output.
  public var hashes: [UInt64]

  /// A vector as recorded by the runtime.
  public init(input: Input, output: [UInt8], hashes: [UInt64]) {
    self.input = input
    self.output = output
    self.hashes = hashes
  }
}
