/// One tensor of a flat file: shape H × W × C, quantization and place in the arena.
///
/// Fields and their ranges are those of FORMAT.md, "Tensor record".
public struct TensorRecord: Sendable, Equatable {
  /// How an element is stored.
  public enum ElementType: UInt32, Sendable {
    /// One byte u, `real = scale × (u − zeroPoint)`.
    case u8 = 0
    /// IEEE-754 binary32.
    case float32 = 1
    /// Two bytes, `u = high + low ÷ 256`, `real = scale × (u − zeroPoint)`; first the high bytes of all a pixel's elements,
    /// then the low ones.
    case wide = 2

    /// Bytes of one element.
    public var size: Int {
      switch self {
      case .u8: 1
      case .wide: 2
      case .float32: 4
      }
    }
  }

  /// Offset of the name in the strings section.
  public var name: UInt32 = 0
  /// How an element is stored.
  public var elementType: ElementType = .u8
  /// Rows.
  public var height = 1
  /// Columns.
  public var width = 1
  /// Channels that carry values.
  public var channels = 1
  /// Distance between neighbouring pixels, in elements.
  public var pixelStride = 4
  /// Real value of one step; 1 for float32.
  public var scale: Float = 1
  /// The byte that stands for 0, 0…255; 0 for float32.
  public var zeroPoint: Int32 = 0
  /// Byte offset of element (0, 0, 0) in the arena.
  public var arenaOffset = 0
  /// Index of the tensor whose memory this lies in; its own index where it owns its memory.
  public var root = 0
  /// Index of the first operator that writes it, −1 for the model's input.
  public var firstWriter = -1
  /// Index of the last operator that reads it; the number of operators for the model's output.
  public var lastReader = 0

  /// A 1 × 1 × 1 tensor of bytes at the start of the arena.
  public init() {}

  /// Bytes of one element.
  public var elementSize: Int { elementType.size }

  /// Elements that carry values: H × W × C.
  public var elementCount: Int { height * width * channels }

  /// Bytes from the first element to the end of the last pixel's stride.
  public var storageByteCount: Int { height * width * pixelStride * elementSize }
}

/// One operator of a flat file.
///
/// Fields and their ranges are those of FORMAT.md, "Operator record".
public struct OperatorRecord: Sendable, Equatable {
  /// Marks an absent second input; 0xFFFFFFFF in the file.
  public static let noTensor = -1

  /// What it does.
  public var kind: OperatorKind
  /// Offset of the name in the strings section.
  public var name: UInt32 = 0
  /// Index of the first input tensor.
  public var input = 0
  /// Index of the second input tensor (second operand or residual), or `noTensor`.
  public var secondInput = OperatorRecord.noTensor
  /// Index of the output tensor.
  public var output = 0
  /// Meaning depends on `kind`.
  public var flags: UInt32 = 0
  /// Taps in y.
  public var kernelHeight = 1
  /// Taps in x.
  public var kernelWidth = 1
  /// Step in y, in input rows.
  public var strideY = 1
  /// Step in x, in input columns.
  public var strideX = 1
  /// Distance between taps in y.
  public var dilationY = 1
  /// Distance between taps in x.
  public var dilationX = 1
  /// Rows of padding above the input.
  public var padTop = 0
  /// Columns of padding left of the input.
  public var padLeft = 0
  /// Channel groups of a convolution.
  public var groups = 1
  /// Smallest output byte.
  public var clampLow: Int32 = 0
  /// Largest output byte.
  public var clampHigh: Int32 = 255
  /// Four bytes, little-endian: what taps outside the input read, byte c mod 4 for channel c.
  public var padPixel: UInt32 = 0
  /// Byte offset in the weights section.
  public var weightsOffset = 0
  /// Bytes in the weights section.
  public var weightsSize = 0
  /// Byte offset in the constants section.
  public var constantsOffset = 0
  /// Bytes in the constants section.
  public var constantsSize = 0
  /// First multiplier; its meaning depends on `kind`.
  public var multiplierA: Float = 0
  /// Second multiplier; its meaning depends on `kind`.
  public var multiplierB: Float = 0
  /// Multiply-accumulates of one run.
  public var multiplyAccumulates: UInt64 = 0
  /// Signal-to-quantization-noise ratio of the output in dB at conversion, NaN where not measured.
  public var noiseRatio: Float = .nan

  /// An operator of `kind` with every other field at its default.
  public init(_ kind: OperatorKind) { self.kind = kind }
}

/// How an image becomes the model's input.
///
/// Fields and their ranges are those of FORMAT.md, "Input contract record".
public struct InputContract: Sendable, Equatable {
  /// How an image of another shape is fitted.
  public enum Resize: UInt32, Sendable, CaseIterable {
    /// Height and width are scaled independently.
    case stretch = 0
    /// The shorter side is scaled to fit, the centre is used.
    case crop = 1
    /// The longer side is scaled to fit, the rest is filled.
    case letterbox = 2
  }

  /// How samples between pixels are taken.
  public enum Filter: UInt32, Sendable, CaseIterable {
    /// Two by two neighbours, whatever the reduction.
    case bilinear = 0
    /// A triangle as wide as the reduction, as PIL and torchvision do.
    case antialiased = 1
  }

  /// Rows of the model's input.
  public var height = 1
  /// Columns of the model's input.
  public var width = 1
  /// 1 for luma, 3 for red, green, blue; any other number takes raw input only.
  public var channels = 3
  /// How an image of another shape is fitted.
  public var resize: Resize = .stretch
  /// The central part of the image that is used, in (0, 1].
  public var cropFraction: Float = 1
  /// How samples between pixels are taken.
  public var filter: Filter = .antialiased
  /// 0x00BBGGRR, for `Resize.letterbox`.
  public var letterboxColor: UInt32 = 0
  /// Whether the model's output sums to one.
  public var outputIsProbability = false

  /// A 1 × 1 RGB input, stretched.
  public init() {}
}
