/// Searches a short row's integers for the least error `dᵀ C d` of all.
///
/// With `C = Rᵀ R` the error is a sum of squares, one a weight, each of which depends only on that weight and those after it. Weights are
/// fixed from the last to the first, nearest integers first, and a branch ends where its squares exceed the best row so far
/// (Schnorr and Euchner 1994, https://doi.org/10.1007/BF01581144). It stops after 4096 integers; few rows of 3 × 3 weights need as many.
struct RowSearch {
  /// The longest row that is worth the search.
  static let mostDepth = 32
  /// Integers tried.
  private static let mostTries = 4096

  private let factor: [Float]
  private let weights: [Double]
  private let scale: Double
  private var d: [Double]
  private var current: [Float]
  private var tries = 0
  /// The least error found.
  private var least: Double
  /// The integers that have it.
  private(set) var values: [Float]

  /// Starts from integers that are already good; R is K × K, of which the upper triangle counts.
  init(factor: [Float], weights: ArraySlice<Float>, scale: Float, values: ArraySlice<Float>) {
    precondition(factor.count == weights.count * weights.count && values.count == weights.count)
    self.factor = factor
    self.weights = weights.map { Double($0) }
    self.scale = Double(scale)
    self.values = Array(values)
    current = self.values
    d = zip(values, weights).map { Double($0) * Double(scale) - Double($1) }
    least = 0
    for k in d.indices {
      let root = diagonal(k) * d[k] + carried(k)
      least += root * root
    }
  }

  /// Searches; `values` are no worse than before.
  mutating func run() {
    // Rounding errors alone are no gain.
    least *= 1 - 1e-6
    fix(d.count - 1, error: 0)
  }

  private func diagonal(_ k: Int) -> Double { Double(factor[k * d.count + k]) }

  /// What the weights after k add to its root.
  private func carried(_ k: Int) -> Double {
    var sum = 0.0
    for j in k + 1..<max(k + 1, d.count) { sum += Double(factor[k * d.count + j]) * d[j] }
    return sum
  }

  /// Tries integers for weight k, outwards from the best, those after it being fixed with `error`.
  private mutating func fix(_ k: Int, error: Double) {
    let (root, rest) = (diagonal(k), carried(k))
    let best = (weights[k] - rest / root) / scale
    guard best.isFinite else { return }
    let first = min(max(best.rounded(.toNearestOrEven), -127), 127)
    var side: Double = best >= first ? 1 : -1
    var distance = 0.0
    while tries < Self.mostTries, distance <= 254 {
      let integer = first + side * distance
      if distance > 0 { side = -side }
      if distance == 0 || side == (best >= first ? 1 : -1) { distance += 1 }
      guard abs(integer) <= 127 else { continue }
      tries += 1
      let offset = integer * scale - weights[k]
      let total = error + (root * offset + rest) * (root * offset + rest)
      guard total < least else { return }
      (d[k], current[k]) = (offset, Float(integer))
      if k > 0 {
        fix(k - 1, error: total)
      } else {
        (least, values) = (total, current)
      }
    }
  }
}
