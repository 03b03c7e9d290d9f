import Conformance
import Foundation
import ModelFormat
import Testing

@testable import Runtime

@Suite struct SoftmaxTests {
  @Test func `the exponential is within its stated error`() {
    var worst = 0.0
    for step in 0...640_000 {
      let x = -Float(step) / 10_000
      let exact = exp(Double(x))
      worst = max(worst, abs(Double(Softmax.exponential(x)) - exact) / exact)
    }
    #expect(worst < 1.5e-7)
    #expect(Softmax.exponential(0) == 1)
    #expect(Softmax.exponential(-64.001) == 0)
    #expect(Softmax.exponential(-.infinity) == 0)
    #expect(Softmax.exponential(.nan) == 0)
  }

  @Test func `the exponential keeps its bits`() {
    let inputs: [Float] = [-0.1, -1, -2.5, -10, -33.3, -64]
    let bits = inputs.map { Softmax.exponential($0).bitPattern }
    #expect(
      bits == [
        1_063_756_653, 1_052_531_378, 1_034_427_438, 943_614_926, 662_221_546, 290_148_004,
      ]
    )
  }

  @Test(arguments: 0..<SampleKind.softmax.count)
  func `probabilities are close to the exact ones`(_ index: Int) throws {
    let sample = SampleKind.softmax.sample(index)
    let (pixels, channels) = (sample.output.width, sample.output.channels)
    let values = sample.values
    let (model, input) = sample.finish()
    let file = try ModelFile(copying: model.encode())
    var first: [UInt8]?
    try everyWay(file) { network, way in
      network.setInput(input)
      network.run()
      let found = network.outputBytes
      #expect(found == first ?? found, "\(way)")
      guard first == nil else { return }
      first = found
      var worst = 0.0
      let scores = network.outputValues
      for pixel in 0..<pixels {
        let logits = values[pixel * channels..<(pixel + 1) * channels].map { Double($0) }
        let most = logits.max() ?? 0
        let total = logits.reduce(0) { $0 + exp($1 - most) }
        for (channel, logit) in logits.enumerated() {
          let exact = exp(logit - most) / total
          worst = max(worst, abs(Double(scores[pixel * channels + channel]) - exact))
        }
      }
      #expect(worst < 1e-6, "sample \(index)")
    }
  }
}
