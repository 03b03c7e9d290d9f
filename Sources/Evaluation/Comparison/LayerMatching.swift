/// Which layers of two models compute the same value.
///
/// Those of one name do, where their sizes are equal. Of the others, those between the same neighbours that do the same to the same
/// extents are paired in order: as many as possible, those whose values go together before others.
struct LayerMatching {
  /// Two layers.
  struct Pair: Equatable {
    /// Index in the first model.
    var first: Int
    /// Index in the second model.
    var second: Int
    /// Whether they have one name; else they were matched by order and extents.
    var isByName: Bool
  }

  /// The pairs in the second model's order.
  private(set) var pairs: [Pair] = []
  /// Layers of the second model that compute something and have no partner.
  private(set) var unmatched = 0

  /// `samples` holds some values of each layer of either model, of one image, at the same places in layers of one size.
  init(
    _ first: [ComparedLayer],
    _ second: [ComparedLayer],
    samples: (first: [[Float]], second: [[Float]])
  ) {
    matchNames(first, second)
    matchOrder(first, second) { Self.likeness(samples.first[$0], samples.second[$1]) }
    pairs.sort { $0.second < $1.second }
    let matched = Set(pairs.map(\.second))
    unmatched = second.indices.count { second[$0].family != .movement && !matched.contains($0) }
  }

  private mutating func matchNames(_ first: [ComparedLayer], _ second: [ComparedLayer]) {
    var named: [String: Int] = [:]
    for (index, layer) in first.enumerated() where named[layer.name] == nil {
      named[layer.name] = index
    }
    var taken: Set<Int> = []
    for (index, layer) in second.enumerated() {
      // What only moves values has no noise of its own, and copies have the name of what they copy.
      guard layer.family != .movement, let partner = named[layer.name],
        first[partner].count == layer.count, first[partner].channels == layer.channels,
        taken.insert(partner).inserted
      else { continue }
      pairs.append(Pair(first: partner, second: index, isByName: true))
    }
  }

  private mutating func matchOrder(
    _ first: [ComparedLayer],
    _ second: [ComparedLayer],
    likeness: (Int, Int) -> Double
  ) {
    let (firstTaken, secondTaken) = (Set(pairs.map(\.first)), Set(pairs.map(\.second)))
    let rows = first.indices.filter {
      first[$0].family != .movement && !firstTaken.contains($0)
    }
    let columns = second.indices.filter {
      second[$0].family != .movement && !secondTaken.contains($0)
    }
    // Pairs of one name on either side of which two layers must both lie.
    let names = pairs.sorted { $0.first < $1.first }
    // What a pair is worth, nil where it cannot be one.
    func worth(_ row: Int, _ column: Int) -> Double? {
      let (a, b) = (first[row], second[column])
      guard a.family == b.family, a.extents == b.extents else { return nil }
      let place = names.count { $0.first < row }
      guard place == 0 || names[place - 1].second < column,
        place == names.count || names[place].second > column
      else { return nil }
      return 1 + Self.likenessWeight * likeness(row, column)
    }
    let worths = rows.map { row in columns.map { worth(row, $0) } }
    // sums[r][c]: the most that pairs among rows from r on and columns from c on are worth.
    var sums = [[Double]](
      repeating: [Double](repeating: 0, count: columns.count + 1),
      count: rows.count + 1
    )
    for row in rows.indices.reversed() {
      for column in columns.indices.reversed() {
        sums[row][column] = max(sums[row + 1][column], sums[row][column + 1])
        guard let worth = worths[row][column] else { continue }
        sums[row][column] = max(sums[row][column], sums[row + 1][column + 1] + worth)
      }
    }
    var (row, column) = (0, 0)
    while row < rows.count, column < columns.count {
      if let worth = worths[row][column],
        sums[row][column] == sums[row + 1][column + 1] + worth
      {
        pairs.append(Pair(first: rows[row], second: columns[column], isByName: false))
        (row, column) = (row + 1, column + 1)
      } else if sums[row + 1][column] >= sums[row][column + 1] {
        row += 1
      } else {
        column += 1
      }
    }
  }

  /// How much more than being a pair at all it counts that values are alike.
  private static let likenessWeight = 10.0

  /// The correlation of two samples, 0 where it is negative or there is none.
  private static func likeness(_ a: [Float], _ b: [Float]) -> Double {
    guard a.count == b.count, !a.isEmpty else { return 0 }
    let (meanA, meanB) = (a.mean, b.mean)
    var (ab, aa, bb) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      let (x, y) = (Double(x) - meanA, Double(y) - meanB)
      (ab, aa, bb) = (ab + x * y, aa + x * x, bb + y * y)
    }
    let product = (aa * bb).squareRoot()
    return product > 0 && product.isFinite ? max(0, ab / product) : 0
  }
}

extension [Float] {
  fileprivate var mean: Double { reduce(0) { $0 + Double($1) } / Double(count) }
}
