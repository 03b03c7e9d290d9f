import Glibc

/// Elements whose memory ends at a page that cannot be touched, so that reading past them traps.
final class KernelMemory<Element: BitwiseCopyable>: @unchecked Sendable {
  let elements: UnsafeMutableBufferPointer<Element>
  private let mapping: UnsafeMutableRawPointer
  private let mappedBytes: Int

  init(_ values: [Element]) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let bytes = values.count * MemoryLayout<Element>.stride
    let room = (bytes + page - 1) / page * page
    mappedBytes = room + page
    let mapped = mmap(
      nil,
      mappedBytes,
      PROT_READ | PROT_WRITE,
      MAP_PRIVATE | MAP_ANONYMOUS,
      -1,
      0
    )
    guard let mapped, mapped != MAP_FAILED, mprotect(mapped + room, page, PROT_NONE) == 0 else {
      fatalError("mmap: errno \(errno)")
    }
    mapping = mapped
    elements = UnsafeMutableBufferPointer(
      start: (mapped + (room - bytes)).bindMemory(to: Element.self, capacity: values.count),
      count: values.count
    )
    _ = elements.initialize(from: values)
  }

  deinit { munmap(mapping, mappedBytes) }

  /// The address of element `index`, as C declares pointers to constant elements.
  func constant(at index: Int) -> UnsafePointer<Element>? { UnsafePointer(at(index)) }

  /// The address of element `index`.
  func at(_ index: Int = 0) -> UnsafeMutablePointer<Element> {
    guard let start = elements.baseAddress else { fatalError("no elements") }
    return start + index
  }
}

/// SplitMix64, so that every failure can be repeated from its seed.
struct KernelRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }
}
