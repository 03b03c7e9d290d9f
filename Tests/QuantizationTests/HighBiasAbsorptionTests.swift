import GraphIR
import Quantization
import Testing

@Suite("High-bias absorption")
struct HighBiasAbsorptionTests {
  /// A layer with statistics, something between, and a layer that reads it.
  static func graph(
    padding: Int = 0,
    clamp: Clamp = Clamp(low: 0, high: .infinity),
    between: GraphIR.Operation? = nil
  ) throws -> Graph {
    var graph = Graph(name: "high")
    let image = graph.addInput(name: "image", shape: [1, 4, 4, 1])
    var op = Convolution(
      weights: Tensor(shape: [2, 1, 1, 1], values: [0.01, 0.02]),
      bias: [10, 0.5]
    )
    op.clamp = clamp
    op.statistics = ChannelStatistics(mean: [11, 1], deviation: [1, 1])
    var value = try graph.append(.convolution(op), name: "a", inputs: [image])
    if let between { value = try graph.append(between, name: "between", inputs: [value]) }
    let reader = Convolution(
      weights: Tensor(shape: [1, 1, 1, 2], values: [3, -1]),
      bias: [0.25],
      padding: Padding(top: padding, left: padding, bottom: padding, right: padding)
    )
    let b = try graph.append(.convolution(reader), name: "b", inputs: [value])
    graph.outputs = [b]
    return graph
  }

  @Test(
    arguments: [
      nil, .maxPool(Pooling(window: Window(kernel: (2, 2), stride: (2, 2)))),
      .averagePool(Pooling(window: Window(kernel: (2, 2), stride: (1, 1)))),
      .mean(Mean(axes: [1, 2], keepsAxes: true)),
    ] as [GraphIR.Operation?]
  )
  func `what a ReLU never cuts moves into the reader`(_ between: GraphIR.Operation?) throws {
    let original = try Self.graph(between: between)
    var graph = original
    #expect(HighBiasAbsorption(&graph).channels == 1)
    // 11 − 3 × 1 = 8 of channel 0; nothing of channel 1, whose 1 − 3 is below 0.
    let a = try EqualizationTests.layer(graph, 0)
    #expect(a.bias == [2, 0.5])
    #expect(a.statistics == ChannelStatistics(mean: [3, 1], deviation: [1, 1]))
    #expect(try EqualizationTests.layer(graph, graph.nodes.count - 1).bias == [24.25])
    // Pixels 0…255 put channel 0 at 10 or above, where nothing is cut.
    let difference = EqualizationTests.difference(
      try EqualizationTests.outputs(original, seed: 5),
      try EqualizationTests.outputs(graph, seed: 5)
    )
    #expect(difference < 1e-6)
  }

  @Test func `a fully connected reader takes the sum over all its pixels`() throws {
    var graph = try Self.graph()
    let flat = try graph.append(
      .reshape(Reshape(shape: [1, 32])),
      name: "flat",
      inputs: [graph.nodes[0].output]
    )
    let op = FullyConnected(
      weights: Tensor(shape: [1, 32], values: (0..<32).map { $0 % 2 == 0 ? 0.5 : 100 }),
      bias: [0]
    )
    let fc = try graph.append(.fullyConnected(op), name: "fc", inputs: [flat])
    graph.outputs = [fc]
    graph.removeDeadNodes()
    let before = try EqualizationTests.outputs(graph, seed: 3)
    #expect(HighBiasAbsorption(&graph).channels == 1)
    guard case .fullyConnected(let reader)? = graph.nodes.last?.operation else {
      Issue.record("no fully connected layer")
      return
    }
    #expect(reader.bias == [16 * 0.5 * 8])
    #expect(
      EqualizationTests.difference(before, try EqualizationTests.outputs(graph, seed: 3)) < 1e-6
    )
  }

  @Test func `readers that pad, bounds that are reached and other readers forbid it`() throws {
    var padded = try Self.graph(padding: 1)
    var clamped = try Self.graph(clamp: Clamp(low: 0, high: 6))
    var curved = try Self.graph(between: .unary(.sigmoid))
    for index in 0..<3 {
      let before = [padded, clamped, curved][index]
      #expect(HighBiasAbsorption(&padded).channels == 0)
      #expect(HighBiasAbsorption(&clamped).channels == 0)
      #expect(HighBiasAbsorption(&curved).channels == 0)
      #expect([padded, clamped, curved][index] == before)
    }
  }
}
