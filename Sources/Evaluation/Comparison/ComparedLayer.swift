/// What one layer of a compared model computes.
struct ComparedLayer: Sendable {
  /// What layers do, as far as a conversion keeps it.
  enum Family: Sendable {
    case weighted, maximum, average, function, sum, product, softmax, normalization, resize
    /// Values in another place or shape; nothing is computed.
    case movement
  }

  /// Name of the value that it computes.
  var name: String
  /// What it does.
  var family: Family
  /// Extents of the output, outermost first, perhaps with a leading batch of 1.
  var shape: [Int]
  /// Layers that it reads.
  var inputs: [Int]
  /// Whether it reads the image.
  var readsImage: Bool
  /// The interval outside of which no reader tells values apart.
  var readerBounds: (low: Double, high: Double)?
  /// The least and the largest number that its bytes stand for; nil for float.
  var range: (low: Double, high: Double)?
  /// The distance of two such numbers, 0 for float.
  var step = 0.0
  /// Signal-to-noise ratio in dB that the conversion measured, where the file says so.
  var recordedRatio: Double?

  /// Number of elements.
  var count: Int { shape.reduce(1, *) }
  /// Channels, the last extent.
  var channels: Int { max(1, shape.last ?? 1) }
  /// Height × width × channels without extents of 1 before them, for people.
  var extents: [Int] {
    let kept = Array(shape.drop { $0 == 1 })
    return kept.isEmpty ? [1] : kept
  }
}
