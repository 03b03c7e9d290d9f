import GraphIR
import Quantization
import Testing

@Suite("Scales of a graph")
struct QuantizerTests {
  static func convolution(_ inputs: Int, _ outputs: Int, weight: Float = 0.1) -> Convolution {
    Convolution(
      weights: Tensor(shape: [outputs, 1, 1, inputs], repeating: weight),
      bias: [Float](repeating: 0, count: outputs)
    )
  }

  /// Two branches of a convolution, one pooled, joined, and a head.
  static func joined() throws -> (graph: Graph, values: [String: ValueID]) {
    var graph = Graph(name: "joined")
    let image = graph.addInput(name: "image", shape: [1, 4, 4, 3])
    let a = try graph.append(.convolution(convolution(3, 4)), name: "a", inputs: [image])
    let b = try graph.append(.convolution(convolution(3, 6)), name: "b", inputs: [image])
    let pool = Pooling(window: Window(kernel: (1, 1)))
    let pooled = try graph.append(.maxPool(pool), name: "pooled", inputs: [b])
    let all = try graph.append(.concat(Concat(axis: 3)), name: "all", inputs: [a, pooled])
    let head = try graph.append(.convolution(convolution(10, 2)), name: "head", inputs: [all])
    let scores = try graph.append(.softmax(Softmax()), name: "scores", inputs: [head])
    graph.outputs = [scores]
    let names = ["image": image, "a": a, "b": b, "pooled": pooled, "all": all, "head": head]
    return (graph, names.merging(["scores": scores]) { $1 })
  }

  @Test func `values that are moved or joined share one scale that holds them all`() throws {
    let (graph, values) = try Self.joined()
    let ranges: [ValueID: ValueRange] = Dictionary(
      uniqueKeysWithValues: [("a", ValueRange(-1, 3)), ("b", ValueRange(-8, 2))]
        .compactMap { name, range in values[name].map { ($0, range) } }
    )
    let result = try Quantizer(graph).quantize(ranges: ranges)
    let found = ["a", "b", "pooled", "all"].map { values[$0].flatMap { result.parameters[$0] } }
    let first = try #require(found[0])
    #expect(found.allSatisfy { $0 == first })
    #expect(first.low <= -7.97 && first.high >= 2.97)
    #expect(values["image"].flatMap { result.parameters[$0] } == .pixels)
  }

  @Test func `logits and probabilities stay float`() throws {
    let (graph, values) = try Self.joined()
    let floats = FloatHeads.values(of: graph)
    #expect(floats == Set(["head", "scores"].compactMap { values[$0] }))
  }

  @Test func `a clamped head is stored in bytes`() throws {
    var (graph, values) = try Self.joined()
    var clamped = Self.convolution(10, 2)
    clamped.clamp = Clamp(low: 0, high: .infinity)
    graph.nodes[4].operation = .convolution(clamped)
    #expect(FloatHeads.values(of: graph) == Set(["scores"].compactMap { values[$0] }))
    values = [:]
  }

  @Test func `an output scale too fine for its weights is raised and told`() throws {
    var graph = Graph(name: "fine")
    let image = graph.addInput(name: "image", shape: [1, 4, 4, 1])
    let a = try graph.append(
      .convolution(Self.convolution(1, 2, weight: 100)),
      name: "a",
      inputs: [image]
    )
    let relu = try graph.append(.unary(.sigmoid), name: "gate", inputs: [a])
    graph.outputs = [relu]
    let result = try Quantizer(graph).quantize(ranges: [a: ValueRange(-0.001, 0.001)])
    let multipliers = result.weights[a]?.multiplier ?? []
    #expect(multipliers.count == 2)
    #expect(multipliers.allSatisfy { $0 < 1 && $0 > 0.99 })
    #expect(result.notes.count == 1)
    #expect(result.notes[0].hasPrefix("a: output scale raised from "))
  }

  @Test func `a value that only saturating functions read keeps to their interval`() throws {
    var graph = Graph(name: "gate")
    let image = graph.addInput(name: "image", shape: [1, 4, 4, 1])
    let a = try graph.append(.convolution(Self.convolution(1, 2)), name: "a", inputs: [image])
    let swish = try graph.append(.unary(.hardSwish), name: "swish", inputs: [a])
    graph.outputs = [swish]
    let result = try Quantizer(graph).quantize(
      ranges: [a: ValueRange(-90, 30), swish: ValueRange(-0.4, 30)]
    )
    let parameters = try #require(result.parameters[a])
    #expect(parameters.low > -3.2 && parameters.low <= -2.9)
    #expect(parameters.high >= 29.9)
  }

  @Test func `statistics give ranges without images`() throws {
    var graph = Graph(name: "statistics")
    let image = graph.addInput(name: "image", shape: [1, 4, 4, 1])
    var op = Self.convolution(1, 2)
    op.statistics = ChannelStatistics(mean: [1, -2], deviation: [0.5, 0.25])
    op.clamp = Clamp(low: -1, high: .infinity)
    let a = try graph.append(.convolution(op), name: "a", inputs: [image])
    let pool = Pooling(window: Window(kernel: (2, 2)))
    let mean = try graph.append(.averagePool(pool), name: "mean", inputs: [a])
    graph.outputs = [mean]
    let ranges = DataFreeRanges(graph).ranges(observed: [:])
    // 1 ± 4 × 0.5 and −2 ± 4 × 0.25, from −1 up.
    #expect(ranges[a] == ValueRange(-1, 3))
    #expect(ranges[mean] == ValueRange(-1, 3))
    #expect(DataFreeRanges(graph).hasStatistics)
  }
}
