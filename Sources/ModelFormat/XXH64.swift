/// The XXH64 checksum (Yann Collet, https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md).
///
/// Feed bytes in any portions; the result depends on their sequence alone.
public struct XXH64: Sendable {
  private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
  private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
  private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
  private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
  private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

  private var lane1: UInt64
  private var lane2: UInt64
  private var lane3: UInt64
  private var lane4: UInt64
  /// The bytes of an unfinished stripe of 32.
  private var pending: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
  private var pendingCount = 0
  private var total: UInt64 = 0
  private let seed: UInt64

  /// A checksum of no bytes yet.
  public init(seed: UInt64 = 0) {
    self.seed = seed
    lane1 = seed &+ Self.prime1 &+ Self.prime2
    lane2 = seed &+ Self.prime2
    lane3 = seed
    lane4 = seed &- Self.prime1
  }

  /// The checksum of `bytes`.
  public static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0) -> UInt64 {
    var state = XXH64(seed: seed)
    state.update(bytes)
    return state.finalize()
  }

  /// The checksum of `bytes`.
  public static func hash(_ bytes: [UInt8], seed: UInt64 = 0) -> UInt64 {
    bytes.withUnsafeBytes { hash($0, seed: seed) }
  }

  private static func round(_ lane: UInt64, _ input: UInt64) -> UInt64 {
    rotate(lane &+ input &* prime2, 31) &* prime1
  }

  private static func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 {
    (value &<< count) | (value &>> (64 &- count))
  }

  private static func merge(_ hash: UInt64, _ lane: UInt64) -> UInt64 {
    (hash ^ round(0, lane)) &* prime1 &+ prime4
  }

  private mutating func stripe(_ base: UnsafeRawPointer) {
    lane1 = Self.round(lane1, load(base))
    lane2 = Self.round(lane2, load(base + 8))
    lane3 = Self.round(lane3, load(base + 16))
    lane4 = Self.round(lane4, load(base + 24))
  }

  private func load(_ base: UnsafeRawPointer) -> UInt64 {
    UInt64(littleEndian: base.loadUnaligned(as: UInt64.self))
  }

  /// Appends `bytes`.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard var base = bytes.baseAddress, bytes.count > 0 else { return }
    var count = bytes.count
    total &+= UInt64(count)
    if pendingCount > 0 {
      let taken = min(32 - pendingCount, count)
      let at = pendingCount
      withUnsafeMutableBytes(of: &pending) { buffer in
        UnsafeMutableRawBufferPointer(rebasing: buffer[at..<at + taken])
          .copyMemory(from: UnsafeRawBufferPointer(start: base, count: taken))
      }
      pendingCount += taken
      base += taken
      count -= taken
      guard pendingCount == 32 else { return }
      let (a, b, c, d) = pending
      lane1 = Self.round(lane1, UInt64(littleEndian: a))
      lane2 = Self.round(lane2, UInt64(littleEndian: b))
      lane3 = Self.round(lane3, UInt64(littleEndian: c))
      lane4 = Self.round(lane4, UInt64(littleEndian: d))
      pendingCount = 0
    }
    while count >= 32 {
      stripe(base)
      base += 32
      count -= 32
    }
    if count > 0 {
      withUnsafeMutableBytes(of: &pending) { buffer in
        buffer.copyMemory(from: UnsafeRawBufferPointer(start: base, count: count))
      }
      pendingCount = count
    }
  }

  /// The checksum of everything appended so far.
  public func finalize() -> UInt64 {
    var hash: UInt64
    if total >= 32 {
      hash = Self.rotate(lane1, 1) &+ Self.rotate(lane2, 7)
      hash = hash &+ Self.rotate(lane3, 12) &+ Self.rotate(lane4, 18)
      hash = Self.merge(hash, lane1)
      hash = Self.merge(hash, lane2)
      hash = Self.merge(hash, lane3)
      hash = Self.merge(hash, lane4)
    } else {
      hash = seed &+ Self.prime5
    }
    hash = hash &+ total
    withUnsafeBytes(of: pending) { buffer in
      var at = 0
      while at + 8 <= pendingCount {
        let word = UInt64(littleEndian: buffer.load(fromByteOffset: at, as: UInt64.self))
        hash = Self.rotate(hash ^ Self.round(0, word), 27) &* Self.prime1 &+ Self.prime4
        at += 8
      }
      if at + 4 <= pendingCount {
        let word = UInt32(littleEndian: buffer.load(fromByteOffset: at, as: UInt32.self))
        hash ^= UInt64(word) &* Self.prime1
        hash = Self.rotate(hash, 23) &* Self.prime2 &+ Self.prime3
        at += 4
      }
      while at < pendingCount {
        hash = Self.rotate(hash ^ (UInt64(buffer[at]) &* Self.prime5), 11) &* Self.prime1
        at += 1
      }
    }
    hash = (hash ^ (hash &>> 33)) &* Self.prime2
    hash = (hash ^ (hash &>> 29)) &* Self.prime3
    return hash ^ (hash &>> 32)
  }
}
