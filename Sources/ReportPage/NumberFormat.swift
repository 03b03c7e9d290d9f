internal import TextTables

/// Numbers as the page writes them.
enum NumberFormat {
  /// `3.76 MB`.
  static func bytes(_ count: Int) -> String { "\(abbreviated(count))\(count < 1000 ? " " : "")B" }

  /// `97.5 %`, with more digits near the ends.
  static func percent(_ share: Double) -> String { "\(significant(100 * share, 3)) %" }

  /// `0.02 %`, for columns.
  static func shortPercent(_ share: Double) -> String {
    share > 0 && share < 0.00005 ? "< 0.01 %" : "\(share == 0 ? "0" : fixed(100 * share, 2)) %"
  }

  /// `31.3`; nothing for nil.
  static func decibels(_ ratio: Double?) -> String { ratio.map { fixed($0, 1) } ?? "" }

  /// `−1.5 … 6`.
  static func range(_ bounds: [Double]) -> String {
    guard bounds.count == 2 else { return "" }
    return "\(significant(bounds[0], 3)) … \(significant(bounds[1], 3))"
  }

  /// A coordinate or a length.
  static func position(_ value: Double) -> String {
    significant(value, 5).replacing("−", with: "-")
  }

  /// A place along an axis in per cent of it, kept inside.
  static func place(_ value: Double) -> String {
    "\(position(100 * min(max(value.isFinite ? value : 0, 0), 1)))%"
  }

  /// The smallest of 1, 2, 5, 10, 20, … that is at least `value`.
  static func roundUp(_ value: Double) -> Double {
    guard value > 0, value.isFinite else { return 1 }
    var unit = 1.0
    while unit < value, unit < 1e15 { unit *= 10 }
    while unit / 10 >= value, unit > 1e-12 { unit /= 10 }
    return [unit / 5, unit / 2].first { $0 >= value } ?? unit
  }
}
