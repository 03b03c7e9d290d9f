/// Counts of values in bins of equal width, in at most 80 KiB however many values it has seen.
///
/// The bins of each sign split 0…2ᵉ evenly, e being the exponent of the largest magnitude so far; when it grows, bins join in
/// pairs. So the counts depend on the set of values alone: neither on their order nor on how partial histograms are merged.
public struct Histogram: Sendable, Equatable {
  /// Bins of one sign, a power of two.
  public static let binsPerSign = 4096

  /// All magnitudes are below 2 to this power; meaningless while no value but 0 has been seen.
  public private(set) var exponent = Histogram.emptyExponent
  /// Counts of values from 0 up, empty until there is one.
  public private(set) var positive: [UInt64] = []
  /// Counts of magnitudes of negative values, empty until there is one.
  public private(set) var negative: [UInt64] = []
  /// Values seen.
  public private(set) var count: UInt64 = 0
  /// Smallest value seen, 0 before the first.
  public private(set) var minimum: Float = 0
  /// Largest value seen, 0 before the first.
  public private(set) var maximum: Float = 0
  private var images = 0
  private var minima = ExactSum()
  private var maxima = ExactSum()

  private static let emptyExponent = -100

  /// A histogram of nothing.
  public init() {}

  /// Width of a bin.
  public var binWidth: Double {
    Double(sign: .plus, exponent: exponent, significand: 1) / Double(Self.binsPerSign)
  }

  /// Counts every value; false, and nothing counted, where one is NaN or infinite.
  public mutating func add(_ values: [Float]) -> Bool { values.isEmpty || counted(values) != nil }

  /// Counts every value of one image, and its extremes for `meanMinimum` and `meanMaximum`; false, and nothing counted, where one
  /// is NaN or infinite.
  public mutating func add(image values: [Float]) -> Bool {
    guard !values.isEmpty else { return true }
    guard let (low, high) = counted(values) else { return false }
    images += 1
    minima.add(low)
    maxima.add(high)
    return true
  }

  /// Counts at least one value; their extremes, or nil where one is NaN or infinite.
  private mutating func counted(_ values: [Float]) -> (low: Float, high: Float)? {
    guard let (low, high) = Self.extremes(of: values) else { return nil }
    minimum = count == 0 ? low : min(minimum, low)
    maximum = count == 0 ? high : max(maximum, high)
    count += UInt64(values.count)
    grow(toHold: max(abs(low), abs(high)))
    if positive.isEmpty { positive = [UInt64](repeating: 0, count: Self.binsPerSign) }
    if low < 0, negative.isEmpty { negative = [UInt64](repeating: 0, count: Self.binsPerSign) }
    let factor = Float(sign: .plus, exponent: Self.binBits - exponent, significand: 1)
    tally(values, factor)
    return (low, high)
  }

  /// Counts values whose bin is their magnitude times `factor`.
  ///
  /// Neighbours are counted in two tables in turn, since one bin, that of 0, often comes many times in a row and would wait for itself.
  @_optimize(speed)
  private mutating func tally(_ values: [Float], _ factor: Float) {
    let bins = Self.binsPerSign
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 4 * bins) { counts in
      counts.initialize(repeating: 0)
      guard let even = counts.baseAddress else { return }
      let odd = even + 2 * bins
      values.withUnsafeBufferPointer { values in
        guard let value = values.baseAddress else { return }
        func bin(_ index: Int) -> Int {
          let value = value[index]
          let bin = Int(Swift.abs(value) * factor)
          return value < 0 ? bin &+ bins : bin
        }
        var index = 0
        while index &+ 1 < values.count {
          even[bin(index)] &+= 1
          odd[bin(index &+ 1)] &+= 1
          index &+= 2
        }
        if index < values.count { even[bin(index)] &+= 1 }
      }
      for bin in 0..<bins {
        positive[bin] += UInt64(even[bin]) + UInt64(odd[bin])
        if !negative.isEmpty {
          negative[bin] += UInt64(even[bins + bin]) + UInt64(odd[bins + bin])
        }
      }
    }
  }

  /// Mean of the images' smallest values; 0 before the first.
  public var meanMinimum: Float { Float(minima.value / Double(max(1, images))) }
  /// Mean of the images' largest values; 0 before the first.
  public var meanMaximum: Float { Float(maxima.value / Double(max(1, images))) }

  /// Adds another histogram's counts.
  public mutating func merge(_ other: Histogram) {
    guard other.count > 0 else { return }
    minimum = count == 0 ? other.minimum : min(minimum, other.minimum)
    maximum = count == 0 ? other.maximum : max(maximum, other.maximum)
    count += other.count
    images += other.images
    minima.merge(other.minima)
    maxima.merge(other.maxima)
    var other = other
    let common = max(exponent, other.exponent)
    grow(to: common)
    other.grow(to: common)
    Self.add(other.positive, to: &positive)
    Self.add(other.negative, to: &negative)
  }

  /// Non-empty bins by ascending value: the middle of each and its count.
  public var bins: [(middle: Double, count: UInt64)] {
    var result: [(middle: Double, count: UInt64)] = []
    let width = binWidth
    for index in negative.indices.reversed() where negative[index] > 0 {
      result.append((-(Double(index) + 0.5) * width, negative[index]))
    }
    for index in positive.indices where positive[index] > 0 {
      result.append(((Double(index) + 0.5) * width, positive[index]))
    }
    return result
  }

  private static let binBits = binsPerSign.trailingZeroBitCount

  /// Smallest and largest of some values; nil where one is NaN or infinite.
  private static func extremes(of values: [Float]) -> (low: Float, high: Float)? {
    // As integers these orders vectorise: magnitudes by their bits, signed values by flipping negative ones.
    var magnitude: UInt32 = 0
    var smallest = Int32.max
    var largest = Int32.min
    for value in values {
      let bits = value.bitPattern
      magnitude = max(magnitude, bits & 0x7FFF_FFFF)
      let signed = Int32(bitPattern: bits)
      let key = signed ^ ((signed >> 31) & 0x7FFF_FFFF)
      smallest = min(smallest, key)
      largest = max(largest, key)
    }
    return magnitude < 0x7F80_0000 ? (value(key: smallest), value(key: largest)) : nil
  }

  private static func value(key: Int32) -> Float {
    Float(bitPattern: UInt32(bitPattern: key ^ ((key >> 31) & 0x7FFF_FFFF)))
  }

  private static func add(_ source: [UInt64], to target: inout [UInt64]) {
    if target.isEmpty {
      target = source
    } else {
      for index in source.indices { target[index] += source[index] }
    }
  }

  private mutating func grow(toHold magnitude: Float) {
    guard magnitude > 0 else { return }
    grow(to: Int(magnitude.exponent) + 1)
  }

  private mutating func grow(to target: Int) {
    guard target > exponent else { return }
    let shift = target - exponent
    for index in positive.indices where index > 0 && positive[index] > 0 {
      let counted = positive[index]
      positive[index] = 0
      positive[shift < Int.bitWidth ? index >> shift : 0] += counted
    }
    for index in negative.indices where index > 0 && negative[index] > 0 {
      let counted = negative[index]
      negative[index] = 0
      negative[shift < Int.bitWidth ? index >> shift : 0] += counted
    }
    exponent = target
  }
}
