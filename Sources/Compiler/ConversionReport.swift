/// What a conversion did: sizes, work, error a layer, agreement with float.
public struct ConversionReport: Sendable, Equatable, Codable {
  /// One operator of the flat file.
  public struct Layer: Sendable, Equatable, Codable {
    /// The node that it came from.
    public var name: String
    /// What it does, as in FORMAT.md.
    public var kind: String
    /// Output height, width and channels.
    public var shape: [Int]
    /// Bits of an output element, 8, 16 or 32; nil in reports of builds before 16.
    public var bits: Int?
    /// Multiply-accumulates of one run.
    public var multiplyAccumulates: Int
    /// Bytes of packed weights.
    public var weightBytes: Int
    /// Signal-to-quantization-noise ratio of the output in dB; nil where not measured.
    public var noiseRatio: Double?
    /// The same where nothing but rounding and clipping the output to its steps added noise; nil where nothing was seen of it.
    public var rangeNoiseRatio: Double?
    /// `10 log₁₀ (Σ w² ÷ Σ (ŵ − w)²)` of the rounded weights in dB; nil without weights.
    public var weightNoiseRatio: Double?
    /// Share of the float values that lie outside of what the output can represent, 0…1.
    public var saturation: Double?
    /// Share of the output's steps that the middle 99.9 % of the float values use, 0…1.
    public var rangeUse: Double?
    /// Largest weight of the channel with the largest, over the median of the channels' largest; nil without weights.
    public var channelRatio: Double?
  }

  /// Name of the network.
  public var name = ""
  /// Name of the file that it came from; empty where the caller did not say.
  public var source = ""
  /// Layers of the source before any pass.
  public var sourceLayers = 0
  /// Operators of the flat file, in order.
  public var layers: [Layer] = []
  /// Passes with their counts.
  public var passes: [PassCount] = []
  /// Multiply-accumulates of one run.
  public var multiplyAccumulates = 0
  /// Bytes of the flat file.
  public var fileBytes = 0
  /// Bytes of the float source.
  public var sourceBytes = 0
  /// Bytes of working memory.
  public var arenaBytes = 0
  /// Where ranges came from: an observer's name, or what stood in for images.
  public var calibration = ""
  /// Calibration images.
  public var calibrationImages = 0
  /// Images whose layers were compared with float.
  public var comparedImages = 0
  /// Images where float and int8 name the same class, of `calibrationImages`; nil where not measured.
  public var agreeing: Int?
  /// Right classes over the calibration images, float and int8; nil where not all classes are known.
  public var accuracy: AccuracySearch.Score?
  /// What a person should know: dead channels, raised scales, stand-ins.
  public var notes: [String] = []
  /// Layers that stand in the way of accuracy, and why; the one that adds most noise first.
  public var causes: [Cause] = []
  /// What a report on a page draws; nil in the flat file, which keeps the essence.
  public var details: ReportDetails?

  /// Names of the layers that 16 bits would help, those whose rounding to bytes adds most noise first.
  public var layersToWiden: [String] {
    let kinds = ["convolution", "depthwiseConvolution", "averagePool", "add", "multiply", "lookup"]
    return layers.enumerated()
      .filter { $0.element.bits != 16 && kinds.contains($0.element.kind) }
      .compactMap { index, layer in layer.rangeNoiseRatio.map { ($0, index, layer.name) } }
      .sorted { ($0.0, $0.1) < ($1.0, $1.1) }
      .map(\.2)
  }

  /// Names of the layers with the most noise, worst first.
  public var worstLayers: [String] {
    layers.enumerated()
      .compactMap { index, layer in layer.noiseRatio.map { (index, $0, layer.name) } }
      .sorted { ($0.1, $0.0) < ($1.1, $1.0) }
      .prefix(3)
      .map(\.2)
  }
}
