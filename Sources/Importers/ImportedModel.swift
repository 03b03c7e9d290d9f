public import GraphIR
public import ModelFormat

/// What the user asked for.
public struct ImportRequest: Sendable, Equatable {
  /// File, folder or checkpoint prefix, as typed.
  public var path: String
  /// Name of the input to start from, or nil to find it.
  public var input: String?
  /// Names of the outputs to end at; empty to find them.
  public var outputs: [String] = []
  /// File that describes the network, for formats that hold parameters alone.
  public var architecture: String?
  /// Height and width of the input where the file leaves them open.
  public var inputSize: (height: Int, width: Int)?

  /// A request with everything left to the importer.
  public init(path: String) { self.path = path }

  /// Compares every field.
  public static func == (a: ImportRequest, b: ImportRequest) -> Bool {
    a.path == b.path && a.input == b.input && a.outputs == b.outputs
      && a.architecture == b.architecture && a.inputSize?.height == b.inputSize?.height
      && a.inputSize?.width == b.inputSize?.width
  }
}

/// How pixels 0…255 become the values that the network was trained on: `(pixel − mean) ÷ std`.
public struct Preprocessing: Sendable, Equatable {
  /// Order of the channels that the network expects.
  public enum ColorOrder: String, Sendable, CaseIterable {
    /// Red first.
    case rgb
    /// Blue first.
    case bgr
    /// One channel of luma.
    case gray
  }

  /// Subtracted, in pixel units; one value, or one a channel in the network's order.
  public var mean: [Float]
  /// Divided by, in pixel units; one value, or one a channel in the network's order.
  public var std: [Float]
  /// Order of the channels; nil where the file does not say.
  public var color: ColorOrder?

  /// `(pixel − mean) ÷ std`.
  public init(mean: [Float], std: [Float], color: ColorOrder? = nil) {
    self.mean = mean
    self.std = std
    self.color = color
  }
}

/// A model file turned into a graph.
public struct ImportedModel: Sendable {
  /// The network: one image input `[1, H, W, C]`, channels-last throughout.
  public var graph: Graph
  /// What the file turned out to be, in one phrase: `TensorFlow checkpoint (V2, 2 shards)`.
  public var format: String
  /// Preprocessing where the file says so.
  public var preprocessing: Preprocessing?
  /// How images are fitted, where the file says so; its size and channels are the graph's.
  public var contract: InputContract?
  /// Class names where the file holds them.
  public var labels: [String]?
  /// What was dropped or assumed, a line each, for the user.
  public var notes: [String] = []
  /// Bytes of the float model that was read.
  public var sourceBytes = 0

  /// A graph with where it came from.
  public init(graph: Graph, format: String) {
    self.graph = graph
    self.format = format
  }
}
