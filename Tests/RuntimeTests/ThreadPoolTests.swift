import CLinux
import Testing

/// How often each part of a job was done, and whether one was begun before the job before had ended.
private struct Tally {
  var round = 0
  let counts: UnsafeMutablePointer<Int>
  let wrong: UnsafeMutablePointer<Int>
}

struct ThreadPoolTests {
  @Test(arguments: [2, 3, 5, 9], [0, 200])
  func `every part of every job is done once`(_ threads: Int, _ sleepMicroseconds: Int) throws {
    var pool: OpaquePointer?
    try #require(cl_pool_create(Int32(threads), &pool) == 0)
    let taken = try #require(pool)
    defer { cl_pool_destroy(taken) }
    let counts = UnsafeMutablePointer<Int>.allocate(capacity: 2 * threads)
    counts.initialize(repeating: 0, count: 2 * threads)
    defer { counts.deallocate() }
    var tally = Tally(counts: counts, wrong: counts + threads)
    for round in 0..<(sleepMicroseconds == 0 ? 20_000 : 200) {
      tally.round = round
      cl_pool_run(
        taken,
        { context, part in
          guard let tally = context?.assumingMemoryBound(to: Tally.self).pointee else { return }
          if tally.counts[Int(part)] != tally.round { tally.wrong[Int(part)] += 1 }
          tally.counts[Int(part)] += 1
        },
        &tally
      )
      // Long enough for workers to fall asleep.
      let end = cl_nanoseconds() + Int64(sleepMicroseconds * 1000)
      while cl_nanoseconds() < end {}
    }
    let rounds = tally.round + 1
    #expect((0..<threads).allSatisfy { counts[$0] == rounds && tally.wrong[$0] == 0 })
  }

  @Test(arguments: 1...3)
  func `a pool that ends begins no part, even where a worker is late`(_ jobs: Int) throws {
    let counts = UnsafeMutablePointer<Int>.allocate(capacity: 4)
    defer { counts.deallocate() }
    for _ in 0..<3000 {
      counts.initialize(repeating: 0, count: 4)
      var pool: OpaquePointer?
      try #require(cl_pool_create(4, &pool) == 0)
      for _ in 0..<jobs {
        cl_pool_run(
          pool,
          { context, part in context?.assumingMemoryBound(to: Int.self)[Int(part)] += 1 },
          counts
        )
      }
      cl_pool_destroy(pool)
      try #require((0..<4).allSatisfy { counts[$0] == jobs })
    }
  }

  @Test(arguments: [-1, 0, 1, 65])
  func `a pool has 2 to 64 threads`(_ threads: Int) {
    var pool: OpaquePointer?
    #expect(cl_pool_create(Int32(threads), &pool) != 0)
    #expect(pool == nil)
  }
}
