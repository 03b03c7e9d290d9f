/// Heapsort (Williams 1964): a tenth of the code of the library's sort, and it allocates nothing.
extension UnsafeMutableBufferPointer {
  /// Puts a heap in order in O(n) steps: after it no element comes after the first.
  @inlinable package func makeHeap(by precedes: (Element, Element) -> Bool) {
    for root in stride(from: count / 2 - 1, through: 0, by: -1) {
      sink(root, among: count, by: precedes)
    }
  }

  /// Sorts a heap in O(n log n) steps, what precedes first.
  @inlinable package func sortHeap(by precedes: (Element, Element) -> Bool) {
    for last in stride(from: count - 1, to: 0, by: -1) {
      swapAt(0, last)
      sink(0, among: last, by: precedes)
    }
  }

  /// Moves the element at `root` of a heap of the first `count` down until none of its children comes after it.
  @inlinable package func sink(
    _ root: Int,
    among count: Int,
    by precedes: (Element, Element) -> Bool
  ) {
    var parent = root
    while 2 * parent + 1 < count {
      var child = 2 * parent + 1
      if child + 1 < count, precedes(self[child], self[child + 1]) { child += 1 }
      guard precedes(self[parent], self[child]) else { return }
      swapAt(parent, child)
      parent = child
    }
  }
}

extension [Int64] {
  /// Sorts in ascending order, in place, in O(n log n) steps.
  @inline(never)
  package mutating func sortAscending() {
    withUnsafeMutableBufferPointer { numbers in
      numbers.makeHeap(by: <)
      numbers.sortHeap(by: <)
    }
  }
}
