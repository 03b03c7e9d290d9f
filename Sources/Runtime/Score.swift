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

  /// Whether it comes before `other`: larger first, the lower index first among equals, NaN last.
  fileprivate func precedes(_ other: Score) -> Bool {
    if value.isNaN != other.value.isNaN { return other.value.isNaN }
    if value == other.value || value.isNaN { return index < other.index }
    return value > other.value
  }
}

extension Network {
  /// The `count` largest outputs of the last run, largest first, the lower index first among equals.
  ///
  /// Fewer where the output has fewer elements. NaN counts as the smallest. Allocates the result alone.
  public func top(_ count: Int) -> [Score] {
    let limit = min(max(count, 0), outputElementCount)
    return [Score](unsafeUninitializedCapacity: limit) { buffer, filled in
      filled = top(into: UnsafeMutableBufferPointer(rebasing: buffer[..<limit]))
    }
  }

  /// Writes the largest outputs of the last run to `scores`, ordered as by `top(_:)`, and returns how many.
  ///
  /// That is one a place, fewer where the output has fewer elements. Takes O(elements × log places), allocates nothing.
  public func top(into scores: UnsafeMutableBufferPointer<Score>) -> Int {
    let limit = min(scores.count, outputElementCount)
    guard limit > 0 else { return 0 }
    // A heap whose first is the last of those kept: each element that comes before it takes its place.
    let heap = UnsafeMutableBufferPointer(rebasing: scores[..<limit])
    for index in 0..<limit {
      heap.initializeElement(at: index, to: Score(index: index, value: output.value(index)))
    }
    heap.makeHeap { $0.precedes($1) }
    for index in limit..<outputElementCount {
      let score = Score(index: index, value: output.value(index))
      guard score.precedes(heap[0]) else { continue }
      heap[0] = score
      heap.sink(0, among: limit) { $0.precedes($1) }
    }
    heap.sortHeap { $0.precedes($1) }
    return limit
  }
}
