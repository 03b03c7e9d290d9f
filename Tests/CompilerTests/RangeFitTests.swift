import GraphIR
import Quantization
import Testing

@testable import Compiler

@Suite("How values fit ranges and weights fit steps")
struct RangeFitTests {
  private func histogram(_ values: [Float]) -> Histogram {
    var histogram = Histogram()
    _ = histogram.add(values)
    return histogram
  }

  @Test func `evenly spread values in their own range have the noise of rounding`() throws {
    // Signal 1/3, noise (1/255)² ÷ 12: 54.15 dB.
    let values = (0...100_000).map { Float($0) / 100_000 }
    let fit = try #require(
      RangeFit(histogram(values), QuantizationParameters(ValueRange(0, 1)), bounds: nil)
    )
    #expect(fit.saturation == 0)
    #expect(abs(fit.use - 0.9995) < 0.001)
    #expect(abs(try #require(fit.noiseRatio) - 54.15) < 0.1)
    #expect(fit.clippedShare == 0)
  }

  @Test func `half of the values outside of half the range`() throws {
    // Clipping: ∫ (x − ½)² from ½ to 1 = 1/24, signal 1/3: 9.03 dB.
    let values = (0...100_000).map { Float($0) / 100_000 }
    let fit = try #require(
      RangeFit(histogram(values), QuantizationParameters(ValueRange(0, 0.5)), bounds: nil)
    )
    #expect(abs(fit.saturation - 0.5) < 0.005)
    #expect(abs(try #require(fit.noiseRatio) - 9.03) < 0.05)
    #expect(fit.clippedShare > 0.99)
    #expect(fit.use == 1)
  }

  @Test func `what readers do not tell apart is not clipped`() throws {
    let values = (-1000...1000).map { Float($0) / 100 }
    let fit = try #require(
      RangeFit(
        histogram(values),
        QuantizationParameters(ValueRange(-3, 10)),
        bounds: ValueRange(-3, 1000)
      )
    )
    #expect(fit.saturation == 0)
    #expect(fit.use > 0.99)
  }

  @Test func `nothing seen tells nothing, and zeros have no noise`() throws {
    let parameters = QuantizationParameters(ValueRange(0, 1))
    #expect(RangeFit(Histogram(), parameters, bounds: nil) == nil)
    let fit = try #require(RangeFit(histogram([0, 0, 0]), parameters, bounds: nil))
    #expect(fit.noiseRatio == nil)
    #expect(fit.use == 0)
  }

  @Test func `weights are compared row by row`() {
    var quantized = QuantizedWeights()
    quantized.values = [127, 64, 0, 0, 127, -127]
    quantized.scales = [0.01, 1, 0.1]
    let fit = WeightFit(rows: [1.27, 0.645, 0, 0, 12.7, -12.7], quantized)
    #expect(fit.largest == [Double(Float(1.27)), 0, Double(Float(12.7))])
    #expect(fit.widest == 2)
    #expect(fit.median == Double(Float(12.7)))
    #expect(fit.ratio == 1)
    #expect(fit.spread.count == 5 && fit.spread[0] == 0 && fit.spread[4] == fit.largest[2])
    // One weight is half a hundredth off: (1.27² + 0.645² + 2 × 12.7²) ÷ 0.005² = 71.1 dB.
    #expect(abs((fit.noiseRatio ?? 0) - 71.13) < 0.05)
  }

  @Test(arguments: [
    (48, 48, 0.9259, 1.0), (0, 10, 0, 0.2775), (50, 100, 0.4038, 0.5962), (0, 0, 0, 1),
  ])
  func `Wilson's interval`(_ part: Int, _ whole: Int, _ low: Double, _ high: Double) {
    let interval = WilsonInterval(part, of: whole)
    #expect(abs(interval.low - low) < 1e-4 && abs(interval.high - high) < 1e-4)
  }

  @Test func `readers of a concatenation in place read all its writers`() throws {
    let model = try ModelCompiler.compile(
      try CompiledBytesTests.denseBlock(),
      options: CompileOptions(),
      calibration: testImages(2)
    )
    let layers = try #require(model.report.details).layers
    let names = model.report.layers.map(\.name)
    #expect(names.prefix(4) == ["first", "layer0", "layer1", "layer2"])
    #expect(layers.prefix(5).map(\.inputs) == [[-1], [0], [0, 1], [0, 1, 2], [0, 1, 2, 3]])
  }
}
