import GraphIR
import ModelFormat
import Testing

@testable import GraphPasses

/// Outputs of `graph` for one random image.
private func output(of graph: Graph, seed: UInt64) throws -> Tensor {
  var generator = SplitMix64(seed: seed)
  let image = generator.tensor(graph.shape(of: graph.inputs[0]), scale: 2)
  return try FloatEvaluator(graph).run([image])[0]
}

private func largestDifference(_ a: Tensor, _ b: Tensor) -> Float {
  zip(a.values, b.values).map { abs($0 - $1) }.max() ?? 0
}

@Suite struct `the pass pipeline` {
  @Test(arguments: UInt64(1)...60)
  func `keeps what a random network computes`(seed: UInt64) throws {
    let original = try RandomGraph(seed: seed).graph
    var optimized = original
    _ = try PassPipeline.optimize(&optimized)
    let before = try output(of: original, seed: seed)
    let after = try output(of: optimized, seed: seed)
    #expect(before.shape == after.shape, "seed \(seed)")
    #expect(largestDifference(before, after) < 1e-4, "seed \(seed)")
    #expect(optimized.nodes.count <= original.nodes.count, "seed \(seed)")
  }

  @Test(arguments: UInt64(1)...20)
  func `has nothing left to do after it ran`(seed: UInt64) throws {
    var graph = try RandomGraph(seed: seed).graph
    _ = try PassPipeline.optimize(&graph)
    let once = graph
    #expect(try PassPipeline.optimize(&graph).isEmpty, "seed \(seed)")
    #expect(graph == once, "seed \(seed)")
  }

  @Test func `makes convolution, normalization, residual and activation one node`() throws {
    var generator = SplitMix64(seed: 7)
    var graph = Graph(name: "block")
    let image = graph.addInput(name: "image", shape: [1, 6, 6, 4])
    let convolution = Convolution(
      weights: generator.tensor([4, 3, 3, 4]),
      bias: [0, 0, 0, 0],
      padding: Padding(top: 1, left: 1, bottom: 1, right: 1)
    )
    let a = try graph.append(.convolution(convolution), name: "conv", inputs: [image])
    let affine = ChannelAffine(
      gamma: [1, 2, 3, 4],
      beta: [4, 3, 2, 1],
      mean: [0, 1, 0, 1],
      variance: [1, 1, 2, 2],
      epsilon: 0
    )
    let b = try graph.append(.channelAffine(affine), name: "bn", inputs: [a])
    let c = try graph.append(.binary(.add), name: "add", inputs: [image, b])
    let d = try graph.append(.unary(.relu6), name: "relu", inputs: [c])
    graph.outputs = [d]
    let before = try output(of: graph, seed: 1)
    let counts = try PassPipeline.optimize(&graph)
    #expect(
      counts.map(\.name) == [
        "fold batch normalization", "fuse residual additions", "fuse activations",
      ]
    )
    #expect(graph.nodes.count == 1)
    guard case .convolution(let fused) = graph.nodes[0].operation else {
      Issue.record("expected a convolution, found \(graph.nodes[0].operation)")
      return
    }
    #expect(fused.clamp == Clamp(low: 0, high: 6))
    #expect(fused.statistics == ChannelStatistics(mean: [4, 3, 2, 1], deviation: [1, 2, 3, 4]))
    #expect(graph.nodes[0].inputs == [image, image])
    #expect(largestDifference(before, try output(of: graph, seed: 1)) < 1e-4)
  }

  @Test func `gives padding the pixel that stands for zero`() throws {
    var graph = Graph(name: "first layer")
    let image = graph.addInput(name: "image", shape: [1, 5, 5, 3])
    var generator = SplitMix64(seed: 3)
    let convolution = Convolution(
      weights: generator.tensor([2, 3, 3, 3]),
      bias: [0.5, -0.5],
      padding: Padding(top: 1, left: 1, bottom: 1, right: 1)
    )
    graph.outputs = [
      try graph.append(.convolution(convolution), name: "conv", inputs: [image])
    ]
    try InputAndOutput.prependPreprocessing(
      mean: [100, 110, 120],
      std: [50, 60, 70],
      isBGR: true,
      to: &graph
    )
    let before = try output(of: graph, seed: 5)
    _ = try PassPipeline.optimize(&graph)
    #expect(graph.nodes.count == 1)
    guard case .convolution(let folded) = graph.nodes[0].operation else {
      Issue.record("expected a convolution, found \(graph.nodes[0].operation)")
      return
    }
    for (value, expected) in zip(folded.paddingValues, [Float(120), 110, 100]) {
      #expect(abs(value - expected) < 1e-3)
    }
    #expect(largestDifference(before, try output(of: graph, seed: 5)) < 1e-3)
  }

  @Test(
    arguments: [
      ("silu", UnaryFunction.silu), ("hard_swish", .hardSwish),
      ("hard_sigmoid", .hardSigmoid(alpha: 1 / 6, beta: 0.5)),
      ("leaky", .leakyReLU(slope: 0.1)),
    ])
  func `recognizes an activation that is written out`(name: String, function: UnaryFunction) throws
  {
    var graph = Graph(name: name)
    let x = graph.addInput(name: "x", shape: [1, 3, 3, 2])
    func scalar(_ value: Float) -> ValueID {
      graph.addConstant(name: "c", Tensor(shape: [], values: [value]))
    }
    let result: ValueID
    switch name {
    case "silu":
      let gate = try graph.append(.unary(.sigmoid), name: "gate", inputs: [x])
      result = try graph.append(.binary(.multiply), name: "out", inputs: [gate, x])
    case "leaky":
      let small = try graph.append(.binary(.multiply), name: "small", inputs: [x, scalar(0.1)])
      result = try graph.append(.binary(.maximum), name: "out", inputs: [small, x])
    default:
      let shifted = try graph.append(.binary(.add), name: "shift", inputs: [x, scalar(3)])
      let clipped = try graph.append(.unary(.relu6), name: "clip", inputs: [shifted])
      let gate = try graph.append(.binary(.divide), name: "gate", inputs: [clipped, scalar(6)])
      result =
        name == "hard_sigmoid"
        ? gate : try graph.append(.binary(.multiply), name: "out", inputs: [x, gate])
    }
    graph.outputs = [result]
    let before = try output(of: graph, seed: 11)
    _ = try PassPipeline.optimize(&graph)
    #expect(graph.nodes.count == 1)
    #expect(graph.nodes[0].operation.definition.mnemonic == function.mnemonic)
    #expect(largestDifference(before, try output(of: graph, seed: 11)) < 1e-5)
  }

  @Test func `folds padding into pooling only where zero cannot win`() throws {
    for isAfterReLU in [true, false] {
      var graph = Graph(name: "pool")
      let x = graph.addInput(name: "x", shape: [1, 5, 5, 2])
      let source =
        isAfterReLU ? try graph.append(.unary(.relu), name: "relu", inputs: [x]) : x
      let padded = try graph.append(
        .pad(Pad(padding: Padding(top: 1, left: 1, bottom: 1, right: 1))),
        name: "pad",
        inputs: [source]
      )
      graph.outputs = [
        try graph.append(
          .maxPool(Pooling(window: Window(kernel: (3, 3), stride: (2, 2)))),
          name: "pool",
          inputs: [padded]
        )
      ]
      let before = try output(of: graph, seed: 2)
      let counts = try PassPipeline.optimize(&graph)
      #expect(counts.contains { $0.name == "fold padding" } == isAfterReLU)
      #expect(largestDifference(before, try output(of: graph, seed: 2)) == 0)
    }
  }
}

@Suite struct `the ends of a network` {
  @Test func `logits get a softmax, and its logarithm is taken away`() throws {
    for operation in [
      Operation.unary(.relu), .softmax(Softmax(isLogarithmic: true)), .softmax(Softmax()),
    ] {
      var graph = Graph(name: "head")
      let x = graph.addInput(name: "x", shape: [1, 4])
      graph.outputs = [try graph.append(operation, name: "out", inputs: [x])]
      #expect(try InputAndOutput.endInProbabilities(&graph))
      let sum = try output(of: graph, seed: 1).values.reduce(0, +)
      #expect(abs(sum - 1) < 1e-5)
    }
  }

  @Test func `a mean of two values for three channels is refused`() throws {
    var graph = Graph(name: "g")
    let x = graph.addInput(name: "x", shape: [1, 4, 4, 3])
    graph.outputs = [try graph.append(.unary(.relu), name: "relu", inputs: [x])]
    #expect(throws: GraphError("2 values of mean, expected 1 or 3", node: "x")) {
      try InputAndOutput.prependPreprocessing(mean: [1, 2], std: [1], isBGR: false, to: &graph)
    }
  }
}
