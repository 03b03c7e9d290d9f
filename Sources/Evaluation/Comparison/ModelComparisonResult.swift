/// How two models compare, layer by layer.
public struct ModelComparisonResult: Sendable {
  /// One layer that both have.
  public struct Layer: Sendable {
    /// Name in the second model.
    public var name: String
    /// Name in the first, where the two were matched by order and extents instead.
    public var partner: String?
    /// Height, width and channels.
    public var shape: [Int]
    /// Signal-to-noise ratio in dB: `10 log₁₀ (Σ a² ÷ Σ (b − a)²)`.
    public var ratio: Double
    /// Whether b's channels are multiples of a's, as equalization makes them; then `ratio` is taken after multiplying.
    public var isScaled: Bool
    /// The largest magnitude of a difference.
    public var largest: Double
    /// Mean of b − a.
    public var mean: Double
    /// Share of the values that are beyond what bytes can hold, 0…1.
    public var saturation: Double
    /// The ratio that the conversion measured, where the file says so.
    public var recordedRatio: Double?
    var isWeighted = false
    var range: (low: Double, high: Double)?
    /// Rows of what it reads, nil for the image.
    var inputs: [Int?] = []
    let difference: LayerDifference

    init(name: String, shape: [Int], _ difference: LayerDifference) {
      self.name = name
      self.shape = shape
      self.difference = difference
      let (plain, scaled) = (difference.ratio, difference.scaledRatio)
      isScaled = difference.isBroad && scaled > 20 && scaled > plain + 12
      ratio = isScaled ? scaled : plain
      largest = difference.largest
      mean = difference.mean
      saturation = Double(difference.saturated) / Double(max(1, difference.count))
    }
  }

  /// Where the models part, and probably why.
  public struct Parting: Sendable, Equatable {
    /// What is probably behind it.
    public enum Cause: String, Sendable {
      /// The networks see other inputs.
      case preprocessing
      /// Values beyond what bytes hold.
      case saturation
      /// Other weights, or a layer that does something else.
      case weights
      /// A constant a channel: another bias.
      case bias
      /// A scale a channel that the layers after it do not take back.
      case scale
      /// Rounding to bytes: the conversion already measured as much.
      case rounding
      /// NaN or infinity.
      case notFinite
    }

    /// The layer, nil for the input.
    public var layer: String?
    /// Why.
    public var cause: Cause
    /// Where, how much and why, in one sentence.
    public var text: String
  }

  /// Images that ran.
  public var images: Int
  /// Images for which both name the same class.
  public var agreeing: Int
  /// What the networks see of their pixels.
  public var input: Layer
  /// How images become either input, for people.
  var inputs: [String] = []
  /// The layers that both have, in the second model's order.
  public var layers: [Layer] = []
  /// Layers of the second model without a partner.
  public var unmatched = 0
  /// The first layer where they part; nil where they agree.
  public var parting: Parting?

  init(images: Int, agreeing: Int) {
    self.images = images
    self.agreeing = agreeing
    input = Layer(name: "input", shape: [], LayerDifference(channels: 1))
  }
}

/// What counts as parting.
public struct PartingLimits: Sendable, Equatable {
  /// A layer whose ratio is below this many dB parts; nil for what suits the models.
  public var least: Double?
  /// A layer whose ratio is this many dB below those of all that it reads parts, once it is below twice `least`.
  public var drop: Double

  /// Usual limits.
  public init(least: Double? = nil, drop: Double = 12) {
    (self.least, self.drop) = (least, drop)
  }

  /// Ratios that int8 has where all is well.
  static let usualLeast = 8.0
  /// Ratios that float has: 10⁻⁶ of the signal.
  static let floatLeast = 60.0

  /// Inputs that differ more than rounding and another filter make them.
  static let leastOfInput = 20.0

  func resolved(isQuantized: Bool) -> (least: Double, drop: Double) {
    (least ?? (isQuantized ? Self.usualLeast : Self.floatLeast), drop)
  }
}
