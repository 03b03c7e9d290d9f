/// How long to wait before connecting again: longer after every failure, and never all clients of a broker at once.
struct ConnectionBackoff {
  /// After a failure that may be over soon: 1, 2, 4 … 64 times the first time, which usually is 1 s.
  private static let soon: (first: Int64, last: Int64) = (1, 64)
  /// After a refusal that somebody has to mend: 30, 60 … 480 times.
  private static let late: (first: Int64, last: Int64) = (30, 480)
  /// A connection that lasted 10 times was none that fails at once.
  private static let steady: Int64 = 10

  private let firstMilliseconds: Int64
  private var failures = 0
  private var random: UInt64

  /// A start with nothing failed; `seed` makes clients differ.
  init(seed: UInt64, firstMilliseconds: Int64) {
    random = seed | 1
    self.firstMilliseconds = firstMilliseconds
  }

  /// A connection lasted this long; after a steady one the next failure is a first one.
  mutating func noteConnection(milliseconds: Int64) {
    if milliseconds > Self.steady * firstMilliseconds { failures = 0 }
  }

  /// Milliseconds to wait after one more failure: three to five quarters of a power of two.
  mutating func next(afterRefusal isRefusal: Bool) -> Int64 {
    let range = isRefusal ? Self.late : Self.soon
    let times = min(range.first << Int64(min(failures, 16)), range.last)
    let milliseconds = times * firstMilliseconds
    failures += 1
    // Marsaglia's xorshift with 13, 7, 17: Journal of Statistical Software 8 (2003).
    random ^= random << 13
    random ^= random >> 7
    random ^= random << 17
    return milliseconds * 3 / 4 + Int64(random % UInt64(milliseconds / 2 + 1))
  }
}
