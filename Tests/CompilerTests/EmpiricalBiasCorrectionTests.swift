import GraphIR
import ModelFormat
import Quantization
import Runtime
import Testing

@testable import Compiler

@Suite("Correcting biases by the int8 network")
struct EmpiricalBiasCorrectionTests {
  static let images = testImages(6)

  /// Every operator that reads weights, alone and joined.
  static let samples = GraphSample.all.filter { sample in
    ["plain", "relu6 and stride", "groups", "depthwise", "residual", "fully connected inside"]
      .contains(sample.name)
      || ["affine with relu", "concat of three", "channel shuffle"].contains(sample.name)
  }

  static func quantized(_ sample: GraphSample) throws -> QuantizedGraph {
    let seen = try Calibrator(sample.graph).run(images, threads: 1)
    return try Quantizer(sample.graph).quantize(
      ranges: seen.histograms.mapValues { RangeObserver.minMax.range(of: $0) },
      channelMeans: seen.channelMeans
    )
  }

  @Test(arguments: samples)
  func `biases that were moved come back`(_ sample: GraphSample) throws {
    let exact = try Self.quantized(sample)
    var planted = exact
    for (value, weights) in exact.weights {
      // Two output steps, up and down.
      for row in weights.bias.indices {
        let shift = Int32((2 / weights.multiplier[row]).rounded())
        planted.weights[value]?.bias[row] +=
          row % 2 == 0 ? min(shift, 1 << 20) : -min(shift, 1 << 20)
      }
    }
    var options = CompileOptions()
    options.threads = 2
    let corrected = try EmpiricalBiasCorrection(planted, options).run(Self.images)
    let again = try EmpiricalBiasCorrection(exact, options).run(Self.images)
    for (value, weights) in corrected.weights {
      // Whatever the biases were, the means decide; each is a sum over channels that are corrected to within a step.
      #expect(weights.values == exact.weights[value]?.values)
      for (a, b) in zip(weights.bias, again.weights[value]?.bias ?? []) { #expect(abs(a - b) <= 1) }
    }
    #expect(corrected.weights.count == exact.weights.count)
  }

  @Test(arguments: samples)
  func `the mean logits are float's`(_ sample: GraphSample) throws {
    var planted = try Self.quantized(sample)
    let logits = try #require(sample.graph.nodes.last?.inputs[0])
    for row in 0..<5 { planted.weights[logits]?.bias[row] += 3000 * Int32(row) }
    let options = CompileOptions()
    let corrected = try EmpiricalBiasCorrection(planted, options).run(Self.images)
    let file = try ModelBuilder(
      try ModelCompiler.lowered(corrected, options),
      options,
      CalibrationResult()
    ).file()
    let network = try Network(file, threads: 1)
    let operation = try #require(file.operators.indices.last { file.operators[$0].weightsSize > 0 })
    var difference = [Double](repeating: 0, count: 5)
    for index in 0..<Self.images.count {
      let image = try Self.images.load(index)
      var exact: [Float] = []
      _ = try FloatEvaluator(sample.graph).run([image]) { node, result in
        if node.output == logits { exact = result.values }
      }
      network.setInput(image.pixelBytes)
      network.run { step in
        guard step == operation else { return }
        for (row, value) in network.values(ofOutputOf: step).enumerated() {
          difference[row] += Double(value - exact[row])
        }
      }
    }
    let scales = try #require(corrected.weights[logits]?.scales)
    let input = try #require(
      corrected.parameters[sample.graph.nodes[sample.graph.nodes.count - 2].inputs[0]]
    )
    for row in 0..<5 {
      let step = scales[row] * Double(input.scale)
      #expect(abs(difference[row]) / Double(Self.images.count) <= step + 1e-5)
    }
  }

  @Test(arguments: [1, 3])
  func `an image that does not load is told`(_ threads: Int) throws {
    struct Broken: Error {}
    var options = CompileOptions()
    options.threads = threads
    let broken = CalibrationImages(count: 2) { _ in throw Broken() }
    #expect(throws: CompileError.quantization("calibration image 0: Broken()")) {
      _ = try EmpiricalBiasCorrection(try Self.quantized(Self.samples[0]), options).run(broken)
    }
  }
}
