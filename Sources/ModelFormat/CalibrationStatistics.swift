/// What a model's layers and scores were like over the images that it was calibrated with.
///
/// A service compares what it sees with this: where a camera gives other pictures than those, the numbers drift.
public struct CalibrationStatistics: Sendable, Equatable {
  /// Shares of an operator's output elements that are at its clamps, 0…1, over images: mean and standard deviation.
  public struct Layer: Sendable, Equatable {
    /// Mean share at the low clamp, and below it in real numbers.
    public var lowMean: Float = 0
    /// Standard deviation of that share.
    public var lowDeviation: Float = 0
    /// Mean share at the high clamp.
    public var highMean: Float = 0
    /// Standard deviation of that share.
    public var highDeviation: Float = 0

    /// A layer that was never at a clamp.
    public init() {}
  }

  /// Bins of the scores' histogram.
  public static let scoreBins = 20

  /// Images that went in.
  public var images: Int
  /// The score at which the first bin begins.
  public var lowestScore: Float
  /// The score at which the last bin ends.
  public var highestScore: Float
  /// One an operator; float32 outputs have zeros.
  public var layers: [Layer]
  /// How many images had their best score in each bin of equal width; scores beyond the ends are in the outer ones.
  public var scores: [UInt32]

  /// Statistics of these.
  public init(
    images: Int,
    lowestScore: Float,
    highestScore: Float,
    layers: [Layer],
    scores: [UInt32]
  ) {
    self.images = images
    self.lowestScore = lowestScore
    self.highestScore = highestScore
    self.layers = layers
    self.scores = scores
  }

  /// The bin of a score.
  public func bin(_ score: Float) -> Int {
    let share = (score - lowestScore) / (highestScore - lowestScore)
    // Not a number is no score: it counts as the lowest.
    guard share > 0 else { return 0 }
    return min(Int(min(share, 1) * Float(Self.scoreBins)), Self.scoreBins - 1)
  }
}

extension CalibrationStatistics {
  private static let headerSize = 24
  private static let layerSize = 16

  private static func size(operators: Int) -> Int {
    headerSize + layerSize * operators + 4 * scoreBins
  }

  /// Checks a section; an empty one is the same as none.
  static func check(
    _ bytes: UnsafeRawBufferPointer,
    operators: Int
  ) throws(ModelFormatError) {
    guard bytes.count > 0 else { return }
    let reader = RecordReader(bytes, .section(.calibration))
    try reader.requireSize(size(operators: operators))
    let images = try reader.number(0, "images", from: 1, to: .max)
    try reader.match(4, "operator count", operators)
    try reader.match(8, "score bins", scoreBins)
    try reader.match(12, "reserved field", 0)
    let (low, high) = (bytes.f32(16), bytes.f32(20))
    try require(
      low < high && (high - low).isFinite,
      reader.place,
      "scores from % to %, expected a range",
      low,
      high
    )
    let scores = headerSize + layerSize * operators
    for offset in stride(from: headerSize, to: scores, by: 4) {
      let share = bytes.f32(offset)
      try require(share >= 0 && share <= 1, reader.place, "share %, expected 0 to 1", share)
    }
    var sum = 0
    for offset in stride(from: scores, to: bytes.count, by: 4) { sum += Int(bytes.u32(offset)) }
    try require(
      sum == images,
      reader.place,
      "% scores, expected % as there are images",
      sum,
      images
    )
  }

  /// The content of a checked section; nil for an empty one.
  init?(_ bytes: UnsafeRawBufferPointer, operators: Int) {
    guard bytes.count > 0 else { return nil }
    images = Int(bytes.u32(0))
    (lowestScore, highestScore) = (bytes.f32(16), bytes.f32(20))
    layers = (0..<operators).map { index in
      let at = Self.headerSize + Self.layerSize * index
      var layer = Layer()
      (layer.lowMean, layer.lowDeviation) = (bytes.f32(at), bytes.f32(at + 4))
      (layer.highMean, layer.highDeviation) = (bytes.f32(at + 8), bytes.f32(at + 12))
      return layer
    }
    let first = Self.headerSize + Self.layerSize * operators
    scores = (0..<Self.scoreBins).map { bytes.u32(first + 4 * $0) }
  }

  /// The section's words, in order.
  var words: [UInt32] {
    var words = [UInt32(images), UInt32(layers.count), UInt32(Self.scoreBins), 0]
    words += [lowestScore.bitPattern, highestScore.bitPattern]
    for layer in layers {
      words += [layer.lowMean.bitPattern, layer.lowDeviation.bitPattern]
      words += [layer.highMean.bitPattern, layer.highDeviation.bitPattern]
    }
    return words + scores
  }
}
