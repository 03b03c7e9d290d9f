import Testing

@testable import Quantization

@Suite("Weights")
struct WeightQuantizerTests {
  let input = QuantizationParameters(scale: 0.05, zeroPoint: 100)

  func quantizer(outputScale: Float? = 0.2) -> WeightQuantizer {
    WeightQuantizer(layer: "conv1", input: input, outputScale: outputScale)
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `every weight is within half a step and the sums are the weights'`(seed: UInt64) throws {
    let weights = HistogramTests.values(seed: seed, count: 7 * 27)
    let bias = HistogramTests.values(seed: seed + 100, count: 7)
    let result = try quantizer(outputScale: nil).quantize(weights, bias: bias)
    for row in 0..<7 {
      let integers = result.values[row * 27..<(row + 1) * 27].map { Int64($0) }
      let scale = result.scales[row]
      for k in 0..<27 {
        let found = Double(integers[k]) * scale
        #expect(abs(found - Double(weights[row * 27 + k])) <= scale * 0.5001)
      }
      #expect(Int64(result.weightSum[row]) == integers.reduce(0, +))
      let unfolded = Int64(result.bias[row]) + 100 * integers.reduce(0, +)
      #expect(abs(Double(unfolded) * 0.05 * scale - Double(bias[row])) <= 0.05 * scale)
      let reach = abs(Int64(result.bias[row])) + 255 * integers.reduce(0) { $0 + abs($1) }
      #expect(reach < 1 << 31)
      #expect(abs(result.multiplier[row] / Float(0.05 * scale) - 1) < 1e-6)
    }
  }

  @Test func `a channel without weights is its bias`() throws {
    let result = try quantizer().quantize([0, 0, 0, 0], bias: [1.5])
    #expect(result.deadChannels == 1)
    #expect(result.values == [0, 0, 0, 0])
    #expect(abs(Float(result.bias[0]) * result.multiplier[0] - 1.5 / 0.2) < 1e-3)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func `weights that are no numbers are refused with the layer's name`(_ bad: Float) {
    #expect(throws: QuantizationError.weightNotFinite(layer: "conv1", value: "\(bad)")) {
      try quantizer().quantize([1, bad], bias: [0])
    }
    #expect(throws: QuantizationError.weightNotFinite(layer: "conv1", value: "\(bad)")) {
      try quantizer().quantize([1, 2], bias: [bad])
    }
  }

  @Test(arguments: [([1, -2], 1e7, 1), ([1e-6, -2e-6], 1e6, 0)] as [([Float], Float, Int)])
  func `a bias far beyond its weights gets coarser weights that cannot overflow, or none`(
    _ weights: [Float],
    _ bias: Float,
    _ raised: Int
  ) throws {
    let result = try quantizer(outputScale: bias).quantize(weights, bias: [bias])
    #expect(result.raisedChannels == raised)
    #expect(result.deadChannels == 1 - raised)
    let reach =
      abs(Int64(result.bias[0])) + 255 * result.values.reduce(0) { $0 + abs(Int64($1)) }
    #expect(reach < 1 << 31)
    let output = Float(result.bias[0]) * result.multiplier[0]
    #expect(abs(output - 1) < 0.01)
  }

  @Test(arguments: [-1e30, 1e30, 3e38] as [Float])
  func `a bias past the output's range saturates it`(_ bias: Float) throws {
    let result = try quantizer(outputScale: 0.01).quantize([0.5, -0.5], bias: [bias])
    let output = Double(result.bias[0]) * Double(result.multiplier[0])
    #expect(abs(output) > 255)
    #expect((output < 0) == (bias < 0))
    #expect(result.multiplier[0] < 1)
  }

  @Test(arguments: [1e-38, 1e-20, 1, 1e20, 3e38] as [Float])
  func `multipliers stay below one whatever the weights`(_ magnitude: Float) throws {
    let result = try quantizer(outputScale: 0.001).quantize([magnitude, -magnitude], bias: [0])
    #expect(result.multiplier[0] < 1)
    #expect(result.multiplier[0] > 0)
    #expect(abs(result.values[0]) <= 127)
  }

  @Test func `the bias takes back the mean error of rounding`() throws {
    let weights: [Float] = [1, 0.0036, 0.0037, 0.0035, 0.0038]
    let mean = 3.0
    let exact = weights.reduce(0.0) { $0 + Double($1) * mean }
    func output(_ result: QuantizedWeights) -> Double {
      // All inputs at their mean, q = mean ÷ 0.05 + 100.
      let q = Int64((mean / 0.05).rounded()) + 100
      let sum = result.values.reduce(Int64(result.bias[0])) { $0 + Int64($1) * q }
      return Double(sum) * 0.05 * result.scales[0]
    }
    let plain = output(try quantizer().quantize(weights, bias: [0]))
    let corrected = output(try quantizer().quantize(weights, bias: [0]) { _, _ in mean })
    #expect(abs(plain - exact) > 0.01)
    #expect(abs(corrected - exact) < 0.001)
  }
}
