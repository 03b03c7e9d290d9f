import Quantization
import Testing

@Suite("Ranges")
struct RangeObserverTests {
  func histogram(_ values: [Float]) -> Histogram {
    var histogram = Histogram()
    let isCounted = histogram.add(values)
    #expect(isCounted)
    return histogram
  }

  /// −1…1 in even steps, and one value far out.
  var outlier: [Float] { (0..<20001).map { Float($0 - 10000) / 10000 } + [50] }

  @Test func `min-max reaches every value`() {
    let range = RangeObserver.minMax.range(of: histogram(outlier))
    #expect(range == ValueRange(-1, 50))
  }

  @Test func `a percentile leaves out an outlier and nothing else`() {
    let range = RangeObserver.percentile(99.99).range(of: histogram(outlier))
    let width = Float(histogram(outlier).binWidth)
    #expect(abs(range.high - 1) <= width)
    #expect(abs(range.low + 1) <= width)
  }

  @Test(arguments: [90, 99, 99.9, 100])
  func `no more than the allowed share lies beyond a percentile`(_ percentile: Double) {
    let values = HistogramTests.values(seed: 11, count: 5000)
    let range = RangeObserver.percentile(percentile).range(of: histogram(values))
    let allowed = Double(values.count) * (1 - percentile / 100)
    #expect(Double(values.count { $0 > range.high }) <= allowed + 1e-6)
    #expect(Double(values.count { $0 < range.low }) <= allowed + 1e-6)
  }

  @Test func `the least squared error clips an outlier and keeps the rest`() {
    // 20 001 values 128 times over. With upper end h, rounding costs ((h + 1) ÷ 255)² ÷ 12 each, clipping (50 − h)² once: least
    // near h = 10.9.
    var many = histogram((0..<20001).map { Float($0 - 10000) / 10000 })
    for _ in 0..<7 { many.merge(many) }
    many.merge(histogram([50]))
    let range = RangeObserver.meanSquaredError.range(of: many)
    #expect(abs(range.high - 10.9) < 3)
    #expect(range.low < -0.95)
  }

  @Test func `an even distribution is not clipped`() {
    let values = (0..<10001).map { Float($0) / 10000 }
    let range = RangeObserver.meanSquaredError.range(of: histogram(values))
    #expect(range.high > 0.98)
    #expect(range.low == 0)
  }

  @Test func `nothing seen is an empty range`() {
    for observer in [RangeObserver.minMax, .percentile(99), .meanSquaredError] {
      #expect(observer.range(of: Histogram()) == ValueRange(0, 0))
    }
  }

  @Test(arguments: ["min-max", "percentile:99.9", "mse"])
  func `names are read back`(_ name: String) {
    #expect(RangeObserver(name)?.description == name)
  }

  @Test(arguments: ["", "max", "percentile:", "percentile:101", "percentile:0", "MSE"])
  func `other names are refused`(_ name: String) {
    #expect(RangeObserver(name) == nil)
  }
}
