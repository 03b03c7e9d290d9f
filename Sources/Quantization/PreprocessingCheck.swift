internal import Foundation
public import GraphIR

/// Whether a network sees images as it did in training, judged by what its batch normalizations remember of it.
///
/// A batch normalization that was folded into a layer left the mean β and the standard deviation |γ| that the layer's output had
/// a channel. The check runs the graph up to the first such layers over some images, measures both, and does so again as if pixels had been
/// prepared otherwise: another order of colours, another mean and scale. It has something to say only where another preparation
/// fits much better than the given one.
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

  /// A value whose statistics are known.
  private struct Probe {
    var layer: String
    var value: ValueID
    var statistics: ChannelStatistics
  }

  /// Layers that are looked at.
  static let probes = 2
  /// Images that are enough.
  static let images = 64
  /// A preparation must be further off than this to be doubted.
  static let leastDistance = 0.2
  /// Another one must be nearer by this factor to be named.
  static let leastFactor = 3.0
  /// The same for exchanged colours, which change little in photographs.
  static let (leastColorDistance, leastColorFactor) = (0.02, 1.6)

  private let map: PixelMap
  private let channels: Int
  private let probes: [Probe]
  private let evaluator: FloatEvaluator

  /// Prepares to check a graph that eats pixels 0…255 and maps them by `map`; nil where no layer tells its statistics.
  public init?(_ graph: Graph, map: PixelMap) {
    guard let input = graph.inputs.first, graph.inputs.count == 1,
      let channels = graph.shape(of: input).last, map.fits(channels)
    else { return nil }
    self.map = map
    self.channels = channels
    var part = graph
    probes = Self.takeProbes(&part)
    evaluator = FloatEvaluator(part)
    if probes.isEmpty { return nil }
  }

  /// Reduces the graph to what computes its first layers with statistics, their clamps as nodes of their own.
  private static func takeProbes(_ graph: inout Graph) -> [Probe] {
    var probes: [Probe] = []
    var index = 0
    while index < graph.nodes.count, probes.count < Self.probes {
      defer { index += 1 }
      var node = graph.nodes[index]
      guard case .convolution(var op) = node.operation, node.inputs.count == 1,
        let statistics = op.statistics
      else { continue }
      let clamped = node.output
      node.output = graph.addValue(name: node.name + "/sums", shape: graph.shape(of: clamped))
      probes.append(Probe(layer: node.name, value: node.output, statistics: statistics))
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
    graph.outputs = probes.map(\.value)
    graph.removeDeadNodes()
    return probes
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
      layer: probes[0].layer,
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
    guard let candidate = PixelMapCandidate.exchanged(map, channels: channels),
      let distance = distance(images, as: candidate.map),
      distance * Self.leastColorFactor < given
    else { return nil }
    return (distance, candidate)
  }

  /// How far outputs are from the statistics if pixels were mapped by `other`; nil where that does not run.
  func distance(_ images: [Tensor], as other: PixelMap) -> Double? {
    var moments = [ObservedMoments](repeating: ObservedMoments(), count: probes.count)
    for image in images {
      var values = image.values
      if other != map {
        values = map.pixels(other.values(values, channels: channels), channels: channels)
      }
      let pixels = Tensor(shape: image.shape, values: values)
      guard let outputs = try? evaluator.run([pixels]) else { return nil }
      for (index, output) in outputs.enumerated() { moments[index].add(output) }
    }
    var sum = 0.0
    for (probe, moments) in zip(probes, moments) {
      guard let distance = moments.distance(from: probe.statistics) else { return nil }
      sum += distance
    }
    return sum / Double(probes.count)
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
