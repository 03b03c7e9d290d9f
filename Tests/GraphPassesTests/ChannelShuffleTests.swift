import GraphIR
import ModelFormat
import Testing

@testable import GraphPasses

/// Units of ShuffleNet V2: halves of the channels, convolutions on one of them, concatenation, shuffle.
@Suite struct `channel shuffles` {
  private static func convolution(
    _ inputs: Int,
    _ outputs: Int,
    _ generator: inout SplitMix64
  ) -> Convolution {
    var op = Convolution(
      weights: generator.tensor([outputs, 1, 1, inputs], scale: 0.5),
      bias: generator.values(outputs, in: -1...1)
    )
    op.clamp = Clamp(low: 0, high: .infinity)
    op.statistics = ChannelStatistics(
      mean: generator.values(outputs, in: -1...1),
      deviation: generator.values(outputs, in: 0...1)
    )
    return op
  }

  /// `units` units on two convolutions of an image, then a depthwise and a plain convolution of the last shuffle.
  private static func network(half: Int, units: Int, seed: UInt64) throws -> Graph {
    var generator = SplitMix64(seed: seed)
    var graph = Graph(name: "shuffles")
    let image = graph.addInput(name: "image", shape: [1, 4, 5, 3])
    func joined(_ a: ValueID, _ b: ValueID, _ name: String) throws -> ValueID {
      let whole = try graph.append(
        .concat(Concat(axis: 3)),
        name: name + "/concat",
        inputs: [a, b]
      )
      let shuffle = GatherChannels(shuffling: 2 * half, groups: 2)
      return try graph.append(.gatherChannels(shuffle), name: name + "/shuffle", inputs: [whole])
    }
    func convolved(_ value: ValueID, _ name: String) throws -> ValueID {
      let op = convolution(graph.shape(of: value)[3], half, &generator)
      return try graph.append(.convolution(op), name: name, inputs: [value])
    }
    func part(_ value: ValueID, from first: Int, _ name: String) throws -> ValueID {
      let slice = Slice(start: [0, 0, 0, first], extent: [1, 4, 5, half])
      return try graph.append(.slice(slice), name: name, inputs: [value])
    }
    var value = try joined(convolved(image, "left"), convolved(image, "right"), "first")
    for unit in 0..<units {
      let kept = try part(value, from: 0, "kept\(unit)")
      let read = try part(value, from: half, "read\(unit)")
      let branch = try convolved(try convolved(read, "in\(unit)"), "out\(unit)")
      value = try joined(kept, branch, "unit\(unit)")
    }
    var depthwise = Convolution(
      weights: generator.tensor([2 * half, 3, 3, 1]),
      bias: generator.values(2 * half, in: -1...1),
      padding: Padding(top: 1, left: 1, bottom: 1, right: 1),
      groups: 2 * half
    )
    depthwise.paddingValues = generator.values(2 * half, in: -1...1)
    value = try graph.append(.convolution(depthwise), name: "depthwise", inputs: [value])
    graph.outputs = [try convolved(value, "last")]
    return graph
  }

  private static func output(of graph: Graph, seed: UInt64) throws -> Tensor {
    var generator = SplitMix64(seed: ~seed)
    return try FloatEvaluator(graph).run([generator.tensor([1, 4, 5, 3], scale: 2)])[0]
  }

  @Test(arguments: [2, 3, 4, 7, 12, 29], [1, 2, 5])
  func `copy only what a unit hands on unread`(half: Int, units: Int) throws {
    let seed = UInt64(100 * half + units)
    let original = try Self.network(half: half, units: units, seed: seed)
    var graph = original
    let counts = try PassPipeline.optimize(&graph)
    let (before, after) = (
      try Self.output(of: original, seed: seed), try Self.output(of: graph, seed: seed)
    )
    let difference = zip(before.values, after.values).map { abs($0 - $1) }.max() ?? 1
    let largest = before.values.map(abs).max() ?? 0
    #expect(before.shape == after.shape)
    #expect(difference <= 1e-5 * largest)
    let copies = graph.nodes.filter {
      if case .gatherChannels = $0.operation { true } else { false }
    }
    #expect(copies.count == units)
    #expect(copies.allSatisfy { graph.shape(of: $0.output)[3] == half })
    let names = counts.map(\.name)
    #expect(names.contains("merge channel selections"))
    #expect(names.contains("read channel ranges in place"))
    #expect(names.contains("sink channel order"))
    #expect(names.contains("fold channel order"))
    #expect(try PassPipeline.optimize(&graph).isEmpty)
  }

  @Test func `statistics follow the outputs they describe`() {
    var generator = SplitMix64(seed: 1)
    let op = Self.convolution(2, 4, &generator)
    let order = [2, 0, 3, 1]
    let moved = op.writingInOrder(order)
    #expect(moved.bias == order.map { op.bias[$0] })
    #expect(moved.statistics?.mean == order.map { op.statistics?.mean[$0] })
    #expect(moved.weights.values == order.flatMap { op.weights.values[2 * $0..<2 * $0 + 2] })
  }

  @Test func `are copied where convolutions would have to do more products`() throws {
    var generator = SplitMix64(seed: 2)
    var graph = Graph(name: "selection")
    let image = graph.addInput(name: "image", shape: [1, 2, 2, 16])
    let gather = GatherChannels(indices: [1, 3, 5, 7])
    let selected = try graph.append(.gatherChannels(gather), name: "odd", inputs: [image])
    let op = Self.convolution(4, 8, &generator)
    graph.outputs = [try graph.append(.convolution(op), name: "conv", inputs: [selected])]
    #expect(try PassPipeline.optimize(&graph).isEmpty)
  }
}
