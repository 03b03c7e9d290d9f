/// Checks of one operator with its tensors, weights and constants.
struct OperatorValidation {
  let tensors: [TensorRecord]
  let constants: UnsafeRawBufferPointer
  let weights: UnsafeRawBufferPointer

  /// Bound of an element-wise multiplier: 255 × 2²² is far inside int32, and two of them still are.
  static let maximumMultiplier: Float = 4_194_304
  private static let maximumExtent: UInt32 = 65536

  // MARK: Fields

  static func decode(
    _ bytes: UnsafeRawBufferPointer,
    _ table: SectionTable,
    _ strings: StringTable
  ) throws(ModelFormatError) -> [OperatorRecord] {
    let size = table.operatorCount * FileLayout.operatorSize
    try require(
      bytes.count == size,
      .section(SectionKind.operators.rawValue),
      "size",
      "\(bytes.count)",
      "\(size) for \(table.operatorCount) operators"
    )
    var operators: [OperatorRecord] = []
    operators.reserveCapacity(table.operatorCount)
    for index in 0..<table.operatorCount {
      let start = index * FileLayout.operatorSize
      let record = UnsafeRawBufferPointer(
        rebasing: bytes[start..<start + FileLayout.operatorSize]
      )
      operators.append(try one(record, index, table, strings))
    }
    return operators
  }

  private static func one(
    _ bytes: UnsafeRawBufferPointer,
    _ index: Int,
    _ table: SectionTable,
    _ strings: StringTable
  ) throws(ModelFormatError) -> OperatorRecord {
    let place = ModelFormatError.Place.operation(index)
    let name = bytes.u32(4)
    try require(strings.isStart(name), place, "name", "\(name)", "the start of a string")
    guard let kind = OperatorKind(rawValue: bytes.u32(0)) else {
      let last = OperatorKind.allCases.count
      throw ModelFormatError(
        place,
        "\"\(strings.string(name))\", kind",
        "\(bytes.u32(0))",
        expected: "1 to \(last); is the file newer than this build?"
      )
    }
    var record = OperatorRecord(kind)
    record.name = name

    func tensor(_ offset: Int, _ what: String) throws(ModelFormatError) -> Int {
      let found = bytes.u32(offset)
      let limit = table.tensorCount
      try require(found < UInt32(limit), place, what, "\(found)", "below \(limit)")
      return Int(found)
    }
    func extent(_ offset: Int, _ what: String, from low: UInt32) throws(ModelFormatError) -> Int {
      let found = bytes.u32(offset)
      let limit = maximumExtent
      try require((low...limit).contains(found), place, what, "\(found)", "\(low) to \(limit)")
      return Int(found)
    }
    func range(
      _ offset: Int,
      _ section: SectionKind
    ) throws(ModelFormatError) -> (Int, Int) {
      let limit = UInt64(table.ranges[Int(section.rawValue)].count)
      let (start, size) = (bytes.u64(offset), bytes.u64(offset + 8))
      try require(
        start % 64 == 0 && start <= limit,
        place,
        "\(section.name) offset",
        "\(start)",
        "a multiple of 64 up to \(limit)"
      )
      try require(
        size <= limit - start,
        place,
        "\(section.name) size",
        "\(size)",
        "at most \(limit - start)"
      )
      return (Int(start), Int(size))
    }

    record.input = try tensor(8, "input tensor")
    if bytes.u32(12) != UInt32.max { record.secondInput = try tensor(12, "second input tensor") }
    record.output = try tensor(16, "output tensor")
    record.flags = bytes.u32(20)
    record.kernelHeight = try extent(24, "kernel height", from: 1)
    record.kernelWidth = try extent(28, "kernel width", from: 1)
    record.strideY = try extent(32, "stride y", from: 1)
    record.strideX = try extent(36, "stride x", from: 1)
    record.dilationY = try extent(40, "dilation y", from: 1)
    record.dilationX = try extent(44, "dilation x", from: 1)
    record.padTop = try extent(48, "padding top", from: 0)
    record.padLeft = try extent(52, "padding left", from: 0)
    record.groups = try extent(56, "groups", from: 1)
    record.clampLow = Int32(truncatingIfNeeded: bytes.u32(60))
    record.clampHigh = Int32(truncatingIfNeeded: bytes.u32(64))
    try require(
      0 <= record.clampLow && record.clampLow <= record.clampHigh && record.clampHigh <= 255,
      place,
      "clamp",
      "\(record.clampLow) to \(record.clampHigh)",
      "0 ≤ low ≤ high ≤ 255"
    )
    record.padPixel = bytes.u32(68)
    (record.weightsOffset, record.weightsSize) = try range(72, .weights)
    (record.constantsOffset, record.constantsSize) = try range(88, .constants)
    record.multiplierA = bytes.f32(104)
    record.multiplierB = bytes.f32(108)
    for multiplier in [record.multiplierA, record.multiplierB] {
      try require(
        multiplier.magnitude < maximumMultiplier,
        place,
        "multiplier",
        "\(multiplier)",
        "a magnitude below \(maximumMultiplier)"
      )
    }
    record.multiplyAccumulates = bytes.u64(112)
    record.noiseRatio = bytes.f32(120)
    let reserved = (124..<160).first { bytes[$0] != 0 }
    try require(reserved == nil, place, "reserved bytes", "not zero", "zeros")
    return record
  }

  // MARK: Rules of every kind

  func check(_ record: OperatorRecord, _ index: Int) throws(ModelFormatError) {
    let place = ModelFormatError.Place.operation(index)
    let input = tensors[record.input]
    let output = tensors[record.output]
    try checkUnused(record, place)
    try checkReach(record, place)
    switch record.kind {
    case .convolution, .depthwiseConvolution:
      try checkConvolution(record, place)
    case .maxPool:
      try types(record, place, .u8, .u8)
      try alike(record, place)
      try checkPooling(record, place)
    case .averagePool:
      try types(record, place, .u8, .u8)
      try checkPooling(record, place)
      try size(record.constantsSize, 4, place, "constants")
    case .add, .multiply:
      try types(record, place, .u8, .u8)
      try checkBinary(record, place)
    case .lookup:
      try types(record, place, .u8, .u8)
      try same(record, place, "shape", Self.shape(input), Self.shape(output))
      let tables = record.flags == 1 ? input.channels : 1
      try size(record.constantsSize, 256 * tables, place, "constants")
    case .gatherChannels:
      try alike(record, place)
      let found = "\(input.height) × \(input.width)"
      try same(record, place, "size", found, "\(output.height) × \(output.width)")
      try checkIndices(record, place)
    case .resize:
      try types(record, place, .u8, .u8)
      try alike(record, place)
      try same(record, place, "channels", "\(input.channels)", "\(output.channels)")
      let isContradiction = record.flags & 6 == 6
      try require(!isContradiction, place, "flags", "\(record.flags)", "one coordinate rule")
    case .softmax:
      try types(record, place, .float32, .float32)
      try same(record, place, "shape", Self.shape(input), Self.shape(output))
    case .dequantize:
      try types(record, place, .u8, .float32)
      try same(record, place, "shape", Self.shape(input), Self.shape(output))
    case .reshape:
      try alike(record, place)
      let (found, expected) = (input.elementCount, output.elementCount)
      try same(record, place, "elements", "\(found)", "\(expected)")
    case .localResponseNormalization:
      try types(record, place, .u8, .u8)
      try same(record, place, "shape", Self.shape(input), Self.shape(output))
      try checkNormalization(record, place)
    case .pad:
      try types(record, place, .u8, .u8)
      try alike(record, place)
      try checkPad(record, place)
    case .transpose:
      try alike(record, place)
      try checkTranspose(record, place)
    }
  }

  static func shape(_ tensor: TensorRecord) -> String {
    "\(tensor.height) × \(tensor.width) × \(tensor.channels)"
  }

  func types(
    _ record: OperatorRecord,
    _ place: ModelFormatError.Place,
    _ input: TensorRecord.ElementType,
    _ output: TensorRecord.ElementType
  ) throws(ModelFormatError) {
    func check(
      _ index: Int,
      _ what: String,
      _ expected: TensorRecord.ElementType
    ) throws(ModelFormatError) {
      let found = tensors[index].elementType
      try require(
        found == expected,
        place,
        "type of the \(what)",
        found == .u8 ? "u8" : "float32",
        expected == .u8 ? "u8" : "float32"
      )
    }
    try check(record.input, "input", input)
    if record.secondInput != OperatorRecord.noTensor {
      try check(record.secondInput, "second input", input)
    }
    try check(record.output, "output", output)
  }

  /// Input and output have one type and one quantization.
  private func alike(
    _ record: OperatorRecord,
    _ place: ModelFormatError.Place
  ) throws(ModelFormatError) {
    let (input, output) = (tensors[record.input], tensors[record.output])
    try types(record, place, input.elementType, input.elementType)
    try require(
      input.scale == output.scale && input.zeroPoint == output.zeroPoint,
      place,
      "quantization of the output",
      "\(output.scale), \(output.zeroPoint)",
      "\(input.scale), \(input.zeroPoint), that of the input"
    )
  }

  private func same(
    _ record: OperatorRecord,
    _ place: ModelFormatError.Place,
    _ what: String,
    _ input: String,
    _ output: String
  ) throws(ModelFormatError) {
    try require(input == output, place, "\(what) of the output", output, "\(input), the input's")
  }

  func size(
    _ found: Int,
    _ expected: Int,
    _ place: ModelFormatError.Place,
    _ what: String
  ) throws(ModelFormatError) {
    try require(found == expected, place, "\(what) size", "\(found)", "\(expected)")
  }

  /// Multiply-accumulates of a convolution, bytes looked at by pooling, elements written by anything else.
  func work(_ record: OperatorRecord) -> UInt64 {
    let elements = UInt64(tensors[record.output].elementCount)
    let taps = UInt64(record.kernelHeight) * UInt64(record.kernelWidth)
    switch record.kind {
    case .convolution:
      // At most 2²⁸ × 2²⁴, see `checkTerms`.
      return elements * taps * UInt64(tensors[record.input].channels / record.groups)
    case .depthwiseConvolution, .maxPool, .averagePool: return elements * taps
    default: return elements
    }
  }

  /// The last tap's row and column, counted from the padded input's first, fit 31 bits.
  private func checkReach(
    _ record: OperatorRecord,
    _ place: ModelFormatError.Place
  ) throws(ModelFormatError) {
    let output = tensors[record.output]
    let row =
      UInt64(output.height - 1) * UInt64(record.strideY)
      + UInt64(record.kernelHeight - 1) * UInt64(record.dilationY)
    let column =
      UInt64(output.width - 1) * UInt64(record.strideX)
      + UInt64(record.kernelWidth - 1) * UInt64(record.dilationX)
    let limit = 1 << 30
    try require(
      max(row, column) <= UInt64(limit),
      place,
      "last tap",
      "at \(row), \(column)",
      "at most \(limit)"
    )
  }

  /// Fields that the kind does not use have their defaults, so that no two files mean the same.
  private func checkUnused(
    _ record: OperatorRecord,
    _ place: ModelFormatError.Place
  ) throws(ModelFormatError) {
    var flags: UInt32 = 0
    var (window, groups, padding, second, clamp) = (false, false, false, false, true)
    var (weights, constants, multiplierA, multiplierB) = (false, false, false, false)
    switch record.kind {
    case .convolution:
      (window, groups, padding, second, weights, constants) = (true, true, true, true, true, true)
      multiplierA = true
    case .depthwiseConvolution:
      (window, groups, padding, second, weights, constants) = (true, true, true, true, true, true)
      multiplierA = true
    case .maxPool: (window, padding, clamp) = (true, true, false)
    case .averagePool:
      (flags, window, padding, constants, multiplierA) = (1, true, true, true, true)
    case .add: (flags, second, multiplierA, multiplierB) = (1, true, true, true)
    case .multiply: (flags, second, multiplierA) = (1, true, true)
    case .lookup: (flags, constants, clamp) = (1, true, false)
    case .gatherChannels: (constants, clamp) = (true, false)
    case .resize: (flags, clamp) = (7, false)
    case .softmax, .dequantize, .reshape: clamp = false
    case .localResponseNormalization: constants = true
    case .pad: (padding, clamp) = (true, false)
    case .transpose: (flags, clamp) = (0x3F, false)
    }
    let usesWidth = window || record.kind == .localResponseNormalization
    func unused(_ isUsed: Bool, _ isDefault: Bool, _ what: String) throws(ModelFormatError) {
      try require(
        isUsed || isDefault,
        place,
        "\(what) of kind \(record.kind.rawValue)",
        "set",
        "its default, there is no use for it"
      )
    }
    try unused(false, record.flags & ~flags == 0, "flags")
    try unused(window, record.kernelHeight == 1, "kernel height")
    try unused(usesWidth, record.kernelWidth == 1, "kernel width")
    try unused(window, record.strideY == 1 && record.strideX == 1, "stride")
    try unused(window, record.dilationY == 1 && record.dilationX == 1, "dilation")
    try unused(padding, record.padTop == 0 && record.padLeft == 0, "padding")
    try unused(groups, record.groups == 1, "groups")
    try unused(clamp, record.clampLow == 0 && record.clampHigh == 255, "clamp")
    let hasPadPixel = weights || record.kind == .pad
    try unused(hasPadPixel, record.padPixel == 0, "pad pixel")
    try unused(second, record.secondInput == OperatorRecord.noTensor, "second input")
    try unused(weights, record.weightsOffset == 0 && record.weightsSize == 0, "weights")
    try unused(constants, record.constantsOffset == 0 && record.constantsSize == 0, "constants")
    try unused(multiplierA, record.multiplierA == 0, "multiplier a")
    try unused(multiplierB, record.multiplierB == 0, "multiplier b")
  }
}
