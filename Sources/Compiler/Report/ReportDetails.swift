/// What a report draws beyond the essence: bounded whatever the network, and not part of the flat file.
public struct ReportDetails: Sendable, Equatable, Codable {
  /// More about an operator.
  public struct Layer: Sendable, Equatable, Codable {
    /// Operators whose results it reads, ascending; −1 for the image.
    public var inputs: [Int] = []
    /// Kernel and stride such as `3×3/2`; empty where there is no kernel.
    public var kernel = ""
    /// How an element of the output is stored: `u8`, `wide` of 16 bits, `float32`.
    public var elementType = ""
    /// Smallest and largest value that the output can represent; nil where it is float.
    public var range: [Double]?
    /// Smallest and largest float value seen; nil where nothing was seen of it.
    public var seen: [Double]?
    /// Channels' largest weights: the smallest, the lower quartile, the median, the upper quartile, the largest.
    public var weightSpread: [Double]?
  }

  /// Float values of an output, with the range that was chosen for them.
  public struct ValueCounts: Sendable, Equatable, Codable {
    /// Bins of all counts.
    public static let bins = 72
    /// Histograms that a report holds at most.
    public static let limit = 6

    /// Index of the operator.
    public var layer: Int
    /// Where the first bin begins.
    public var start: Double
    /// Width of a bin.
    public var binWidth: Double
    /// Values in each bin.
    public var counts: [Int]
    /// Smallest and largest value that the output can represent.
    public var range: [Double]
  }

  /// Largest weight of each channel of a layer.
  public struct ChannelWeights: Sendable, Equatable, Codable {
    /// Numbers that a layer has at most.
    public static let bins = 128
    /// Layers that a report holds at most.
    public static let limit = 6

    /// Index of the operator.
    public var layer: Int
    /// Channels that one number stands for: it is the largest of theirs.
    public var channelsPerBin: Int
    /// The channel with the largest weight.
    public var widest: Int
    /// Largest magnitudes, in order of the channels.
    public var largest: [Double]
    /// Median over the channels.
    public var median: Double
  }

  /// A block of working memory.
  public struct MemoryBlock: Sendable, Equatable, Codable {
    /// The tensor that owns it.
    public var name: String
    /// First byte.
    public var offset: Int
    /// Bytes.
    public var byteCount: Int
    /// The operator that first writes it, −1 for the image.
    public var firstWriter: Int
    /// The operator that last reads it; the number of operators for the result.
    public var lastReader: Int
  }

  /// How fast the file ran on the machine that made it.
  public struct Speed: Sendable, Equatable, Codable {
    /// Shortest of `runs` runs on one thread.
    public var milliseconds: Double
    /// Runs that were timed.
    public var runs: Int
    /// Kernel set.
    public var kernels: String
    /// The processor by its own name; empty where it does not say.
    public var processor: String
  }

  /// The operators, as many as the report's layers.
  public var layers: [Layer] = []
  /// Histograms of the layers that add most noise, the worst first.
  public var histograms: [ValueCounts] = []
  /// Channels of the layers whose channels differ most, the worst first.
  public var channelWeights: [ChannelWeights] = []
  /// Working memory over time.
  public var memory: [MemoryBlock] = []
  /// Measured where it was asked for.
  public var speed: Speed?

  /// What a search for enough accuracy tried, in order; empty without one.
  public var attempts: [AccuracySearch.Attempt] = []
  /// The attempt that gave the model.
  public var chosenAttempt: Int?

  /// Nothing to draw.
  public init() {}
}
