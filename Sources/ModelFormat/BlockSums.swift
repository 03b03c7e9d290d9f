/// Sums over the packed weights of one block of 16 channels: for each channel four weights side by side a step.
///
/// This reads every weight of a file when it is opened, so it works on eight weights in 16 bits at a time: all that SSE2 and NEON do
/// at once without a multiplication.
struct BlockSums {
  /// Sum of each channel's weights.
  let sum: SIMD16<Int32>
  /// Sum of their magnitudes.
  let magnitude: SIMD16<Int32>
  /// Whether any weight is −128.
  let hasLowest: Bool
  /// Whether any byte of padding at the end of the sums is not zero.
  let hasStrayBytes: Bool

  /// Bytes a step.
  private static let step = 64
  /// Steps whose sums of two bytes fit 16 bits: 64 × 2 × 255 < 2¹⁶.
  private static let most = 64

  /// Reads `layout.steps` × 64 bytes from `base`.
  init(_ base: UnsafeRawPointer, _ layout: PackedLayout) {
    var magnitudes = SIMD8<UInt16>(repeating: 0)
    // Sixteen bytes of a step are four channels.
    var (a, b, c, d) = (Four(), Four(), Four(), Four())
    var done = 0
    while done < layout.steps {
      let count = min(Self.most, layout.steps &- done)
      // These steps stay in L1 from one quarter to the next.
      let from = base + done &* Self.step
      a.add(from, count, &magnitudes)
      b.add(from + 16, count, &magnitudes)
      c.add(from + 32, count, &magnitudes)
      d.add(from + 48, count, &magnitudes)
      done &+= count
    }
    sum = SIMD16(
      lowHalf: SIMD8(lowHalf: a.sum, highHalf: b.sum),
      highHalf: SIMD8(lowHalf: c.sum, highHalf: d.sum)
    )
    magnitude = SIMD16(
      lowHalf: SIMD8(lowHalf: a.magnitude, highHalf: b.magnitude),
      highHalf: SIMD8(lowHalf: c.magnitude, highHalf: d.magnitude)
    )
    let words = unsafeBitCast(magnitudes, to: SIMD2<UInt64>.self)
    hasLowest = (words[0] | words[1]) & 0x8080_8080_8080_8080 != 0
    guard layout.tailBytes < 4 else {
      hasStrayBytes = false
      return
    }
    let padding = UInt32.max << UInt32(8 * layout.tailBytes)
    var stray = SIMD16<UInt32>(repeating: 0)
    for tail in stride(from: layout.stepsPerTail - 1, to: layout.steps, by: layout.stepsPerTail) {
      stray = stray | (base + tail * Self.step).loadUnaligned(as: SIMD16<UInt32>.self)
    }
    hasStrayBytes = stray & padding != SIMD16<UInt32>(repeating: 0)
  }

  /// The sums of four channels.
  private struct Four {
    var sum = SIMD4<Int32>(repeating: 0)
    var magnitude = SIMD4<Int32>(repeating: 0)

    /// Adds sixteen bytes of each of `count` steps; all their magnitudes are put into `magnitudes`.
    @_optimize(speed)
    mutating func add(
      _ base: UnsafeRawPointer,
      _ count: Int,
      _ magnitudes: inout SIMD8<UInt16>
    ) {
      // Sums of weights + 128 and of magnitudes, in pairs of bytes modulo 2¹⁶, and of the upper bytes of the pairs.
      var (pairs, uppers) = (SIMD8<UInt16>(repeating: 0), SIMD8<UInt16>(repeating: 0))
      var (sizePairs, sizeUppers) = (pairs, uppers)
      var seen = magnitudes
      var from = base
      for _ in 0..<count {
        let bytes = from.loadUnaligned(as: SIMD8<UInt16>.self)
        // 1 in each byte that is negative, and 0xFF there: −x is the complement and one.
        let negative = (bytes &>> 7) & 0x0101
        let size = (bytes ^ ((negative &<< 8) &- negative)) &+ negative
        seen = seen | size
        let shifted = bytes ^ 0x8080
        pairs = pairs &+ shifted
        uppers = uppers &+ (shifted &>> 8)
        sizePairs = sizePairs &+ size
        sizeUppers = sizeUppers &+ (size &>> 8)
        from += BlockSums.step
      }
      magnitudes = seen
      let excess = Int32(truncatingIfNeeded: count &* 4 &* 128)
      sum = sum &+ Self.fours(pairs, uppers) &- excess
      magnitude = magnitude &+ Self.fours(sizePairs, sizeUppers)
    }

    /// The sums of four bytes from the sums of pairs, `lower + 256 × upper` modulo 2¹⁶, and those of their upper bytes.
    private static func fours(_ pairs: SIMD8<UInt16>, _ uppers: SIMD8<UInt16>) -> SIMD4<Int32> {
      let both = unsafeBitCast(pairs &- uppers &* 255, to: SIMD4<UInt32>.self)
      return SIMD4<Int32>(truncatingIfNeeded: (both & 0xFFFF) &+ (both &>> 16))
    }
  }
}
