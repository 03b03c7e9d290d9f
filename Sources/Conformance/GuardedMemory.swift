internal import CLinux
internal import Runtime

/// Memory behind whose last byte lies a page that cannot be touched: what reads on faults.
///
/// Its pointers are good while it lives.
final class GuardedMemory {
  private let base: UnsafeMutableRawPointer
  /// Bytes.
  let count: Int

  /// Room for `capacity` elements.
  ///
  /// - Throws: `RuntimeError.resources` where the system has no memory.
  init<Element: BitwiseCopyable>(_ capacity: Int, of type: Element.Type) throws(RuntimeError) {
    let bytes = capacity * MemoryLayout<Element>.stride
    guard let base = cl_allocate_guarded(bytes) else { throw .resources("guarded bytes", bytes) }
    self.base = base
    count = bytes
  }

  deinit { cl_release_guarded(base, count) }

  /// The last `count` elements: the guard page follows them.
  ///
  /// Traps if there is no room for so many.
  func last<Element: BitwiseCopyable>(
    _ count: Int,
    of type: Element.Type
  ) -> UnsafeMutablePointer<Element> {
    let bytes = count * MemoryLayout<Element>.stride
    precondition(bytes <= self.count, "more elements than there is room for")
    return (base + (self.count - bytes)).bindMemory(to: Element.self, capacity: count)
  }

  /// Copies `count` elements to the end of the memory.
  ///
  /// Traps if there is no room for so many.
  func place<Element: BitwiseCopyable>(
    _ elements: UnsafePointer<Element>,
    _ count: Int
  ) -> UnsafeMutablePointer<Element> {
    let target = last(count, of: Element.self)
    target.update(from: elements, count: count)
    return target
  }
}
