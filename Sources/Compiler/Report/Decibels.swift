internal import Foundation

/// Ratios of powers on a logarithmic scale.
enum Decibels {
  /// The highest ratio told, for outputs without any noise.
  static let highest = 200.0

  /// `10 log₁₀ (signal ÷ noise)`; nil without signal.
  static func ratio(signal: Double, noise: Double) -> Double? {
    guard signal > 0 else { return nil }
    guard noise > 0 else { return highest }
    return min(10 * Foundation.log10(signal / noise), highest)
  }

  /// `10^(decibels ÷ 10)`.
  static func power(_ decibels: Double) -> Double { Foundation.pow(10, decibels / 10) }
}
