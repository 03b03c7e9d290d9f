/// What an evaluation is expected to find: the file that accuracy is held against.
public struct Baseline: Codable, Sendable, Equatable {
  /// A number of each kind of share; nil where it is not looked at.
  public struct Shares: Codable, Sendable, Equatable {
    /// First guesses that are right.
    public var top1: Double?
    /// Images whose class is among the first five guesses.
    public var top5: Double?
    /// Images for which int8 and float name the same class.
    public var agreement: Double?
  }

  /// Images that ran.
  public var images: Int
  /// XXH64 over the set's names and classes.
  public var data: String
  /// What was found when it was written, 0…1.
  public var expected: Shares
  /// How much less is still accepted, 0…1; none where nil.
  public var tolerance: Shares

  /// What is accepted where the file that is replaced says nothing else.
  public static let usualTolerance = 0.005

  /// The baseline that `result` sets, with the tolerances of the one it replaces.
  public init(_ result: EvaluationResult, replacing old: Baseline? = nil) {
    images = result.tally.images
    data = result.data
    expected = Shares(top1: result.top1, top5: result.top5, agreement: result.agreement)
    tolerance =
      old?.tolerance
      ?? Shares(
        top1: Self.usualTolerance,
        top5: Self.usualTolerance,
        agreement: Self.usualTolerance
      )
  }

  /// What of `result` is worse than expected, a line each.
  public func regressions(of result: EvaluationResult) -> [String] {
    var lines: [String] = []
    if result.data != data {
      lines.append("data set: not the one that the baseline was recorded with")
    }
    if result.tally.images != images {
      lines.append("images: \(result.tally.images), expected \(images)")
    }
    func hold(_ name: String, _ found: Double?, _ path: KeyPath<Shares, Double?>) {
      guard let expected = expected[keyPath: path] else { return }
      let tolerance = tolerance[keyPath: path] ?? 0
      guard let found else {
        lines.append("\(name): not measured, expected \(percent(expected))")
        return
      }
      // Shares of whole images: a rounding error must not decide.
      guard found < expected - tolerance - 1e-9 else { return }
      lines.append(
        "\(name): \(percent(found)), expected \(percent(expected)), at most \(percent(tolerance)) less"
      )
    }
    hold("top-1", result.top1, \.top1)
    hold("top-5", result.top5, \.top5)
    hold("agreement with float", result.agreement, \.agreement)
    return lines
  }
}
