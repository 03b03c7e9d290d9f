import GraphIR
import Testing

@testable import Quantization

/// A network whose batch normalization remembers what it saw, fed as it should be and otherwise.
@Suite struct PreprocessingCheckTests {
  private static let torchvision = PixelMap(
    mean: [123.675, 116.28, 103.53],
    std: [58.395, 57.12, 57.375]
  )

  /// Images that are redder than blue, darker above than below.
  private static let images = CalibrationImages(count: 12) { index in
    var state = UInt64(index + 1)
    return Tensor(
      shape: [1, 8, 8, 3],
      values: (0..<192).map { place in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let noise = Float(state >> 40) / Float(1 << 24)
        return [150, 110, 60][place % 3] + 10 * Float(place / 24) * noise - 30 + 20 * noise
      }
    )
  }

  /// A convolution with the statistics that `images` give where they are prepared by `right`, but prepared by `given`.
  private static func graph(right: PixelMap, given: PixelMap) throws -> Graph {
    var state: UInt64 = 7
    let weights = (0..<16 * 27).map { _ -> Float in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(state >> 40) / Float(1 << 24) - 0.5
    }
    func graph(_ map: PixelMap, _ statistics: ChannelStatistics?) throws -> Graph {
      var graph = Graph(name: "small")
      let input = graph.addInput(name: "pixels", shape: [1, 8, 8, 3])
      var scale = [Float](repeating: 1, count: 3).indices.map { 1 / map.std[$0 % map.std.count] }
      var bias = (0..<3).map { -map.mean[$0 % map.mean.count] * scale[$0] }
      if map.isBGR { (scale, bias) = (scale.reversed(), bias.reversed()) }
      var value = try graph.append(
        .channelAffine(ChannelAffine(scale: scale, bias: bias)),
        name: "preprocessing",
        inputs: [input]
      )
      if map.isBGR {
        value = try graph.append(
          .gatherChannels(GatherChannels(indices: [2, 1, 0])),
          name: "swap",
          inputs: [value]
        )
      }
      var op = Convolution(
        weights: Tensor(shape: [16, 3, 3, 3], values: weights),
        bias: [Float](repeating: 0.1, count: 16),
        clamp: Clamp(low: 0, high: .infinity)
      )
      op.statistics = statistics
      graph.outputs = [try graph.append(.convolution(op), name: "conv1", inputs: [value])]
      return graph
    }
    var plain = try graph(right, nil)
    guard case .convolution(var op) = plain.nodes[plain.nodes.count - 1].operation else {
      throw GraphError("no convolution")
    }
    op.clamp = .none
    plain.nodes[plain.nodes.count - 1].operation = .convolution(op)
    var sums = [Double](repeating: 0, count: 16)
    var squares = sums
    for index in 0..<images.count {
      let output = try FloatEvaluator(plain).run([try images.load(index)])[0]
      for (place, value) in output.values.enumerated() {
        sums[place % 16] += Double(value)
        squares[place % 16] += Double(value) * Double(value)
      }
    }
    let count = Double(images.count * 36)
    let statistics = ChannelStatistics(
      mean: sums.map { Float($0 / count) },
      deviation: zip(sums, squares).map { sum, square in
        Float((square / count - sum / count * sum / count).squareRoot())
      }
    )
    return try graph(given, statistics)
  }

  private static func finding(right: PixelMap, given: PixelMap) throws -> String? {
    let check = try #require(PreprocessingCheck(graph(right: right, given: given), map: given))
    return check.run(images)?.text
  }

  @Test(arguments: [
    torchvision, PixelMap(mean: [0], std: [255]), PixelMap(mean: [0], std: [1]),
    PixelMap(mean: [104, 117, 123], std: [1], isBGR: true),
  ])
  func `images that are prepared rightly are no news`(map: PixelMap) throws {
    #expect(try Self.finding(right: map, given: map) == nil)
  }

  @Test(arguments: [
    (
      torchvision, PixelMap(mean: [0], std: [255]),
      "mean and std seem to be missing: try --preset torchvision"
    ),
    (
      PixelMap(mean: [0], std: [255]), PixelMap(mean: [0], std: [1]),
      "the division by 255 seems to be missing: try --preset unit"
    ),
    (
      PixelMap(mean: [0], std: [1]), PixelMap(mean: [0], std: [255]),
      "pixels seem to be divided by 255, which the model does not expect or does by itself: try --preset raw"
    ),
    (
      torchvision, PixelMap(mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225]),
      "mean and std seem to be of pixels 0…1: multiply them by 255"
    ),
    (
      PixelMap(mean: [127.5], std: [127.5]), PixelMap(mean: [32512.5], std: [32512.5]),
      "mean and std seem to be too large: divide them by 255"
    ),
    (
      torchvision, PixelMap(mean: [104, 117, 123], std: [1], isBGR: true),
      "mean and std seem to be others than mean 104,117,123, std 1, BGR: try --preset torchvision"
    ),
    (
      torchvision,
      PixelMap(mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375], isBGR: true),
      "red and blue seem exchanged: try --color rgb"
    ),
  ])
  func `what is probably wrong is named`(
    right: PixelMap,
    given: PixelMap,
    likely: String
  ) throws {
    #expect(
      try Self.finding(right: right, given: given)
        == "images look wrongly preprocessed: layer \"conv1\" gives other values than its batch normalization saw in training; \(likely)"
    )
  }

  @Test func `without statistics there is nothing to check`() throws {
    var graph = Graph(name: "plain")
    let input = graph.addInput(name: "pixels", shape: [1, 8, 8, 3])
    let op = Convolution(
      weights: Tensor(shape: [1, 1, 1, 3], values: [1, 1, 1]),
      bias: [0]
    )
    graph.outputs = [try graph.append(.convolution(op), name: "conv", inputs: [input])]
    #expect(PreprocessingCheck(graph, map: Self.torchvision) == nil)
  }
}
