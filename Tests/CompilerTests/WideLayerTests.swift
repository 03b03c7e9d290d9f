import Compiler
import GraphIR
import ModelFormat
import Quantization
import Runtime
import Testing

@Suite("Layers of 16 bits")
struct WideLayerTests {
  private static func compiled(_ graph: Graph, wide: Set<String>) throws -> CompiledModel {
    var options = CompileOptions()
    options.comparedImages = 6
    options.recipe.wideLayers = wide
    // Each weight for itself: else errors of weights and of activations partly cancel, and one without the other shows more.
    options.recipe.rounding = .nearest
    return try ModelCompiler.compile(graph, options: options, calibration: testImages(6))
  }

  private static func ratios(_ report: ConversionReport) -> [String: Double] {
    Dictionary(
      report.layers.compactMap { layer in layer.noiseRatio.map { (layer.name, $0) } },
      uniquingKeysWith: { $1 }
    )
  }

  @Test(arguments: GraphSample.all)
  func `a graph all of whose layers are named runs, and no layer has more noise than in bytes`(
    _ sample: GraphSample
  ) throws {
    let graph = sample.graph
    let narrow = try Self.compiled(graph, wide: [])
    let wide = try Self.compiled(graph, wide: Set(graph.nodes.map(\.name)))
    #expect(wide.report.agreeing == 6)
    let (before, after) = (Self.ratios(narrow.report), Self.ratios(wide.report))
    for (name, ratio) in after {
      #expect(ratio > (before[name] ?? 0) - 1, "\(name): \(ratio) dB")
    }
    let file = try ModelFile(copying: wide.bytes)
    #expect(file.tensors.contains { $0.elementType == .wide })
    for kernels in KernelSet.available {
      #expect(try SelfTest.run(file, kernels: kernels, threads: 2) == nil)
    }
  }

  @Test func `a chain of wide layers has the noise of its weights alone`() throws {
    let sample = GraphSample.sample("chain") { graph, value in
      var value = value
      for (index, seed) in [11, 12, 13].enumerated() {
        var layer = GraphSample.convolution(8, 8, seed: UInt64(seed))
        layer.padding = Padding(top: 1, left: 1, bottom: 1, right: 1)
        value = try graph.append(.convolution(layer), name: "c\(index)", inputs: [value])
      }
      return value
    }
    let layers: Set = ["first", "c0", "c1", "c2"]
    let narrow = Self.ratios(try Self.compiled(sample.graph, wide: []).report)
    let wide = Self.ratios(try Self.compiled(sample.graph, wide: layers).report)
    #expect((wide["c2"] ?? 0) > (narrow["c2"] ?? 0) + 3)
  }

  @Test func `a layer that is not there is refused by name`() throws {
    let sample = try #require(GraphSample.all.first)
    #expect(
      throws: CompileError.quantization(
        "layer \"nose\": not in this network, expected one of \(sample.graph.nodes.count) such as \"first\"; `cnnconvert explain` lists them"
      )
    ) {
      try Self.compiled(sample.graph, wide: ["nose"])
    }
  }

  @Test func `what stays at 8 bits is told`() throws {
    var graph = Graph(name: "pools")
    let image = graph.addInput(name: "image", shape: [1, 4, 4, 3])
    let layer = GraphSample.convolution(3, 4, kernel: (1, 1), seed: 1)
    let a = try graph.append(.convolution(layer), name: "a", inputs: [image])
    let pool = Pooling(window: Window(kernel: (2, 2)))
    let pooled = try graph.append(.maxPool(pool), name: "pooled", inputs: [a])
    let squashed = try graph.append(.unary(.sigmoid), name: "squashed", inputs: [a])
    let scores = try graph.append(.softmax(Softmax()), name: "scores", inputs: [pooled])
    graph.outputs = [scores]
    let wide = try WideLayers(
      ["pooled", "squashed", "scores"],
      in: graph,
      floatValues: FloatHeads.values(of: graph),
      fusedClamps: [:]
    )
    #expect(
      wide.notes == [
        "pooled: stays at 8 bits, because maxpool has no form of 16", "scores: stays float32",
      ]
    )
    // What a function reads is wide with it.
    #expect(wide.values == [a, squashed])
  }
}
