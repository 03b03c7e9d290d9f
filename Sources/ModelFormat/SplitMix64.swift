/// The SplitMix64 generator (Steele, Lea, Flood 2014), the source of seeded golden inputs.
public struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// A generator whose sequence depends on `seed` alone.
  public init(seed: UInt64) { state = seed }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z &>> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z &>> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z &>> 31)
  }

  /// The byte stream of FORMAT.md, "Golden vectors": eight bytes a step, low byte first.
  public static func bytes(seed: UInt64, count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    forEachByte(seed: seed, count: count) { bytes[$0] = $1 }
    return bytes
  }

  /// Calls `body` with the index and the value of each of the first `count` bytes of that stream.
  public static func forEachByte(seed: UInt64, count: Int, _ body: (Int, UInt8) -> Void) {
    var generator = SplitMix64(seed: seed)
    var word: UInt64 = 0
    for index in 0..<count {
      word = index % 8 == 0 ? generator.next() : word &>> 8
      body(index, UInt8(truncatingIfNeeded: word))
    }
  }
}
