import Foundation
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

  @Test func `a moving average is the mean of the images' extremes in any order`() {
    // In single precision the sum would lose the small ones, in another order others.
    let highs: [Float] = [16_777_216, 1, 3, 1e-3, 5, 1_048_576, 0.1, 7]
    let expected = highs.reduce(0.0) { $0 + Double($1) } / 8
    var found: [ValueRange] = []
    for order in [highs, highs.reversed(), highs.sorted()] {
      var parts = [Histogram(), Histogram()]
      for (index, high) in order.enumerated() {
        let isCounted = parts[index % 2].add(image: [high / 2, -high, high])
        #expect(isCounted)
      }
      parts[0].merge(parts[1])
      found.append(RangeObserver.movingAverage.range(of: parts[0]))
    }
    #expect(found[0] == ValueRange(-Float(expected), Float(expected)))
    #expect(found[0] == found[1] && found[0] == found[2])
  }

  @Test func `the least divergence agrees with one computed straight from the values`() {
    // Sharp at 0 with a long tail, as activations are.
    let values = (1...40000).map { 8 * logf(40001 / Float($0)) / 10.6 }
    let seen = histogram(values)
    let range = RangeObserver.entropy.range(of: seen)
    let width = Float(seen.binWidth)
    func divergence(_ high: Float) -> Double {
      var counts: [Int: Double] = [:]
      for value in values { counts[Int(value / width), default: 0] += 1 }
      let last = counts.keys.filter { (Float($0) + 0.5) * width <= high * 255.5 / 255 }.max() ?? 0
      var p: [Int: Double] = [:]
      for (bin, count) in counts { p[min(bin, last), default: 0] += count }
      func byte(_ bin: Int) -> Int { Int(((Float(bin) + 0.5) * width * 255 / high).rounded()) }
      var q: [Int: (count: Double, bins: Double)] = [:]
      var inside = 0.0
      for (bin, count) in counts where bin <= last {
        let old = q[byte(bin)] ?? (0, 0)
        q[byte(bin)] = (old.count + count, old.bins + 1)
        inside += count
      }
      return p.reduce(0.0) { sum, part in
        let share = part.value / 40000
        let (count, bins) = q[byte(part.key)] ?? (0, 1)
        return sum + share * Foundation.log(share / (count / bins / inside))
      }
    }
    let best = (20...100).map { Float($0) / 100 * seen.maximum }.min {
      divergence($0) < divergence($1)
    }
    #expect(abs(range.high - (best ?? 0)) <= 0.03 * seen.maximum)
    #expect(range.high < seen.maximum)
  }

  @Test func `the many zeros behind a ReLU do not move the least divergence`() {
    let values = HistogramTests.values(seed: 5, count: 20000).map { abs($0) }
    let plain = RangeObserver.entropy.range(of: histogram(values))
    let zeros = [Float](repeating: 0, count: 500_000)
    #expect(RangeObserver.entropy.range(of: histogram(values + zeros)).high == plain.high)
  }

  @Test func `nothing seen is an empty range`() {
    for observer in RangeObserver.candidates + [.best] {
      #expect(observer.range(of: Histogram()) == ValueRange(0, 0))
    }
  }

  @Test(arguments: ["min-max", "percentile:99.9", "moving-average", "mse", "kl", "best"])
  func `names are read back`(_ name: String) {
    #expect(RangeObserver(name)?.description == name)
  }

  @Test(arguments: ["", "max", "percentile:", "percentile:101", "percentile:0", "MSE"])
  func `other names are refused`(_ name: String) {
    #expect(RangeObserver(name) == nil)
  }
}
