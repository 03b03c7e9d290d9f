import GraphIR
import Quantization
import Testing

@Suite("Cross-layer equalization")
struct EqualizationTests {
  static func outputs(_ graph: Graph, seed: UInt64) throws -> [Float] {
    var random = SeededRandom(seed)
    let shape = graph.shape(of: graph.inputs[0])
    let image = Tensor(shape: shape, values: random.values(shape.reduce(1, *), in: 0...255))
    return try FloatEvaluator(graph).run([image])[0].values
  }

  /// Largest magnitudes over one image.
  static func reach(_ graph: Graph) throws -> [ValueID: [Float]] {
    let shape = graph.shape(of: graph.inputs[0])
    return try ChannelReach.measure(graph, .madeUp(count: 1, shape: shape))
  }

  /// Largest difference as a share of the largest output.
  static func difference(_ a: [Float], _ b: [Float]) -> Float {
    zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } / max(1e-30, a.reduce(0) { max($0, abs($1)) })
  }

  @Test(arguments: 1...60 as ClosedRange<UInt64>)
  func `a random network gives the same outputs`(seed: UInt64) throws {
    let original = try RandomNetwork(seed: seed).graph
    var graph = original
    _ = CrossLayerEqualization(&graph, reach: try Self.reach(graph))
    try graph.verify()
    let difference = Self.difference(
      try Self.outputs(original, seed: seed),
      try Self.outputs(graph, seed: seed)
    )
    #expect(difference < 1e-4)
  }

  @Test func `most random networks have something to scale`() throws {
    let scaled = try (1...60 as ClosedRange<UInt64>).count { seed in
      var graph = try RandomNetwork(seed: seed).graph
      return CrossLayerEqualization(&graph, reach: try Self.reach(graph)).scaledGroups > 0
    }
    #expect(scaled > 40)
  }

  /// Two layers with a ReLU between them, weights of one tap given by rows.
  static func pair(
    _ first: [[Float]],
    _ second: [[Float]],
    clamp: Clamp = Clamp(low: 0, high: .infinity),
    statistics: ChannelStatistics? = nil
  ) throws -> Graph {
    var graph = Graph(name: "pair")
    let image = graph.addInput(name: "image", shape: [1, 2, 2, first[0].count])
    func layer(_ rows: [[Float]]) -> Convolution {
      Convolution(
        weights: Tensor(shape: [rows.count, 1, 1, rows[0].count], values: rows.flatMap { $0 }),
        bias: [Float](repeating: 1, count: rows.count)
      )
    }
    var op = layer(first)
    op.clamp = clamp
    op.statistics = statistics
    let a = try graph.append(.convolution(op), name: "a", inputs: [image])
    let b = try graph.append(.convolution(layer(second)), name: "b", inputs: [a])
    graph.outputs = [b]
    return graph
  }

  static func layer(_ graph: Graph, _ index: Int) throws -> Convolution {
    guard case .convolution(let op) = graph.nodes[index].operation else {
      throw QuantizationError.graph("node \(index) is no convolution")
    }
    return op
  }

  @Test func `a channel reaches as far as its readers' weights want of it`() throws {
    var graph = try Self.pair(
      [[100, -50], [0.5, 1]],
      [[0.01, 2], [-0.04, 8]],
      statistics: ChannelStatistics(mean: [10, 1], deviation: [20, 0.5])
    )
    let result = CrossLayerEqualization(&graph, reach: [graph.nodes[0].output: [50, 4]])
    let (a, b) = (try Self.layer(graph, 0), try Self.layer(graph, 1))
    // Channel 1 is the one that both rows weigh most, so it reaches 1: divided by 4. Channel 0 is divided by s, where
    // 50 ÷ s = 0.01 s ÷ (2 × 4).
    let s = Float(40000).squareRoot()
    let expectedA: [Float] = [100 / s, -50 / s, 0.125, 0.25]
    let expectedB: [Float] = [0.01 * s, 8, -0.04 * s, 32]
    for (found, expected) in zip(a.weights.values + b.weights.values, expectedA + expectedB) {
      #expect(abs(found - expected) < 0.01 * abs(expected))
    }
    #expect(result.scaledGroups == 2)
    #expect(abs(result.largestScale - s) < 0.01 * s)
    #expect(result.leastScale == 1)
    let statistics = try #require(a.statistics)
    #expect(abs(statistics.mean[0] - 10 / s) < 0.001)
    #expect(abs(statistics.deviation[0] - 20 / s) < 0.002)
  }

  @Test func `a channel that is nearly dead is not made loud`() throws {
    var graph = try Self.pair([[1], [1e-9], [1]], [[1, 1, 1]])
    let reach: [Float] = [8, 1e-9, 0]
    let result = CrossLayerEqualization(&graph, reach: [graph.nodes[0].output: reach])
    // Channel 0 becomes 1. Channel 1 counts as 8 ÷ 64, of which its reader wants an eighth: it stays, and so does what never spoke.
    #expect(abs(result.largestScale - 8) < 0.01)
    #expect(abs(result.leastScale - 1) < 0.001)
    #expect(try Self.layer(graph, 0).weights.values[2] == 1)
  }

  @Test func `a bound above 0 forbids scaling unless statistics keep clear of it`() throws {
    let relu6 = Clamp(low: 0, high: 6)
    var blind = try Self.pair([[1], [1]], [[0.01, 100]], clamp: relu6)
    let reach: [Float] = [0.1, 6]
    #expect(
      CrossLayerEqualization(&blind, reach: [blind.nodes[0].output: reach]).scaledGroups == 0
    )
    // Channel 0 would be divided by 0.1, but may reach 0.1 + 6 × 0.1 = 0.7 of 6: by no less than 0.7 ÷ 6. Channel 1 reaches 7.
    var known = try Self.pair(
      [[1], [1]],
      [[1000, 100]],
      clamp: relu6,
      statistics: ChannelStatistics(mean: [0.1, 1], deviation: [0.1, 1])
    )
    let result = CrossLayerEqualization(&known, reach: [known.nodes[0].output: reach])
    #expect(result.scaledGroups == 1)
    #expect(abs(result.leastScale - 0.7 / 6) < 1e-5)
  }

  @Test func `channels that a sum joins have one scale`() throws {
    var graph = Graph(name: "sum")
    let image = graph.addInput(name: "image", shape: [1, 2, 2, 1])
    func layer(_ weight: Float) -> GraphIR.Operation {
      .convolution(
        Convolution(weights: Tensor(shape: [1, 1, 1, 1], repeating: weight), bias: [0])
      )
    }
    let a = try graph.append(layer(4), name: "a", inputs: [image])
    let b = try graph.append(layer(16), name: "b", inputs: [image])
    let sum = try graph.append(.binary(.add), name: "sum", inputs: [a, b])
    let c = try graph.append(layer(1), name: "c", inputs: [sum])
    graph.outputs = [c]
    let result = CrossLayerEqualization(&graph, reach: [a: [4], sum: [16]])
    // The largest value of the group is 16, and its only reader weighs nothing else: all is divided by 16.
    #expect(abs(result.largestScale - 16) < 0.02)
    let found = try [0, 1, 3].map { try Self.layer(graph, $0).weights.values[0] }
    for (found, expected) in zip(found, [0.25, 1, 16] as [Float]) {
      #expect(abs(found - expected) < 0.02 * expected)
    }
  }
}
