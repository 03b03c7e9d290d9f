internal import ModelFormat

/// Places tensors in the arena so that those in use at the same time do not overlap.
///
/// Largest first, each at the lowest gap that is the tightest fit among tensors whose lifetimes overlap its own (greedy by size:
/// Pisarchyk and Lee 2020, "Efficient Memory Management for Deep Neural Net Inference", https://arxiv.org/abs/2001.03288). Offsets are
/// multiples of 64; equal sizes are placed in order of first use, so the plan is a function of its input.
struct MemoryPlanner {
  /// One block of memory.
  struct Block: Equatable {
    var byteCount: Int
    var lifetime: Lifetime
  }

  /// Offset of every block.
  private(set) var offsets: [Int]
  /// Bytes up to the end of the last block, a multiple of 64.
  private(set) var byteCount = 0

  init(_ blocks: [Block]) {
    offsets = [Int](repeating: 0, count: blocks.count)
    let order = blocks.indices.sorted { a, b in
      (blocks[b].byteCount, blocks[a].lifetime.firstWriter, a)
        < (blocks[a].byteCount, blocks[b].lifetime.firstWriter, b)
    }
    var placed: [Int] = []
    for index in order {
      let size = Self.aligned(blocks[index].byteCount)
      offsets[index] = tightestGap(for: size, blocks[index].lifetime, among: placed, blocks)
      byteCount = max(byteCount, offsets[index] + size)
      placed.append(index)
      placed.sort { (offsets[$0], $0) < (offsets[$1], $1) }
    }
  }

  private func tightestGap(
    for size: Int,
    _ lifetime: Lifetime,
    among placed: [Int],
    _ blocks: [Block]
  ) -> Int {
    var best: (slack: Int, offset: Int)?
    var end = 0
    for other in placed where blocks[other].lifetime.overlaps(lifetime) {
      let gap = offsets[other] - end
      if gap >= size, best.map({ gap - size < $0.slack }) ?? true { best = (gap - size, end) }
      end = max(end, offsets[other] + Self.aligned(blocks[other].byteCount))
    }
    return best?.offset ?? end
  }

  static func aligned(_ byteCount: Int) -> Int { (byteCount + 63) / 64 * 64 }
}

extension ModelContents {
  /// Sets lifetimes, arena offsets and the arena's size; `channelOffsets` gives each tensor's first channel within its root.
  mutating func planMemory(channelOffsets: [Int]) {
    assignLifetimes()
    let roots = tensors.indices.filter { tensors[$0].record.root == $0 }
    let planner = MemoryPlanner(
      roots.map { index in
        let record = tensors[index].record
        return MemoryPlanner.Block(
          byteCount: record.storageByteCount,
          lifetime: Lifetime(firstWriter: record.firstWriter, lastReader: record.lastReader)
        )
      }
    )
    for (position, root) in roots.enumerated() {
      tensors[root].record.arenaOffset = planner.offsets[position]
    }
    for index in tensors.indices where tensors[index].record.root != index {
      let root = tensors[tensors[index].record.root].record
      tensors[index].record.arenaOffset =
        root.arenaOffset + channelOffsets[index] * root.elementSize
    }
    arenaSize = planner.byteCount + 64
  }
}
