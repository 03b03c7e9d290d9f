public import ModelFormat
public import Quantization

/// What the compiler does beyond the graph: preprocessing contract, metadata, calibration, golden vectors.
public struct CompileOptions: Sendable {
  /// A step that takes long enough to show.
  public enum Phase: String, Sendable {
    /// Float runs over the calibration images.
    case calibrating
    /// Float runs for the moments that weights are rounded by.
    case rounding
    /// Choosing scales and rounding weights, a layer a step.
    case quantizing
    /// Correcting biases, a few layers a step.
    case correcting
    /// Float against int8 over the calibration images.
    case comparing
  }

  /// How images become the input; height, width and channels are taken from the graph.
  public var contract = InputContract()
  /// Written into the file, sorted by key: provenance, source hash, converter options.
  public var metadata: [String: String] = [:]
  /// Names of the classes, or none; their number must be the output's.
  public var labels: [String] = []
  /// Which methods quantize.
  public var recipe = QuantizationRecipe()
  /// Golden vectors whose input comes from a seed.
  public var goldenSeeds = 2
  /// Golden vectors whose input is stored: dense H × W × C bytes each.
  public var goldenImages: [[UInt8]] = []
  /// Threads for calibration; results do not depend on it.
  public var threads = 1
  /// Calibration images whose layers are compared with float.
  public var comparedImages = 4
  /// Which output each calibration image should give, for the report; empty, or nil for an image, where not known.
  public var expectedClasses: [Int?] = []
  /// Passes that ran before, with how often each did something, for the report.
  public var passes: [PassCount] = []
  /// Layers of the source graph before any pass, for the report.
  public var sourceLayers = 0
  /// Bytes of the source file or of its float parameters, for the report.
  public var sourceBytes = 0
  /// Called now and then from the calling thread.
  public var progress: @Sendable (_ phase: Phase, _ done: Int, _ total: Int) -> Void = { _, _, _ in
  }

  /// Two seeded golden vectors, the usual methods, one thread.
  public init() {}
}

/// One rewriting pass and how often it did something.
public struct PassCount: Sendable, Equatable, Codable {
  /// The pass, verb first.
  public var name: String
  /// Rewrites made.
  public var count: Int

  /// A pass that made `count` rewrites.
  public init(name: String, count: Int) {
    self.name = name
    self.count = count
  }
}
