import Testing

@testable import Runtime

struct ShareTests {
  private func shares(_ workers: Int) -> [Share] {
    let memory = UnsafeMutableRawPointer(bitPattern: 64)!
    return (0..<workers).map { Share(worker: $0, workers: workers, scratch: memory) }
  }

  @Test(arguments: [1, 2, 3, 5, 64], [0, 1, 2, 7, 125, 2304])
  func `ranges of threads follow each other and differ by one at most`(
    _ workers: Int,
    _ count: Int
  ) {
    let ranges = shares(workers).map { $0.range(count) }
    #expect(ranges.flatMap { Array($0) } == Array(0..<count))
    #expect(ranges.allSatisfy { $0.count == count / workers || $0.count == count / workers + 1 })
  }

  @Test(arguments: [1, 2, 3, 5, 64], [1, 9, 49, 125, 126, 784])
  func `parts of threads cover every pixel of every block once`(_ workers: Int, _ pixels: Int) {
    for blocks in [1, 2, 4, 8, 10, 63] {
      var counts = [Int](repeating: 0, count: pixels * blocks)
      for share in shares(workers) {
        let part = share.part(pixels: pixels, blocks: blocks)
        for pixel in part.pixels {
          for block in part.blocks { counts[pixel * blocks + block] += 1 }
        }
      }
      #expect(counts.allSatisfy { $0 == 1 }, "\(blocks) blocks")
    }
  }

  @Test(arguments: [
    (2, 784, 12, 392, 12), (2, 125, 4, 63, 4), (2, 49, 8, 49, 4), (2, 49, 7, 25, 7),
    (3, 49, 20, 49, 7), (2, 1, 63, 1, 32), (2, 1, 2, 1, 1), (2, 1, 1, 1, 1), (1, 49, 60, 49, 60),
  ])
  func `the first thread takes pixels, or blocks where those are many and pixels few`(
    _ workers: Int,
    _ pixels: Int,
    _ blocks: Int,
    _ firstPixels: Int,
    _ firstBlocks: Int
  ) throws {
    let first = try #require(shares(workers).first).part(pixels: pixels, blocks: blocks)
    #expect(first.pixels == 0..<firstPixels)
    #expect(first.blocks == 0..<firstBlocks)
  }
}
