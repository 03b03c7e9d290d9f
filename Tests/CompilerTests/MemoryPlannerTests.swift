import ModelFormat
import Testing

@testable import Compiler

@Suite("Memory planning")
struct MemoryPlannerTests {
  static func blocks(seed: UInt64) -> [MemoryPlanner.Block] {
    var random = SplitMix64(seed: seed)
    return (0..<Int.random(in: 1...60, using: &random)).map { _ in
      let first = Int.random(in: -1...40, using: &random)
      return MemoryPlanner.Block(
        byteCount: Int.random(in: 1...5000, using: &random),
        lifetime: Lifetime(
          firstWriter: first,
          lastReader: first + Int.random(in: 0...12, using: &random)
        )
      )
    }
  }

  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func `blocks in use together never overlap`(seed: UInt64) {
    let blocks = Self.blocks(seed: seed)
    let plan = MemoryPlanner(blocks)
    for a in blocks.indices {
      #expect(plan.offsets[a] % 64 == 0)
      #expect(plan.offsets[a] + blocks[a].byteCount <= plan.byteCount)
      for b in blocks.indices where b > a && blocks[a].lifetime.overlaps(blocks[b].lifetime) {
        let isApart =
          plan.offsets[a] + blocks[a].byteCount <= plan.offsets[b]
          || plan.offsets[b] + blocks[b].byteCount <= plan.offsets[a]
        #expect(isApart, "seed \(seed): blocks \(a) and \(b)")
      }
    }
    #expect(plan.offsets == MemoryPlanner(blocks).offsets)
  }

  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func `no more memory than all blocks side by side and no less than the busiest moment`(
    seed: UInt64
  ) {
    let blocks = Self.blocks(seed: seed)
    let sizes = blocks.map { MemoryPlanner.aligned($0.byteCount) }
    let plan = MemoryPlanner(blocks)
    let busiest = (-1...52).map { time in
      blocks.indices.filter {
        blocks[$0].lifetime.overlaps(Lifetime(firstWriter: time, lastReader: time))
      }.reduce(0) { $0 + sizes[$1] }
    }.max()
    #expect(plan.byteCount <= sizes.reduce(0, +))
    #expect(plan.byteCount >= busiest ?? 0)
  }

  @Test func `a chain of layers needs two neighbours at a time`() {
    let blocks = (0..<6).map {
      MemoryPlanner.Block(
        byteCount: 64 * ($0 + 1),
        lifetime: Lifetime(firstWriter: $0 - 1, lastReader: $0)
      )
    }
    #expect(MemoryPlanner(blocks).byteCount == 64 * (6 + 5))
  }
}
