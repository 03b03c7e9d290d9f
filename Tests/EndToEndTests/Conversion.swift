import Compiler
import GraphIR
import GraphPasses
import Importers
import ModelFormat
import Quantization
import Runtime

/// A model on its whole way from file to runtime, as `cnnconvert` and `cnnrun` take it.
struct Conversion {
  let graph: Graph
  let compiled: CompiledModel
  let network: Network
  private let evaluator: FloatEvaluator

  /// Imports, prepends `(pixel − mean) ÷ std`, optimises, quantizes over `calibration` and loads the result.
  init(
    _ request: ImportRequest,
    mean: [Float],
    std: [Float],
    isBGR: Bool = false,
    calibration: [[UInt8]]
  ) throws {
    var graph = try ModelImporters.importModel(request).graph
    let prepared = try FloatNetwork.prepare(
      &graph,
      mean: mean,
      std: std,
      isBGR: isBGR,
      endsInProbabilities: true
    )
    var options = CompileOptions()
    options.contract.outputIsProbability = prepared.outputIsProbability
    let shape = graph.shape(of: graph.inputs[0])
    options.threads = 2
    options.comparedImages = 1
    let images = CalibrationImages(count: calibration.count) { index in
      Tensor(shape: shape, values: calibration[index].map(Float.init))
    }
    compiled = try ModelCompiler.compile(graph, options: options, calibration: images)
    network = try Network(try ModelFile(copying: compiled.bytes), threads: 1)
    self.graph = graph
    evaluator = FloatEvaluator(graph)
  }

  /// How often float and int8 name the same class, 0…1.
  func agreement(over images: [[UInt8]]) throws -> Double {
    var agreeing = 0
    for image in images where try floatClass(image) == topClass(image) { agreeing += 1 }
    return Double(agreeing) / Double(images.count)
  }

  /// The class that float names.
  func floatClass(_ image: [UInt8]) throws -> Int? {
    let input = Tensor(shape: graph.shape(of: graph.inputs[0]), values: image.map(Float.init))
    let scores = try evaluator.run([input])[0].values
    return scores.indices.max { scores[$0] < scores[$1] }
  }

  /// The class that int8 names.
  func topClass(_ image: [UInt8]) -> Int {
    network.setInput(image)
    network.run()
    return network.top(1)[0].index
  }
}
