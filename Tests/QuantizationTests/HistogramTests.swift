import Quantization
import Testing

@Suite("Histograms")
struct HistogramTests {
  /// Values of many magnitudes and both signs.
  static func values(seed: UInt64, count: Int) -> [Float] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let mantissa = Float(Int64(bitPattern: state) >> 40) / Float(1 << 23)
      return mantissa * Float(sign: .plus, exponent: Int(state % 23) - 12, significand: 1)
    }
  }

  func expect(_ histogram: inout Histogram, counts values: [Float]) {
    let isCounted = histogram.add(values)
    #expect(isCounted)
  }

  func expect(_ histogram: inout Histogram, rejects values: [Float]) {
    let isCounted = histogram.add(values)
    #expect(!isCounted)
  }

  @Test(arguments: [1, 7, 42] as [UInt64])
  func `counts do not depend on order or on how parts are merged`(seed: UInt64) {
    let values = Self.values(seed: seed, count: 1000)
    var whole = Histogram()
    expect(&whole, counts: values)
    var backwards = Histogram()
    for value in values.reversed() { expect(&backwards, counts: [value]) }
    var merged = Histogram()
    for start in stride(from: 0, to: 1000, by: 130) {
      var part = Histogram()
      expect(&part, counts: Array(values[start..<min(1000, start + 130)]))
      merged.merge(part)
    }
    #expect(whole == backwards)
    #expect(whole == merged)
  }

  @Test func `every value lies in the bin that counts it`() {
    for value in Self.values(seed: 3, count: 200) {
      var histogram = Histogram()
      expect(&histogram, counts: [value, 100])
      let distance = histogram.bins.map { abs($0.middle - Double(value)) }.min()
      #expect(distance ?? .infinity <= histogram.binWidth / 2, "\(value)")
      #expect(histogram.bins.reduce(0) { $0 + $1.count } == 2)
    }
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func `values that are not finite are refused and nothing is counted`(_ bad: Float) {
    var histogram = Histogram()
    expect(&histogram, rejects: [1, bad, 2])
    #expect(histogram == Histogram())
  }

  @Test func `zeros and the smallest numbers are counted`() {
    var histogram = Histogram()
    expect(&histogram, counts: [0, -0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude])
    #expect(histogram.count == 4)
    #expect(histogram.maximum == .leastNonzeroMagnitude)
    expect(&histogram, counts: [.greatestFiniteMagnitude])
    #expect(histogram.bins.reduce(0) { $0 + $1.count } == 5)
  }
}
