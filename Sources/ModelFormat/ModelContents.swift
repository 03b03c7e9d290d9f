/// Everything that a flat file holds, as plain values; `encode()` gives the bytes.
///
/// Nothing here is validated: `ModelFile` does that on the encoded bytes.
public struct ModelContents: Sendable {
  /// One metadata pair.
  public struct MetadataEntry: Sendable, Equatable {
    /// What it says.
    public var key: String
    /// The value, for people.
    public var value: String

    /// A pair.
    public init(key: String, value: String) {
      self.key = key
      self.value = value
    }
  }

  /// A tensor record with its name; the record's `name` field is filled in by `encode()`.
  public struct NamedTensor: Sendable {
    /// The name.
    public var name: String
    /// Shape, quantization and place.
    public var record: TensorRecord

    /// A named record.
    public init(name: String, record: TensorRecord) {
      self.name = name
      self.record = record
    }
  }

  /// An operator record with its name; the record's `name` field is filled in by `encode()`.
  public struct NamedOperator: Sendable {
    /// The name.
    public var name: String
    /// Operands and parameters.
    public var record: OperatorRecord

    /// A named record.
    public init(name: String, record: OperatorRecord) {
      self.name = name
      self.record = record
    }
  }

  /// Pairs with distinct keys, in any order.
  public var metadata: [MetadataEntry] = []
  /// Class names by output index; empty where unknown.
  public var labels: [String] = []
  /// How an image becomes the input.
  public var input = InputContract()
  /// The tensors.
  public var tensors: [NamedTensor] = []
  /// The operators in execution order.
  public var operators: [NamedOperator] = []
  /// The constants section.
  public private(set) var constants: [UInt8] = []
  /// The weights section.
  public private(set) var weights: [UInt8] = []
  /// The golden vectors.
  public var goldens: [GoldenVector] = []
  /// What layers and scores were like over the calibration images; nil for none.
  public var calibration: CalibrationStatistics?
  /// JSON for people and tools; empty for none.
  public var report = ""
  /// Bytes of the arena with its 64 bytes of slack, a multiple of 64.
  public var arenaSize = 64
  /// Index of the input tensor.
  public var inputTensor = 0
  /// Index of the output tensor.
  public var outputTensor = 0

  /// A file of nothing.
  public init() {}

  /// Appends an array to the constants at the next multiple of 64 and returns its offset.
  ///
  /// Elements are stored as they lie in memory, which is little-endian on every machine that Swift runs on.
  public mutating func appendConstants<Element: BitwiseCopyable>(_ values: [Element]) -> Int {
    Self.append(values, to: &constants)
  }

  /// Appends packed weights at the next multiple of 64 and returns their offset.
  public mutating func appendWeights(_ values: [Int8]) -> Int {
    Self.append(values, to: &weights)
  }

  /// Appends the three constant arrays of a convolution (`PackedLayout.channelSlots` elements each), the weights, and
  /// points `record` at both.
  public mutating func attach(
    weights packed: [Int8],
    bias: [Int32],
    multiplier: [Float],
    weightSum: [Int32],
    to record: inout OperatorRecord
  ) {
    record.weightsOffset = appendWeights(packed)
    record.weightsSize = packed.count
    record.constantsOffset = appendConstants(bias)
    _ = appendConstants(multiplier)
    _ = appendConstants(weightSum)
    record.constantsSize = constants.count - record.constantsOffset
  }

  /// Appends `values` to the constants and points `record` at them.
  public mutating func attach<Element: BitwiseCopyable>(
    constants values: [Element],
    to record: inout OperatorRecord
  ) {
    record.constantsOffset = appendConstants(values)
    record.constantsSize = constants.count - record.constantsOffset
  }

  /// Sets every tensor's first writer and last reader to what the operators say.
  ///
  /// Traps if an operand, a root, the input or the output is out of range.
  public mutating func assignLifetimes() {
    let lifetimes = Lifetime.all(
      tensors: tensors.map { $0.record },
      operators: operators.map { $0.record },
      input: inputTensor,
      output: outputTensor
    )
    for index in tensors.indices {
      tensors[index].record.firstWriter = lifetimes[index].firstWriter
      tensors[index].record.lastReader = lifetimes[index].lastReader
    }
  }

  private static func append<Element: BitwiseCopyable>(
    _ values: [Element],
    to bytes: inout [UInt8]
  ) -> Int {
    while bytes.count % 64 != 0 { bytes.append(0) }
    let offset = bytes.count
    values.withUnsafeBytes { bytes.append(contentsOf: $0) }
    return offset
  }
}
