internal import Quantization

/// Everything that is known of one operator when causes are sought.
struct LayerEvidence {
  /// Index of the operator.
  var layer: Int
  /// Its name.
  var name: String
  /// How its values fit its range; nil where it is float or nothing was seen.
  var fit: RangeFit?
  /// What rounding did to its weights.
  var weights: WeightFit?
  /// The integers of its weights.
  var quantized: QuantizedWeights?
  /// Its channels, float against int8.
  var channels: ChannelNoise?
  /// Channels whose mean is 0 and whose values are never below.
  var silentChannels = 0
  /// Real value of a step of its output.
  var step: Double?
  /// Whether its output could have 16 bits and has 8.
  var mayBeWide = false
  /// Signal-to-noise ratio in dB with all noise before it; nil where not measured.
  var noiseRatio: Double?
  /// The lowest of those that it reads; nil where none was measured.
  var inputNoiseRatio: Double?
  /// What else has its scale and needs most of it: name and span.
  var partner: (name: String, span: Double)?

  /// Whether rounding and clipping its output is most of the noise that it adds.
  var isRoundingMost: Bool {
    (fit?.noiseRatio).map { Decibels.power(-$0) > addedNoise / 2 } ?? false
  }

  /// Noise that this layer adds, relative to its signal.
  var addedNoise: Double {
    if let noiseRatio {
      return max(
        0,
        Decibels.power(-noiseRatio) - (inputNoiseRatio.map { Decibels.power(-$0) } ?? 0)
      )
    }
    return max(
      fit?.noiseRatio.map { Decibels.power(-$0) } ?? 0,
      weights?.noiseRatio.map { Decibels.power(-$0) } ?? 0
    )
  }
}
