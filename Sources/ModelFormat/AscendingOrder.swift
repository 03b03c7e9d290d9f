extension [Int64] {
  /// Sorts in ascending order, in place, in O(n log n) steps: heapsort (Williams 1964).
  ///
  /// A tenth of the code of the library's sort, for a few thousand numbers at start-up.
  @inline(never)
  package mutating func sortAscending() {
    withUnsafeMutableBufferPointer { numbers in
      for root in stride(from: numbers.count / 2 - 1, through: 0, by: -1) {
        Self.sink(numbers, root, numbers.count)
      }
      for end in stride(from: numbers.count - 1, to: 0, by: -1) {
        numbers.swapAt(0, end)
        Self.sink(numbers, 0, end)
      }
    }
  }

  /// Moves the number at `root` down until none of its children among the first `count` is larger.
  private static func sink(_ heap: UnsafeMutableBufferPointer<Int64>, _ root: Int, _ count: Int) {
    var parent = root
    while 2 * parent + 1 < count {
      var child = 2 * parent + 1
      if child + 1 < count, heap[child] < heap[child + 1] { child += 1 }
      if heap[child] <= heap[parent] { return }
      heap.swapAt(parent, child)
      parent = child
    }
  }
}
