internal import ModelFormat
public import PlainText
internal import Runtime
internal import Threads

/// Tells when a camera gives other pictures than those that the model was calibrated with.
///
/// In every Nth frame it counts, for each layer, the output elements that are at the layer's clamps, and after each frame it takes the
/// best score. Both are averaged over some frames and compared with what the model's file says of its calibration images. The frame
/// loop observes, and nothing is allocated then; any thread may render.
public final class DriftMonitor: @unchecked Sendable {
  /// How a layer differs from its calibration.
  private struct Layer {
    let expected: CalibrationStatistics.Layer
    var low: Float = 0
    var high: Float = 0

    init(_ expected: CalibrationStatistics.Layer) { self.expected = expected }

    /// The larger of both shares' distances from their means, in standard deviations over calibration images.
    var distance: Float {
      max(
        Self.distance(low, expected.lowMean, expected.lowDeviation),
        Self.distance(high, expected.highMean, expected.highDeviation)
      )
    }

    /// `|share − mean| ÷ (deviation + floor)`: where images hardly differed, a share of `floor` counts as one deviation.
    private static func distance(_ share: Float, _ mean: Float, _ deviation: Float) -> Float {
      (share - mean).magnitude / (deviation + DriftMonitor.floor)
    }
  }

  /// Share of elements that counts as one deviation at least.
  private static let floor: Float = 0.01
  /// Looks that an average of shares reaches back.
  private static let looks = 16
  /// Looks before which nothing is judged.
  private static let fewestLooks = 4
  /// Frames that the average of scores reaches back.
  private static let frames = 500
  /// Frames before which scores are not judged.
  private static let fewestFrames = 100

  private let settings: DriftSettings
  private let expectedScores: CalibrationStatistics
  private let names: [String]
  private let monitor = Monitor()

  // The frame loop's.
  private var framesToLook = 0
  private var overSince: Int64?
  private var isDrifting = false

  // Under the monitor.
  private let layers: UnsafeMutableBufferPointer<Layer>
  private let scores: UnsafeMutableBufferPointer<Float>
  private var lookCount = 0
  private var frameCount = 0
  private var isReported = false

  private init(_ file: ModelFile, _ expected: CalibrationStatistics, _ settings: DriftSettings) {
    self.settings = settings
    expectedScores = expected
    names = file.operators.map { file.name(of: $0) }
    layers = .allocate(capacity: expected.layers.count)
    for (index, layer) in expected.layers.enumerated() {
      layers.initializeElement(at: index, to: Layer(layer))
    }
    scores = .allocate(capacity: CalibrationStatistics.scoreBins)
    scores.initialize(repeating: 0)
  }

  deinit {
    layers.deallocate()
    scores.deallocate()
  }

  /// A monitor for a model; nil where drift is switched off, or the file says nothing of calibration images.
  static func make(_ file: ModelFile, _ settings: DriftSettings) -> DriftMonitor? {
    guard settings.every > 0, let expected = file.calibration else { return nil }
    return DriftMonitor(file, expected, settings)
  }

  // MARK: For the frame loop

  /// Runs the network on the input that it holds, and looks at its layers if that is due.
  func run(_ network: Network) {
    framesToLook -= 1
    guard framesToLook <= 0 else { return network.run() }
    framesToLook = settings.every
    look(network)
  }

  /// Runs the network and looks at its layers.
  func look(_ network: Network) {
    network.run { operation in
      let count = network.countAtLimits(ofOutputOf: operation)
      let weight = 1 / Float(min(lookCount + 1, Self.looks))
      monitor.locked {
        layers[operation].low += (count.lowShare - layers[operation].low) * weight
        layers[operation].high += (count.highShare - layers[operation].high) * weight
      }
    }
    monitor.locked { lookCount += 1 }
  }

  /// Takes the best score of a frame.
  func observe(score: Float) {
    let bin = expectedScores.bin(score)
    monitor.locked {
      frameCount += 1
      let weight = 1 / Float(min(frameCount, Self.frames))
      for index in scores.indices { scores[index] -= scores[index] * weight }
      scores[bin] += weight
    }
  }

  /// What to tell at this time: that drift began or ended, once each; nil for nothing.
  func news(nanoseconds: Int64) -> (isDrifting: Bool, message: TextBuilder)? {
    let worst = worstLayer
    let isOver =
      worst.distance > Float(settings.saturation) || scoreDistance > Float(settings.score)
    if isOver != isDrifting {
      let since = overSince ?? nanoseconds
      overSince = since
      guard nanoseconds - since >= Int64(settings.sustainMilliseconds) * 1_000_000 else {
        return nil
      }
      isDrifting = isOver
      overSince = nil
      monitor.locked { isReported = isOver }
      return (isOver, message(isOver, worst))
    }
    overSince = nil
    return nil
  }

  private func message(_ isOver: Bool, _ worst: (index: Int, distance: Float)) -> TextBuilder {
    guard isOver else { return TextBuilder("pictures are like those of calibration again") }
    var text = TextBuilder("other pictures than those of calibration: ")
    if worst.distance > Float(settings.saturation) {
      let layer = layers[worst.index]
      text.append("layer ", names[worst.index])
      text.append(" has ")
      text.append(Double(layer.low * 100), decimals: 1)
      text.append(" % of its values at the low end and ")
      text.append(Double(layer.high * 100), decimals: 1)
      text.append(" % at the high end, expected ")
      text.append(Double(layer.expected.lowMean * 100), decimals: 1)
      text.append(" % and ")
      text.append(Double(layer.expected.highMean * 100), decimals: 1)
      text.append(" %")
    } else {
      text.append("scores are lower, by ")
      text.append(Double(scoreDistance), decimals: 2)
      text.append(" of the distribution, expected at most ")
      text.append(settings.score, decimals: 2)
    }
    text.append("; is it the light, the lens, or something new to the model?")
    return text
  }

  // MARK: For any thread

  /// The layer that differs most; distance 0 before there are enough looks.
  var worstLayer: (index: Int, distance: Float) {
    monitor.locked {
      var worst = (index: 0, distance: Float(0))
      guard lookCount >= Self.fewestLooks else { return worst }
      for (index, layer) in layers.enumerated() where layer.distance > worst.distance {
        worst = (index, layer.distance)
      }
      return worst
    }
  }

  /// The name of a layer.
  func name(_ index: Int) -> String { names[index] }

  /// How much lower scores are than those of calibration, 0…1: the most by which the share of frames below some score is larger than
  /// that of calibration images (one-sided Kolmogorov–Smirnov distance over bins); 0 before there are enough frames.
  var scoreDistance: Float { monitor.locked { scoreDistanceInside } }

  private var scoreDistanceInside: Float {
    guard frameCount >= Self.fewestFrames else { return 0 }
    var (found, expected, most): (Float, Float, Float) = (0, 0, 0)
    for index in scores.indices {
      found += scores[index]
      expected += Float(expectedScores.scores[index]) / Float(expectedScores.images)
      most = max(most, found - expected)
    }
    return most
  }

  /// Appends it in Prometheus' text format.
  public func render(into text: inout TextBuilder) {
    monitor.locked { renderInside(&text) }
  }

  private func renderInside(_ text: inout TextBuilder) {
    Self.head("layer_saturation_ratio", "Share of a layer's values at its clamps.", &text)
    for (index, layer) in layers.enumerated() {
      line("layer_saturation_ratio", index, layer.low + layer.high, &text)
    }
    Self.head("layer_drift", "Distance of that from calibration, in deviations.", &text)
    for (index, layer) in layers.enumerated() {
      line("layer_drift", index, lookCount < Self.fewestLooks ? 0 : layer.distance, &text)
    }
    Self.head("score_drift", "How much lower scores are than in calibration, 0 to 1.", &text)
    text.append("edgecnn_score_drift ")
    text.append(Double(scoreDistanceInside), decimals: 4)
    Self.head("drift", "1 while pictures differ from those of calibration.", &text, after: "\n")
    text.append(isReported ? "edgecnn_drift 1\n" : "edgecnn_drift 0\n")
  }

  private func line(_ name: StaticString, _ layer: Int, _ value: Float, _ text: inout TextBuilder) {
    text.append("edgecnn_")
    text.append(name)
    text.append("{layer=")
    text.append(json: names[layer])
    text.append("} ")
    text.append(Double(value), decimals: 4)
    text.append("\n")
  }

  private static func head(
    _ name: StaticString,
    _ help: StaticString,
    _ text: inout TextBuilder,
    after: StaticString = ""
  ) {
    text.append(after)
    text.append("# HELP edgecnn_")
    text.append(name)
    text.append(" ")
    text.append(help)
    text.append("\n# TYPE edgecnn_")
    text.append(name)
    text.append(" gauge\n")
  }
}
