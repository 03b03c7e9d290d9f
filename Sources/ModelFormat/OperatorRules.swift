/// What a kind of operator uses of its record and asks of its tensors: FORMAT.md, "Operator record", as data.
struct OperatorRules {
  /// Fields of a record that some kinds do not use.
  struct Fields: OptionSet {
    let rawValue: UInt16

    static let kernelHeight = Fields(rawValue: 1 << 0)
    static let kernelWidth = Fields(rawValue: 1 << 1)
    static let stride = Fields(rawValue: 1 << 2)
    static let dilation = Fields(rawValue: 1 << 3)
    static let padding = Fields(rawValue: 1 << 4)
    static let groups = Fields(rawValue: 1 << 5)
    static let clamp = Fields(rawValue: 1 << 6)
    static let padPixel = Fields(rawValue: 1 << 7)
    static let secondInput = Fields(rawValue: 1 << 8)
    static let weights = Fields(rawValue: 1 << 9)
    static let constants = Fields(rawValue: 1 << 10)
    static let multiplierA = Fields(rawValue: 1 << 11)
    static let multiplierB = Fields(rawValue: 1 << 12)

    static let window: Fields = [.kernelHeight, .kernelWidth, .stride, .dilation, .padding]

    /// The fields of `record` that do not have their defaults.
    init(setIn record: OperatorRecord) {
      self = []
      note(.kernelHeight, record.kernelHeight != 1)
      note(.kernelWidth, record.kernelWidth != 1)
      note(.stride, record.strideY != 1 || record.strideX != 1)
      note(.dilation, record.dilationY != 1 || record.dilationX != 1)
      note(.padding, record.padTop != 0 || record.padLeft != 0)
      note(.groups, record.groups != 1)
      note(.clamp, record.clampLow != 0 || record.clampHigh != 255)
      note(.padPixel, record.padPixel != 0)
      note(.secondInput, record.secondInput != OperatorRecord.noTensor)
      note(.weights, record.weightsOffset != 0 || record.weightsSize != 0)
      note(.constants, record.constantsOffset != 0 || record.constantsSize != 0)
      note(.multiplierA, record.multiplierA != 0)
      note(.multiplierB, record.multiplierB != 0)
    }

    /// Out of line, or the optimizer makes a copy of the rest for every combination so far.
    @inline(never)
    private mutating func note(_ field: Fields, _ isSet: Bool) {
      if isSet { formUnion(field) }
    }

    init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The name of the first field.
    var firstName: StaticString {
      switch rawValue.trailingZeroBitCount {
      case 0: "kernel height"
      case 1: "kernel width"
      case 2: "stride"
      case 3: "dilation"
      case 4: "padding"
      case 5: "groups"
      case 6: "clamp"
      case 7: "pad pixel"
      case 8: "second input"
      case 9: "weights"
      case 10: "constants"
      case 11: "multiplier a"
      default: "multiplier b"
      }
    }
  }

  /// What the tensors hold.
  enum Types {
    /// u8 into u8.
    case bytes
    /// float32 into float32.
    case floats
    /// u8 or u8.8 into u8 or u8.8.
    case wideBytes
    /// u8 or u8.8 into float32.
    case wideToFloats
    /// u8 or u8.8 into any.
    case wideToAny
    /// u8 or float32, and all tensors the same.
    case same
  }

  /// What input and output have in common.
  struct Likeness: OptionSet {
    let rawValue: UInt8

    /// Scale and zero point.
    static let quantization = Likeness(rawValue: 1)
    /// Height, width and channels.
    static let shape = Likeness(rawValue: 2)
    /// Height and width.
    static let size = Likeness(rawValue: 4)
    static let channels = Likeness(rawValue: 8)
    /// The number of elements.
    static let elements = Likeness(rawValue: 16)
  }

  /// Fields that mean something.
  let fields: Fields
  /// Flags that mean something.
  let flags: UInt32
  let types: Types
  let likeness: Likeness

  private init(
    _ fields: Fields,
    flags: UInt32 = 0,
    _ types: Types,
    _ likeness: Likeness = []
  ) {
    self.fields = fields
    self.flags = flags
    self.types = types
    self.likeness = likeness
  }

  /// The rules of a kind.
  static func of(_ kind: OperatorKind) -> OperatorRules {
    let products: Fields = [
      .window, .groups, .clamp, .padPixel, .secondInput, .weights, .constants, .multiplierA,
    ]
    switch kind {
    case .convolution: return OperatorRules(products, .wideToAny)
    case .depthwiseConvolution: return OperatorRules(products, .wideBytes)
    case .maxPool: return OperatorRules(.window, .bytes, [.quantization, .channels])
    case .averagePool:
      let fields: Fields = [.window, .clamp, .constants, .multiplierA]
      return OperatorRules(fields, flags: 1, .wideBytes, .channels)
    case .add:
      let fields: Fields = [.clamp, .secondInput, .multiplierA, .multiplierB]
      return OperatorRules(fields, flags: 1, .wideBytes)
    case .multiply:
      return OperatorRules([.clamp, .secondInput, .multiplierA], flags: 1, .wideBytes)
    case .lookup: return OperatorRules(.constants, flags: 1, .wideBytes, .shape)
    case .gatherChannels: return OperatorRules(.constants, .same, [.quantization, .size])
    case .resize: return OperatorRules([], flags: 7, .bytes, [.quantization, .channels])
    case .softmax: return OperatorRules([], .floats, .shape)
    case .dequantize: return OperatorRules([], .wideToFloats, .shape)
    case .reshape: return OperatorRules([], .same, [.quantization, .elements])
    case .localResponseNormalization:
      return OperatorRules([.kernelWidth, .clamp, .constants], .bytes, .shape)
    case .pad: return OperatorRules([.padding, .padPixel], .bytes, .quantization)
    case .transpose: return OperatorRules([], flags: 0x3F, .same, .quantization)
    }
  }
}
