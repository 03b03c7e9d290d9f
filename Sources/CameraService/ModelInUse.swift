internal import ModelFormat
internal import Runtime

/// What the frame loop keeps for a model: nothing here allocates once it is made.
final class ModelInUse {
  let network: Network
  /// What is the same in all results.
  private(set) var texts: ResultTexts
  /// Classes, which are the outputs of the network.
  let classes: Int
  /// The names of classes, as far as the model has them.
  let labels: [String]
  var smoothing: Smoothing
  /// The scores of the last frame, one a class.
  private let scores: UnsafeMutableBufferPointer<Float>
  /// The best classes of the last frame.
  private let best: UnsafeMutableBufferPointer<Score>
  private var bestCount = 0

  /// A network with room for its results.
  init(_ network: Network, _ settings: ResultSettings, _ description: ServiceDescription) {
    self.network = network
    classes = network.outputElementCount
    labels = (0..<min(classes, network.file.labelCount)).map { network.file.label($0) }
    texts = ResultTexts(network.file, classes: classes, description)
    smoothing = Smoothing(settings, classes: classes)
    scores = .allocate(capacity: classes)
    // Two at least, for the distance between them.
    best = .allocate(capacity: min(classes, max(2, settings.top)))
  }

  deinit {
    scores.deallocate()
    best.deallocate()
  }

  /// Names the camera in results from now on.
  func rename(_ description: ServiceDescription) {
    texts = ResultTexts(network.file, classes: classes, description)
  }

  /// Takes the network's output and returns what it leads to.
  func decide(nanoseconds: Int64) -> Smoothing.Decision {
    guard let base = scores.baseAddress else {
      return .init(label: nil, score: 0, isChanged: false)
    }
    network.copyOutputValues(to: base)
    bestCount = network.top(into: best)
    return smoothing.add(UnsafeBufferPointer(scores), nanoseconds: nanoseconds)
  }

  /// The best classes of the last frame, best first.
  func top(_ count: Int) -> UnsafeBufferPointer<Score> {
    UnsafeBufferPointer(rebasing: best[..<min(count, bestCount)])
  }

  /// The name of a class, nil where it has none.
  func label(_ index: Int) -> String? { index < labels.count ? labels[index] : nil }

  /// How far the last frame's best score is above the second one.
  var margin: Float { bestCount > 1 ? best[0].value - best[1].value : .infinity }
}
