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

  /// This thread's part of an output of `pixels` × `blocks` of 16 channels.
  ///
  /// All operators give a thread the same share of the image, so that it finds its inputs in its own cache; where there are
  /// few pixels, the same share of the channels, so that each thread needs a part of the weights only.
  func part(pixels: Int, blocks: Int) -> (pixels: Range<Int>, blocks: Range<Int>) {
    guard workers > 1 else { return (0..<pixels, 0..<blocks) }
    let isByChannels =
      pixels < Self.fewPixels * workers && blocks >= Self.manyBlocks * workers
      || pixels < workers && blocks > 1
    return isByChannels ? (0..<pixels, range(blocks)) : (range(pixels), 0..<blocks)
  }

  /// A thread's pixels with which going over all weights takes longer than getting all inputs from the other threads.
  private static let fewPixels = 64
  /// A thread's blocks that fill a cache line of a pixel.
  private static let manyBlocks = 4
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
