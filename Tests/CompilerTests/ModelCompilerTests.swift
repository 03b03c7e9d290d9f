import Compiler
import GraphIR
import ModelFormat
import Quantization
import Testing

@Suite("Compiling graphs")
struct ModelCompilerTests {
  @Test(arguments: GraphSample.all)
  func `every operator becomes a file that the reader accepts`(_ sample: GraphSample) throws {
    let model = try ModelCompiler.compile(
      sample.graph,
      options: CompileOptions(),
      calibration: .synthetic(count: 4, shape: [1, 12, 10, 3])
    )
    let file = try ModelFile(copying: model.bytes)
    #expect(file.operators.count == model.report.layers.count)
    #expect(file.input.height == 12)
    #expect(file.input.outputIsProbability)
  }
}
