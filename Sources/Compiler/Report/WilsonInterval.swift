/// Where a share that was counted on a sample lies, with 95 % confidence.
///
/// E. B. Wilson, Probable inference, the law of succession, and statistical inference, 1927.
public struct WilsonInterval: Sendable, Equatable {
  /// Lower end, 0…1.
  public let low: Double
  /// Upper end, 0…1.
  public let high: Double

  /// Of `part` out of `whole`; 0…1 where nothing was counted.
  public init(_ part: Int, of whole: Int) {
    guard whole > 0 else {
      (low, high) = (0, 1)
      return
    }
    let (n, z) = (Double(whole), 1.96)
    let share = Double(part) / n
    let middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    let half =
      z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
    (low, high) = (max(0, middle - half), min(1, middle + half))
  }
}
