import Compiler
import GraphIR
import Quantization
import Testing

@Suite("Compiling with equalization")
struct EqualizedCompilationTests {
  /// Three layers with ReLU; one channel of the first two is `factor` times wider than the others and read as much narrower.
  static func graph(widerBy factor: Float) throws -> Graph {
    var graph = Graph(name: "wide")
    let image = graph.addInput(name: "image", shape: [1, 12, 10, 3])
    var first = GraphSample.convolution(3, 8, seed: 1, scale: 0.01)
    var depthwise = GraphSample.convolution(8, 8, groups: 8, seed: 2)
    let last = GraphSample.convolution(8, 8, seed: 3)
    func widen(_ op: inout Convolution, row: Int, by factor: Float) {
      let depth = op.weights.count / op.outputChannels
      for k in row * depth..<(row + 1) * depth { op.weights.values[k] *= factor }
      op.bias[row] *= factor
    }
    widen(&first, row: 3, by: factor)
    // The depthwise layer takes channel 3's factor back and widens channel 5.
    widen(&depthwise, row: 3, by: 1 / factor)
    depthwise.bias[3] *= factor
    widen(&depthwise, row: 5, by: factor)
    var narrowed = last
    for at in narrowed.weights.values.indices where at % 8 == 5 {
      narrowed.weights.values[at] /= factor
    }
    var value = image
    for (index, op) in [first, depthwise, narrowed].enumerated() {
      var op = op
      op.clamp = Clamp(low: 0, high: .infinity)
      value = try graph.append(.convolution(op), name: "conv\(index)", inputs: [value])
    }
    let mean = Mean(axes: [1, 2], keepsAxes: false)
    graph.outputs = [try graph.append(.mean(mean), name: "mean", inputs: [value])]
    return graph
  }

  /// Signal to noise of the last layer in dB.
  static func ratio(_ graph: Graph, equalizes: Bool) throws -> Double {
    var options = CompileOptions()
    options.recipe.equalizes = equalizes
    options.comparedImages = 6
    let model = try ModelCompiler.compile(graph, options: options, calibration: testImages(6))
    return try #require(model.report.layers.first { $0.name == "conv2" }?.noiseRatio)
  }

  @Test func `a network with channels 100 times wider recovers`() throws {
    let good = try Self.ratio(Self.graph(widerBy: 1), equalizes: false)
    let bad = try Self.ratio(Self.graph(widerBy: 100), equalizes: false)
    let mended = try Self.ratio(Self.graph(widerBy: 100), equalizes: true)
    #expect(good > 30)
    #expect(bad < good - 12)
    #expect(mended > good - 2)
  }

  @Test(arguments: GraphSample.all)
  func `every operator keeps its function`(_ sample: GraphSample) throws {
    var graph = sample.graph
    let image = try testImages(1).load(0)
    let reach = try ChannelReach.measure(graph, testImages(1))
    _ = CrossLayerEqualization(&graph, reach: reach)
    let expected = try FloatEvaluator(sample.graph).run([image])[0].values
    let found = try FloatEvaluator(graph).run([image])[0].values
    for (a, b) in zip(found, expected) { #expect(abs(a - b) < 1e-4) }
  }
}
