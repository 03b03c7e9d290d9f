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
    guard limit > 0, let heap = scores.baseAddress else { return 0 }
    // A heap whose root is the last of those kept: each element that comes before it takes its place.
    for index in 0..<limit {
      (heap + index).initialize(to: Score(index: index, value: output.value(index)))
    }
    for root in stride(from: limit / 2 - 1, through: 0, by: -1) {
      Self.sink(heap, from: root, count: limit)
    }
    for index in limit..<outputElementCount {
      let score = Score(index: index, value: output.value(index))
      guard score.precedes(heap[0]) else { continue }
      heap[0] = score
      Self.sink(heap, from: 0, count: limit)
    }
    for last in stride(from: limit - 1, to: 0, by: -1) {
      (heap[0], heap[last]) = (heap[last], heap[0])
      Self.sink(heap, from: 0, count: last)
    }
    return limit
  }

  /// Moves the element at `root` down until both children come before it.
  private static func sink(_ heap: UnsafeMutablePointer<Score>, from root: Int, count: Int) {
    var parent = root
    while 2 * parent + 1 < count {
      var child = 2 * parent + 1
      if child + 1 < count, heap[child].precedes(heap[child + 1]) { child += 1 }
      guard heap[parent].precedes(heap[child]) else { return }
      (heap[parent], heap[child]) = (heap[child], heap[parent])
      parent = child
    }
  }
}
