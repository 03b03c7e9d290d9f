import GraphIR
import ModelFormat
import Quantization
import Testing

@testable import Evaluation

@Suite struct ModelComparisonTests {
  /// What is done to the second model.
  enum Change: CaseIterable {
    case nothing, names, weight, bias, channel, scale, infinity
  }

  /// Two convolutions, a pooling and a fully connected layer over 8 × 8 pixels.
  private static func graph(_ change: Change = .nothing) throws -> Graph {
    var graph = Graph(name: "small")
    let prefix = change == .names ? "other/" : ""
    var seed: UInt64 = 1
    func weights(_ shape: [Int]) -> Tensor {
      Tensor(
        shape: shape,
        values: (0..<shape.reduce(1, *)).map { _ in
          seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
          return Float(Int(seed >> 40) % 2001 - 1000) / 1000
        }
      )
    }
    let input = graph.addInput(name: "pixels", shape: [1, 8, 8, 3])
    var first = Convolution(weights: weights([8, 3, 3, 3]), bias: [Float](repeating: 3, count: 8))
    var second = Convolution(weights: weights([8, 1, 1, 8]), bias: [Float](repeating: 1, count: 8))
    switch change {
    case .nothing, .names: break
    case .weight: second.weights = weights([8, 1, 1, 8])
    case .bias: second.bias = second.bias.map { $0 + 2000 }
    case .channel: for index in 24..<32 { second.weights.values[index] = 0 }
    case .scale:
      first.weights.values = first.weights.values.enumerated().map {
        $1 * Float(1 + $0 / 27)
      }
      first.bias = first.bias.enumerated().map { $1 * Float(1 + $0) }
    case .infinity: second.bias[2] = .infinity
    }
    var value = try graph.append(.convolution(first), name: prefix + "conv1", inputs: [input])
    value = try graph.append(.convolution(second), name: prefix + "conv2", inputs: [value])
    value = try graph.append(
      .mean(Mean(axes: [1, 2], keepsAxes: false)),
      name: prefix + "mean",
      inputs: [value]
    )
    graph.outputs = [value]
    return graph
  }

  private static func result(
    _ first: Graph,
    _ second: Graph,
    threads: Int = 1,
    maps: (PixelMap?, PixelMap?) = (nil, nil)
  ) throws -> ModelComparisonResult {
    var contract = InputContract()
    (contract.height, contract.width) = (8, 8)
    let comparison = try ModelComparison(
      .float(first),
      .float(second),
      inputs: (ComparedInput(contract, maps.0), ComparedInput(contract, maps.1))
    )
    return try comparison.run(
      count: 5,
      threads: threads,
      limits: PartingLimits(),
      load: { index in
        let pixels = (0..<192).map { UInt8(truncatingIfNeeded: ($0 * 97 + index * 31) ^ ($0 >> 2)) }
        return (pixels, pixels)
      }
    )
  }

  /// Where they part, why, and how the sentence ends.
  @Test(
    arguments: [
      (
        Change.weight, "conv2", .weights,
        "what it reads is equal; all its channels differ: other weights"
      ),
      (.bias, "conv2", .bias, "is one constant a channel: another bias"),
      (
        .channel, "conv2", .weights,
        "channel 3 holds nine tenths of the difference: other weights there"
      ),
      (
        .scale, "conv2", .scale,
        "it does not take back the scale that the channels of \"conv1\" have"
      ),
      (.infinity, "conv2", .notFinite, "180 values are NaN or infinite"),
    ] as [(Change, String, ModelComparisonResult.Parting.Cause, String)]
  )
  func `the first layer that differs is found, and why`(
    change: Change,
    layer: String,
    cause: ModelComparisonResult.Parting.Cause,
    end: String
  ) throws {
    let parting = try #require(try Self.result(Self.graph(), Self.graph(change)).parting)
    #expect(parting.layer == layer)
    #expect(parting.cause == cause)
    #expect(parting.text.hasPrefix("they part at layer \"conv2\" (2 of 3): "))
    #expect(parting.text.hasSuffix(end), "\(parting.text)")
  }

  @Test func `equal models do not part, whatever their layers are called`() throws {
    let result = try Self.result(Self.graph(), Self.graph(.names))
    #expect(result.parting == nil)
    #expect(result.agreeing == 5)
    #expect(result.layers.map(\.name) == ["other/conv1", "other/conv2", "other/mean"])
    #expect(result.layers.map(\.partner) == ["conv1", "conv2", "mean"])
    #expect(
      result.text == """
        layer        shape     dB  largest  mean  saturated
        input        8×8×3  equal        0     0     0.00 %
        other/conv1  6×6×8  equal        0     0     0.00 %  ~ conv1
        other/conv2  6×6×8  equal        0     0     0.00 %  ~ conv2
        other/mean   8      equal        0     0     0.00 %  ~ mean
        ~ another name: matched by order, kind and shape

        same class for 5 of 5 images; no layer parts
        """
    )
    #expect(
      result.line.hasSuffix("\"unmatched\":0}")
        && result.line.hasPrefix("{\"agreeing\":5,\"images\":5,\"input\":{\"largest\":0,")
    )
  }

  @Test func `networks that see other values part at the input`() throws {
    let parting = try #require(
      try Self.result(
        Self.graph(),
        Self.graph(),
        maps: (PixelMap(mean: [0], std: [255]), PixelMap(mean: [0], std: [255], isBGR: true))
      ).parting
    )
    #expect(parting.layer == nil)
    #expect(parting.cause == .preprocessing)
    #expect(
      parting.text.hasSuffix(
        "dB; the networks see the same images differently: stretch of 100 %, antialiased, mean 0, std 255 and stretch of 100 %, antialiased, mean 0, std 255, BGR"
      )
    )
  }

  @Test(arguments: [2, 3]) func `threads change no number`(threads: Int) throws {
    let one = try Self.result(Self.graph(), Self.graph(.weight))
    let many = try Self.result(Self.graph(), Self.graph(.weight), threads: threads)
    #expect(one.line == many.line)
  }

  @Test func `models of other sizes are refused`() throws {
    var small = Graph(name: "small")
    small.outputs = [small.addInput(name: "pixels", shape: [1, 4, 4, 3])]
    #expect(throws: EvaluationError.network("inputs of 4 × 4 × 3 and 8 × 8 × 3, expected the same"))
    {
      _ = try Self.result(small, Self.graph())
    }
  }

  @Test func `values beyond what bytes hold are counted, and their noise`() {
    var difference = LayerDifference(channels: 2)
    difference.add(
      [1, 2, 30, -4],
      [1, 2, 10, -4.5],
      bounds: nil,
      firstRange: nil,
      secondRange: (-5, 10)
    )
    #expect((difference.count, difference.saturated) == (4, 1))
    #expect((difference.noise, difference.saturatedNoise) == (400.25, 400))
    #expect((difference.largest, difference.mean) == (20, -5.125))
    #expect(difference.noisyChannels == [0])
    // A reader that takes everything above 5 for the same sees no difference in the first.
    var bounded = LayerDifference(channels: 2)
    bounded.add(
      [1, 2, 30, -4],
      [1, 2, 10, -4.5],
      bounds: (-4, 5),
      firstRange: nil,
      secondRange: (-5, 10)
    )
    #expect((bounded.noise, bounded.saturated) == (0, 0))
    #expect(bounded.ratio == LayerDifference.highestRatio)
  }

  @Test func `layers without names are paired by what they compute`() {
    func layers(_ names: [String]) -> [ComparedLayer] {
      names.map {
        ComparedLayer(name: $0, family: .weighted, shape: [1, 1, 4], inputs: [], readsImage: false)
      }
    }
    let samples: [[Float]] = [[1, 2, 3, 5], [4, 1, 1, 0], [0, 1, 0, 0]]
    let matching = LayerMatching(
      layers(["a", "b", "c"]),
      layers(["x", "y", "z", "c"]),
      samples: (samples, [[9, 8, 7, 1], samples[0], samples[1], samples[2]])
    )
    #expect(
      matching.pairs == [
        .init(first: 0, second: 1, isByName: false), .init(first: 1, second: 2, isByName: false),
        .init(first: 2, second: 3, isByName: true),
      ]
    )
    #expect(matching.unmatched == 1)
  }
}
