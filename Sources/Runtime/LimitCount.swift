internal import ModelFormat

/// Elements of an operator's output that are at its clamps.
public struct LimitCount: Sendable, Equatable {
  /// Elements at the low clamp.
  public internal(set) var low = 0
  /// Elements at the high clamp.
  public internal(set) var high = 0
  /// All elements; 0 for a float32 output, which has no clamps.
  public internal(set) var elements = 0

  /// The share at the low clamp, 0 where there is none.
  public var lowShare: Float { elements > 0 ? Float(low) / Float(elements) : 0 }
  /// The share at the high clamp, 0 where there is none.
  public var highShare: Float { elements > 0 ? Float(high) / Float(elements) : 0 }
}

extension Network {
  /// Counts an operator's output elements that are at its clamps; valid inside `run(observing:)`.
  ///
  /// Reads the output once and allocates nothing.
  public func countAtLimits(ofOutputOf operation: Int) -> LimitCount {
    let record = file.operators[operation]
    let view = view(record.output)
    var count = LimitCount()
    guard view.elementSize == 1 else { return count }
    count.elements = view.elements
    let (low, high) = (
      UInt8(truncatingIfNeeded: record.clampLow), UInt8(truncatingIfNeeded: record.clampHigh)
    )
    if view.isDense {
      count.add(view.bytes, view.elements, low, high)
    } else {
      for pixel in 0..<view.pixels { count.add(view.pixel(pixel), view.channels, low, high) }
    }
    return count
  }
}

extension LimitCount {
  /// Bytes that are counted in one: a byte holds the count of each.
  private static var block: Int { 240 }

  @_optimize(speed)
  mutating func add(_ bytes: UnsafePointer<UInt8>, _ count: Int, _ low: UInt8, _ high: UInt8) {
    var at = 0
    while at < count {
      let end = min(at + Self.block, count)
      var (lows, highs): (UInt8, UInt8) = (0, 0)
      while at < end {
        let byte = bytes[at]
        lows &+= byte <= low ? 1 : 0
        highs &+= byte >= high ? 1 : 0
        at &+= 1
      }
      self.low &+= Int(lows)
      self.high &+= Int(highs)
    }
  }
}
