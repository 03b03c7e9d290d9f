/// The part of an operator's work that one thread does.
struct Share {
  /// 0 … workers − 1.
  let worker: Int
  /// Threads that work on the operator.
  let workers: Int
  /// Memory of this thread alone, as much as the operator reserved, at a multiple of 64.
  let scratch: UnsafeMutableRawPointer

  /// This thread's range of `count` equal items; the ranges of all threads are disjoint and cover everything.
  func range(_ count: Int) -> Range<Int> {
    let (each, extra) = (count / workers, count % workers)
    let start = worker * each + min(worker, extra)
    return start..<start + each + (worker < extra ? 1 : 0)
  }
}

/// Adds up the scratch memory that an operator needs.
struct ScratchLayout {
  private(set) var size = 0

  /// Reserves room for `count` elements and returns its offset, a multiple of 64.
  mutating func reserve<Element>(_ type: Element.Type, _ count: Int) -> Int {
    let offset = size
    size += (count * MemoryLayout<Element>.stride + 63) / 64 * 64
    return offset
  }
}

extension UnsafeMutableRawPointer {
  /// The scratch array at `offset`.
  func array<Element>(_ type: Element.Type, at offset: Int) -> UnsafeMutablePointer<Element> {
    (self + offset).assumingMemoryBound(to: type)
  }
}
