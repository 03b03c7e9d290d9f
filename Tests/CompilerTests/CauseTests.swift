import GraphIR
import ModelFormat
import Quantization
import Testing

@testable import Compiler

/// Faults are planted, and have to be found and named.
@Suite("Causes")
struct CauseTests {
  /// A convolution of one tap from a 12 × 10 image, then a head with 5 classes; `plant` spoils the convolution.
  private func graph(_ plant: (inout Convolution) -> Void) throws -> Graph {
    var graph = Graph(name: "planted")
    let image = graph.addInput(name: "image", shape: [1, 12, 10, 3])
    var op = GraphSample.convolution(3, 16, kernel: (1, 1), seed: 3, scale: 0.02)
    plant(&op)
    let conv = try graph.append(.convolution(op), name: "conv", inputs: [image])
    let head = GraphSample.convolution(16, 5, kernel: (1, 1), seed: 4)
    let logits = try graph.append(.convolution(head), name: "head", inputs: [conv])
    graph.outputs = [
      try graph.append(.mean(Mean(axes: [1, 2], keepsAxes: false)), name: "mean", inputs: [logits])
    ]
    return graph
  }

  private func causes(
    _ graph: Graph,
    observer: RangeObserver = .minMax,
    rounding: WeightRounding = QuantizationRecipe().rounding,
    images: CalibrationImages? = testImages(8)
  ) throws -> [Cause] {
    var options = CompileOptions()
    options.recipe.observer = observer
    options.recipe.rounding = rounding
    return try ModelCompiler.compile(graph, options: options, calibration: images).report.causes
  }

  private func cause(_ kind: Cause.Kind, in causes: [Cause]) throws -> Cause {
    try #require(causes.first { $0.kind == kind && $0.name == "conv" }, "\(causes)")
  }

  @Test func `a healthy layer has none`() throws {
    #expect(try causes(graph { _ in }) == [])
  }

  @Test func `one wide channel is named with its width`() throws {
    let graph = try graph { op in
      // Weights of equal size, then channel 11's 40 times as wide.
      op.weights.values = op.weights.values.map { $0 < 0 ? -0.01 : 0.01 }
      for k in 33..<36 { op.weights.values[k] *= 40 }
    }
    let cause = try cause(.wideChannel, in: causes(graph))
    #expect(cause.channel == 11)
    #expect(cause.words.hasPrefix("channel 11's weights are 40 times wider than the median, so "))
  }

  @Test func `beside channels that training took away none is wide`() throws {
    let graph = try graph { op in
      op.weights.values = op.weights.values.map { $0 < 0 ? -0.01 : 0.01 }
      for k in 0..<33 { op.weights.values[k] = 1e-30 }
      for row in 0..<11 { op.bias[row] = 0 }
    }
    #expect(!(try causes(graph)).contains { $0.kind == .wideChannel })
  }

  @Test func `a few values far out are outliers, and percentiles mend them`() throws {
    let images = CalibrationImages(count: 50) { index in
      var random = SplitMix64(seed: UInt64(index))
      var values = random.values(360, in: 100...104)
      if index == 7 { values.replaceSubrange(0..<3, with: [255, 255, 255]) }
      return Tensor(shape: [1, 12, 10, 3], values: values.map { $0.rounded() })
    }
    let graph = try graph { op in
      op.weights.values = op.weights.values.map { _ in 0.1 }
      op.bias = op.bias.map { _ in -30 }
    }
    let cause = try cause(.outliers, in: causes(graph, images: images))
    #expect(cause.words.hasPrefix("99.9 % of the values lie in 0 … 1.2, few others stretch"))
    #expect(cause.remedy == "--observer percentile")
    let mended = try causes(graph, observer: .percentile(99.9), images: images)
    #expect(!mended.contains { $0.kind == .outliers })
  }

  @Test func `a range that is too narrow clips, and min-max mends it`() throws {
    let graph = try graph { _ in }
    let cause = try cause(.saturation, in: causes(graph, observer: .percentile(80)))
    #expect(cause.words.contains("of the values lie outside of the range"))
    #expect(cause.remedy == "--observer min-max")
    #expect(try causes(graph) == [])
  }

  @Test func `channels without weights are dead`() throws {
    let graph = try graph { op in
      for channel in [2, 5, 6] {
        op.weights.values.replaceSubrange(channel * 3..<channel * 3 + 3, with: [0, 0, 0])
      }
    }
    let cause = try cause(.deadChannels, in: causes(graph))
    #expect(cause.words == "3 of 16 channels have no weights")
    #expect(cause.remedy == nil)
  }

  @Test func `channels that a ReLU silences are dead`() throws {
    let graph = try graph { op in
      op.clamp = Clamp(low: 0, high: .infinity)
      op.weights.values = op.weights.values.map { abs($0) }
      for channel in [1, 9] { op.bias[channel] = -1000 }
    }
    #expect(
      try cause(.deadChannels, in: causes(graph)).words == "2 of 16 channels are 0 on every image"
    )
    // Made-up images do not prove it.
    #expect(!(try causes(graph, images: nil)).contains { $0.kind == .deadChannels })
  }

  @Test func `a guess that is too wide asks for images`() throws {
    let graph = try graph { op in
      op.statistics = ChannelStatistics(
        mean: [Float](repeating: 0, count: 16),
        deviation: [Float](repeating: 40, count: 16)
      )
    }
    let cause = try cause(.guessedRange, in: causes(graph, images: nil))
    #expect(cause.words.hasPrefix("the range −161 … 160 is a guess; made-up images use "))
    #expect(cause.remedy == "--calibrate FOLDER")
    #expect(try causes(graph) == [])
  }

  @Test func `weights that rounding spoils are coarse`() throws {
    var graph = Graph(name: "coarse")
    let image = graph.addInput(name: "image", shape: [1, 1, 1, 512])
    var weights = [Float](repeating: 0.4 / 127, count: 4 * 512)
    for row in 0..<4 { weights[row * 512] = 1 }
    let op = Convolution(
      weights: Tensor(shape: [4, 1, 1, 512], values: weights),
      bias: [0, 0, 0, 0]
    )
    graph.outputs = [try graph.append(.convolution(op), name: "conv", inputs: [image])]
    let images = testImages(4, shape: [1, 1, 1, 512])
    // Signal 1 + 511 × 0.00315², noise 511 × 0.00315²: 23.0 dB.
    let found = try causes(graph, rounding: .nearest, images: images)
    let cause = try cause(.coarseWeights, in: found)
    #expect(cause.words.hasPrefix("rounding its weights leaves 23.0 dB"))
    #expect(cause.remedy == "--rounding adaptive")
  }

  @Test func `where accuracy suffers without a fault, the noisiest layers are named`() {
    var layers: [LayerEvidence] = []
    for (index, ratio) in [40.0, 30, 29, 22, 21.9].enumerated() {
      var layer = LayerEvidence(layer: index, name: "layer\(index)")
      layer.noiseRatio = ratio
      layer.inputNoiseRatio = layers.last?.noiseRatio
      layer.step = 0.1
      layer.weights = WeightFit(rows: [1], .oneChannel)
      layers.append(layer)
    }
    let finder = CauseFinder(remedies: Remedies(recipe: QuantizationRecipe(), hasImages: true))
    #expect(finder.causes(layers, suffers: false) == [])
    let causes = finder.causes(layers, suffers: true)
    #expect(causes.map(\.layer) == [3, 1, 2])
    #expect(causes.map(\.kind) == [.noise, .noise, .noise])
    #expect(causes.first?.words == "signal to noise falls from 29.0 to 22.0 dB here")
  }

  @Test(arguments: [
    ("a/b_1.c:2-3", "--wide a/b_1.c:2-3"), ("a b", "--wide 'a b'"), ("$x", "--wide '$x'"),
    ("a,b", nil), ("it's", nil), ("", nil),
  ])
  func `16 bits are advised by a name that a shell leaves whole`(_ name: String, _ flag: String?) {
    let remedies = Remedies(recipe: QuantizationRecipe(), hasImages: true)
    var layer = LayerEvidence(layer: 0, name: name)
    #expect(remedies.flag(for: .sharedScale, layer) == nil)
    layer.mayBeWide = true
    #expect(remedies.flag(for: .sharedScale, layer) == flag)
  }

  @Test func `16 bits take 48 dB off the noise of rounding`() throws {
    var histogram = Histogram()
    _ = histogram.add((0...100_000).map { Float($0) / 100_000 })
    let parameters = QuantizationParameters(ValueRange(0, 1))
    let byte = try #require(RangeFit(histogram, parameters, bounds: nil)?.noiseRatio)
    let wide = try #require(RangeFit(histogram, parameters, isWide: true, bounds: nil)?.noiseRatio)
    // 8 bits are 48.16 dB.
    #expect(abs(wide - byte - 48.16) < 0.2)
  }

  @Test func `causes of a kind go together, and a terminal shows few of each`() {
    func cause(_ layer: Int, _ kind: Cause.Kind, _ remedy: String?) -> Cause {
      Cause(layer: layer, name: "layer\(layer)", kind: kind, words: "bad", remedy: remedy)
    }
    var report = ConversionReport()
    report.causes = [
      cause(4, .noise, nil), cause(1, .saturation, "--a"), cause(2, .saturation, "--a"),
      cause(3, .saturation, "--b"), cause(6, .noise, nil), cause(5, .deadChannels, nil),
    ]
    #expect(report.causeGroups.map { $0.map(\.layer) } == [[4, 6], [1, 2], [3]])
    #expect(
      report.causeLines(limit: 1) == [
        "layer4: bad", "and 1 more like this", "layer1: bad; --a mends it",
        "and 1 more like this", "layer3: bad; --b mends it",
        "channels that tell nothing: layer5; pruning them in training would save work",
      ]
    )
  }

  @Test func `layers that 16 bits help go together, with one flag for all`() {
    var report = ConversionReport()
    report.causes = ["a", "b c", "d"].enumerated().map { index, name in
      Cause(
        layer: index,
        name: name,
        kind: .noise,
        words: "bad",
        remedy: index == 1 ? "--wide 'b c'" : "--wide \(name)"
      )
    }
    #expect(report.causeGroups.map(\.count) == [3])
    #expect(Cause.remedy(of: report.causes) == "--wide 'a,b c,d'")
    #expect(Cause.remedy(of: report.causes.prefix(1)) == "--wide a")
    #expect(Cause.remedy(of: []) == nil)
    #expect(report.causes[0].line == "a: bad; --wide a helps")
  }

  @Test func `the line names layer, cause and flag`() {
    var cause = Cause(
      layer: 3,
      name: "conv2",
      kind: .wideChannel,
      channel: 17,
      words: "channel 17's weights are 40 times wider than the median",
      remedy: "--equalize"
    )
    #expect(
      cause.line
        == "conv2: channel 17's weights are 40 times wider than the median; --equalize mends it"
    )
    cause.remedy = nil
    #expect(cause.line == "conv2: channel 17's weights are 40 times wider than the median")
  }
}

extension QuantizedWeights {
  fileprivate static var oneChannel: QuantizedWeights {
    var weights = QuantizedWeights()
    (weights.values, weights.scales) = ([127], [1 / 127])
    return weights
  }
}
