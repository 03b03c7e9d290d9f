/// How long to wait before connecting again: longer after every failure, and never all clients of a broker at once.
struct ConnectionBackoff {
  /// After a failure that may be over soon: 1 s, 2 s, 4 s … 64 s.
  private static let soon: (first: Int64, last: Int64) = (1, 64)
  /// After a refusal that somebody has to mend: 30 s, 60 s … 480 s.
  private static let late: (first: Int64, last: Int64) = (30, 480)
  /// A connection that lasted 10 s was none that fails at once.
  private static let steady: Int64 = 10

  private let secondMilliseconds: Int64
  private var failures = 0
  private var random: UInt64

  /// A start with nothing failed; `seed` makes clients differ, and seconds are shorter in tests.
  init(seed: UInt64, secondMilliseconds: Int64 = 1000) {
    random = seed | 1
    self.secondMilliseconds = secondMilliseconds
  }

  /// A connection lasted this long; after a steady one the next failure is a first one.
  mutating func noteConnection(milliseconds: Int64) {
    if milliseconds > Self.steady * secondMilliseconds { failures = 0 }
  }

  /// Milliseconds to wait after one more failure: three to five quarters of a power of two.
  mutating func next(afterRefusal isRefusal: Bool) -> Int64 {
    let range = isRefusal ? Self.late : Self.soon
    let seconds = min(range.first << Int64(min(failures, 16)), range.last)
    let milliseconds = seconds * secondMilliseconds
    failures += 1
    // Marsaglia's xorshift with 13, 7, 17: Journal of Statistical Software 8 (2003).
    random ^= random << 13
    random ^= random >> 7
    random ^= random << 17
    return milliseconds * 3 / 4 + Int64(random % UInt64(milliseconds / 2 + 1))
  }
}
