/// Checks of one operator with its tensors, weights and constants.
struct OperatorValidation {
  let tensors: [TensorRecord]
  let constants: UnsafeRawBufferPointer
  let weights: UnsafeRawBufferPointer

  /// Checks the operator at `index` against the rules of all kinds, then those of its own.
  func check(_ record: OperatorRecord, _ index: Int) throws(ModelFormatError) {
    let place = ModelFormatError.Place.operation(index)
    let rules = OperatorRules.of(record.kind)
    try checkUnused(record, rules, place)
    try checkReach(record, place)
    try checkTypes(record, rules.types, place)
    try checkLikeness(record, rules.likeness, place)
    switch record.kind {
    case .convolution, .depthwiseConvolution:
      try checkConvolution(record, place)
    case .maxPool:
      try checkPooling(record, place)
    case .averagePool:
      try checkPooling(record, place)
      try checkSize(record.constantsSize, "constants", 4, place)
    case .add, .multiply:
      try checkBinary(record, place)
    case .lookup:
      try checkTables(record, place)
    case .gatherChannels:
      try checkIndices(record, place)
    case .resize:
      let isContradiction = record.flags & 6 == 6
      try require(!isContradiction, place, "flags %, expected one coordinate rule", record.flags)
    case .softmax, .dequantize, .reshape:
      break
    case .localResponseNormalization:
      try checkNormalization(record, place)
    case .pad:
      try checkPad(record, place)
    case .transpose:
      try checkTranspose(record, place)
    }
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

  @inline(never)
  func checkSize(
    _ found: Int,
    _ section: StaticString,
    _ expected: UInt64,
    _ place: ModelFormatError.Place
  ) throws(ModelFormatError) {
    let isSize = UInt64(found) == expected
    try require(isSize, place, field: section, " size %, expected %", found, expected)
  }

  /// Fields that the kind does not use have their defaults, so that no two files mean the same.
  private func checkUnused(
    _ record: OperatorRecord,
    _ rules: OperatorRules,
    _ place: ModelFormatError.Place
  ) throws(ModelFormatError) {
    let line: StaticString = " of kind % set, expected its default, there is no use for it"
    let hasStrayFlag = record.flags & ~rules.flags != 0
    try require(!hasStrayFlag, place, field: "flags", line, record.kind.rawValue)
    let stray = OperatorRules.Fields(setIn: record).subtracting(rules.fields)
    try require(stray.isEmpty, place, field: stray.firstName, line, record.kind.rawValue)
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
    let limit = UInt64(1) << 30
    try require(
      row <= limit && column <= limit,
      place,
      "last tap at %, %, expected at most %",
      row,
      column,
      limit
    )
  }

  private func checkTypes(
    _ record: OperatorRecord,
    _ types: OperatorRules.Types,
    _ place: ModelFormatError.Place
  ) throws(ModelFormatError) {
    let (input, output) = (tensors[record.input].elementType, tensors[record.output].elementType)
    func orWide(_ type: TensorRecord.ElementType) -> TensorRecord.ElementType {
      type == .wide ? .wide : .u8
    }
    let expected: (input: TensorRecord.ElementType, output: TensorRecord.ElementType) =
      switch types {
      case .bytes: (.u8, .u8)
      case .floats: (.float32, .float32)
      case .wideBytes: (orWide(input), orWide(output))
      case .wideToFloats: (orWide(input), .float32)
      case .wideToAny: (orWide(input), output)
      case .same: input == .float32 ? (input, input) : (.u8, .u8)
      }
    let line: StaticString = " %, expected %"
    try require(
      input == expected.input,
      place,
      field: "type of the input",
      line,
      input,
      expected.input
    )
    if record.secondInput != OperatorRecord.noTensor {
      // No kind has a second input that may be float32, or one that must be u8.
      let second = tensors[record.secondInput].elementType
      try require(
        second == orWide(second),
        place,
        field: "type of the second input",
        line,
        second,
        orWide(second)
      )
    }
    try require(
      output == expected.output,
      place,
      field: "type of the output",
      line,
      output,
      expected.output
    )
  }

  private func checkLikeness(
    _ record: OperatorRecord,
    _ likeness: OperatorRules.Likeness,
    _ place: ModelFormatError.Place
  ) throws(ModelFormatError) {
    let (input, output) = (tensors[record.input], tensors[record.output])
    if likeness.contains(.quantization) {
      let line: StaticString = " of the output %, expected %, that of the input"
      let (isScale, isZero) = (input.scale == output.scale, input.zeroPoint == output.zeroPoint)
      try require(isScale, place, field: "scale", line, output.scale, input.scale)
      try require(isZero, place, field: "zero point", line, output.zeroPoint, input.zeroPoint)
    }
    if likeness.contains(.shape) {
      try checkShapes(Shape(input), Shape(output), "shape", place)
    }
    if likeness.contains(.size) {
      let (from, to) = (Shape(input.height, input.width, 0), Shape(output.height, output.width, 0))
      try checkShapes(from, to, "size", place)
    }
    let line: StaticString = " of the output %, expected %, the input's"
    if likeness.contains(.channels) {
      let isSame = input.channels == output.channels
      try require(isSame, place, field: "channels", line, output.channels, input.channels)
    }
    if likeness.contains(.elements) {
      let (from, to) = (input.elementCount, output.elementCount)
      try require(from == to, place, field: "elements", line, to, from)
    }
  }

  @inline(never)
  private func checkShapes(
    _ input: Shape,
    _ output: Shape,
    _ field: StaticString,
    _ place: ModelFormatError.Place
  ) throws(ModelFormatError) {
    let line: StaticString = " of the output %, expected %, the input's"
    try require(input == output, place, field: field, line, output, input)
  }
}
