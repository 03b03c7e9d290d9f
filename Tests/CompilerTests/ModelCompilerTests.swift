import Compiler
import GraphIR
import ModelFormat
import Quantization
import Runtime
import Testing

/// Made-up images that count as real ones.
func testImages(_ count: Int, shape: [Int] = [1, 12, 10, 3]) -> CalibrationImages {
  var images = CalibrationImages.synthetic(count: count, shape: shape)
  images.isSynthetic = false
  return images
}

@Suite("Compiling graphs")
struct ModelCompilerTests {
  @Test(arguments: GraphSample.all)
  func `every operator becomes a file that runs and agrees with float`(
    _ sample: GraphSample
  ) throws {
    let images = testImages(6)
    var options = CompileOptions()
    options.comparedImages = 6
    let model = try ModelCompiler.compile(sample.graph, options: options, calibration: images)
    let file = try ModelFile(copying: model.bytes)
    #expect(file.operators.count == model.report.layers.count)
    #expect(file.input.height == 12)
    #expect(file.input.outputIsProbability)
    #expect(model.report.agreeing == 6)
    // A uniform value over all 256 steps has 20 log₁₀ 256 = 48 dB. Where values fill a few σ of the range only, three bits
    // are lost (−18 dB), and a layer adds its input's noise to its own (−3 dB or so each).
    for layer in model.report.layers {
      let ratio = layer.noiseRatio ?? .infinity
      #expect(ratio > 24, "\(layer.name) (\(layer.kind)): \(ratio) dB")
    }
    let failure = try SelfTest.run(file, kernels: .portable, threads: 1)
    #expect(failure == nil)
  }
}
