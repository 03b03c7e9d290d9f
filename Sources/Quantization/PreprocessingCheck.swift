internal import Foundation
public import GraphIR

/// Whether a network sees images as it did in training, judged by what its batch normalizations remember of it.
///
/// A batch normalization that was folded into a layer left the mean β and the standard deviation |γ| that the layer's output had
/// a channel. The check runs the graph up to the first such layers over some images, measures both, and does so again as if pixels had been
/// prepared otherwise: another order of colours, another mean and scale. It has something to say only where another preparation
/// fits much better than the given one. Exchanged colours change little in the first layers, and more the more a layer knows of
/// things: they are judged by all layers together.
public struct PreprocessingCheck: Sendable {
  /// What another preparation would bring.
  public struct Finding: Sendable, Equatable {
    /// The first layer whose statistics were looked at.
    public var layer: String
    /// How far its outputs are from its statistics, in nats a channel, with the given preparation.
    public var distance: Double
    /// The same with the other one.
    public var otherDistance: Double
    /// What is probably wrong, and what to do.
    public var likely: String

    /// One line for people.
    public var text: String {
      "images look wrongly preprocessed: layer \"\(layer)\" gives other values than its batch normalization saw in training; \(likely)"
    }
  }

  /// Layers that mean and scale are judged by, and images that are enough.
  static let (firstLayers, images) = (2, 64)
  /// Most layers that the order of colours is judged by, and images that are enough.
  static let (allLayers, fewImages) = (64, 16)
  /// A preparation must be further off than this to be doubted.
  static let leastDistance = 0.2
  /// Another one must be nearer by this factor to be named.
  static let leastFactor = 3.0
  /// The same for exchanged colours, the factor as the geometric mean over layers.
  static let (leastColorDistance, leastColorFactor) = (0.01, 1.3)
  /// The sum of the logarithms of the layers' factors that is no chance.
  static let leastColorEvidence = 0.9

  private let map: PixelMap
  private let channels: Int
  private let first: ProbedGraph
  private let all: ProbedGraph

  /// Prepares to check a graph that eats pixels 0…255 and maps them by `map`; nil where no layer tells its statistics.
  public init?(_ graph: Graph, map: PixelMap) {
    guard let input = graph.inputs.first, graph.inputs.count == 1,
      let channels = graph.shape(of: input).last, map.fits(channels)
    else { return nil }
    self.map = map
    self.channels = channels
    first = ProbedGraph(graph, layers: Self.firstLayers)
    all = ProbedGraph(graph, layers: Self.allLayers)
    if first.layers.isEmpty { return nil }
  }

  /// The finding, nil where images look right or nothing is clear; images that do not load are left out.
  public func run(_ images: CalibrationImages) -> Finding? {
    let count = min(images.count, Self.images)
    let chosen = (0..<count).compactMap { try? images.load($0 * images.count / count) }
    guard !chosen.isEmpty, let given = distance(chosen, as: map),
      given > Self.leastColorDistance
    else { return nil }
    let likely = given > Self.leastDistance ? best(chosen, given) : exchanged(chosen, given)
    guard let likely else { return nil }
    return Finding(
      layer: first.layers[0],
      distance: given,
      otherDistance: likely.distance,
      likely: likely.candidate.likely
    )
  }

  private func best(
    _ images: [Tensor],
    _ given: Double
  ) -> (distance: Double, candidate: PixelMapCandidate)? {
    var best: (distance: Double, candidate: PixelMapCandidate)?
    for candidate in PixelMapCandidate.all(besides: map, channels: channels) {
      guard let distance = distance(images, as: candidate.map) else { continue }
      // Of equals the first, the simpler mistake.
      if best.map({ distance < 0.98 * $0.distance - 0.001 }) ?? true {
        best = (distance, candidate)
      }
    }
    guard let best, best.distance * Self.leastFactor < given else {
      return exchanged(images, given)
    }
    return best
  }

  private func exchanged(
    _ images: [Tensor],
    _ given: Double
  ) -> (distance: Double, candidate: PixelMapCandidate)? {
    let count = min(images.count, Self.fewImages)
    let some = (0..<count).map { images[$0 * images.count / count] }
    guard let candidate = PixelMapCandidate.exchanged(map, channels: channels),
      let asGiven = all.distances(some),
      let asOther = all.distances(some.map { fed($0, as: candidate.map) })
    else { return nil }
    // A layer that fits to a thousandth of a nat fits.
    let factors = zip(asGiven, asOther).map { Foundation.log(max($0, 0.001) / max($1, 0.001)) }
    let evidence = factors.reduce(0, +)
    guard evidence >= Self.leastColorEvidence,
      evidence >= Foundation.log(Self.leastColorFactor) * Double(factors.count)
    else { return nil }
    return (given * Foundation.exp(-evidence / Double(factors.count)), candidate)
  }

  /// How far outputs are from the statistics if pixels were mapped by `other`; nil where that does not run.
  func distance(_ images: [Tensor], as other: PixelMap) -> Double? {
    first.distances(images.map { fed($0, as: other) }).map {
      $0.reduce(0, +) / Double($0.count)
    }
  }

  /// The image whose pixels, mapped as they are, give what those of `image` give mapped by `other`.
  private func fed(_ image: Tensor, as other: PixelMap) -> Tensor {
    guard other != map else { return image }
    let values = other.values(image.values, channels: channels)
    return Tensor(shape: image.shape, values: map.pixels(values, channels: channels))
  }
}

/// A graph up to its first layers that batch normalizations left statistics of, their clamps as nodes of their own.
private struct ProbedGraph: Sendable {
  /// Names of the layers.
  let layers: [String]
  private let statistics: [ChannelStatistics]
  private let evaluator: FloatEvaluator

  init(_ graph: Graph, layers count: Int) {
    var graph = graph
    var layers: [String] = []
    var statistics: [ChannelStatistics] = []
    var outputs: [ValueID] = []
    var index = 0
    while index < graph.nodes.count, layers.count < count {
      defer { index += 1 }
      var node = graph.nodes[index]
      guard case .convolution(var op) = node.operation, node.inputs.count == 1,
        let known = op.statistics
      else { continue }
      let clamped = node.output
      node.output = graph.addValue(name: node.name + "/sums", shape: graph.shape(of: clamped))
      layers.append(node.name)
      statistics.append(known)
      outputs.append(node.output)
      let clamp = Node(
        name: node.name + "/clamp",
        operation: .unary(.clamp(op.clamp)),
        inputs: [node.output],
        output: clamped
      )
      op.clamp = .none
      node.operation = .convolution(op)
      graph.nodes[index] = node
      graph.nodes.insert(clamp, at: index + 1)
    }
    graph.outputs = outputs
    graph.removeDeadNodes()
    (self.layers, self.statistics, evaluator) = (layers, statistics, FloatEvaluator(graph))
  }

  /// How far the outputs of each layer are from its statistics, in nats a channel; nil where the graph does not run.
  func distances(_ images: [Tensor]) -> [Double]? {
    var moments = [ObservedMoments](repeating: ObservedMoments(), count: layers.count)
    for image in images {
      guard let outputs = try? evaluator.run([image]) else { return nil }
      for (index, output) in outputs.enumerated() { moments[index].add(output) }
    }
    var distances: [Double] = []
    for (statistics, moments) in zip(statistics, moments) {
      guard let distance = moments.distance(from: statistics) else { return nil }
      distances.append(distance)
    }
    return distances
  }
}

/// Sums a channel, and how far they are from statistics.
struct ObservedMoments {
  private var sums: [Double] = []
  private var squares: [Double] = []
  private var count = 0.0

  /// The most that one channel adds.
  static let cap = 10.0

  mutating func add(_ tensor: Tensor) {
    let channels = max(1, tensor.shape.last ?? 1)
    if sums.isEmpty {
      sums = [Double](repeating: 0, count: channels)
      squares = sums
    }
    guard sums.count == channels else { return }
    for start in stride(from: 0, to: tensor.count, by: channels) {
      for channel in 0..<channels {
        let value = Double(tensor.values[start + channel])
        sums[channel] += value
        squares[channel] += value * value
      }
    }
    count += Double(tensor.count / channels)
  }

  /// Kullback–Leibler divergence of normal distributions, the mean over channels; nil where no channel counts.
  ///
  /// `ln(γ ÷ σ) + (σ² + (μ − β)²) ÷ 2γ² − ½`; each counts at most `cap`, those that training switched off (γ near 0) not at all.
  func distance(from statistics: ChannelStatistics) -> Double? {
    guard statistics.mean.count == sums.count, count > 0 else { return nil }
    let deviations = statistics.deviation.map(Double.init)
    let usual = deviations.sorted()[deviations.count / 2]
    var sum = 0.0
    var channels = 0.0
    for channel in sums.indices where deviations[channel] > 0.05 * usual {
      let mean = sums[channel] / count
      let variance = max(squares[channel] / count - mean * mean, 0)
      let expected = deviations[channel] * deviations[channel]
      let shift = mean - Double(statistics.mean[channel])
      let least = expected * 1e-6
      let divergence =
        0.5
        * (Foundation.log(expected / max(variance, least)) + (variance + shift * shift) / expected
          - 1)
      sum += min(max(divergence, 0), Self.cap)
      channels += 1
    }
    return channels > 0 ? sum / channels : nil
  }
}
