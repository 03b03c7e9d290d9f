internal import ModelFormat

/// A class and its score.
public struct Score: Sendable, Equatable {
  /// Index of the output element.
  public var index: Int
  /// The output's real value.
  public var value: Float

  /// A class and its score.
  public init(index: Int, value: Float) {
    self.index = index
    self.value = value
  }
}

extension Network {
  /// The `count` largest outputs of the last run, largest first, the lower index first among equals.
  ///
  /// Fewer where the output has fewer elements. NaN counts as the smallest. Takes O(count × elements) and allocates the
  /// result alone.
  public func top(_ count: Int) -> [Score] {
    var best: [Score] = []
    let limit = min(max(count, 0), outputRecord.elementCount)
    guard limit > 0 else { return best }
    best.reserveCapacity(limit + 1)
    for index in 0..<outputRecord.elementCount {
      let value = outputValue(index)
      func isBelow(_ other: Score) -> Bool {
        other.value < value || (other.value.isNaN && !value.isNaN)
      }
      if best.count == limit, !isBelow(best[limit - 1]) { continue }
      var at = best.count
      while at > 0, isBelow(best[at - 1]) { at -= 1 }
      best.insert(Score(index: index, value: value), at: at)
      if best.count > limit { best.removeLast() }
    }
    return best
  }
}
