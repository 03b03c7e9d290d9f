/// Checks of the operators without weights.
extension OperatorValidation {
  /// Every window holds at least one tap inside the input, and its sum fits int32.
  func checkPooling(
    _ record: OperatorRecord,
    _ place: ModelFormatError.Place
  ) throws(ModelFormatError) {
    let (input, output) = (tensors[record.input], tensors[record.output])
    // 255 × 2²³ < 2³¹.
    let (taps, limit) = (UInt64(record.kernelHeight) * UInt64(record.kernelWidth), UInt64(1) << 23)
    try require(taps <= limit, place, "taps %, expected at most %", taps, limit)
    let rowsTouch = Self.windowsTouch(
      output.height,
      input.height,
      record.kernelHeight,
      record.strideY,
      record.dilationY,
      record.padTop
    )
    let columnsTouch = Self.windowsTouch(
      output.width,
      input.width,
      record.kernelWidth,
      record.strideX,
      record.dilationX,
      record.padLeft
    )
    let line: StaticString =
      " a window without a tap inside the input, expected at least one tap in every window"
    try require(rowsTouch, place, field: "window rows", line)
    try require(columnsTouch, place, field: "window columns", line)
  }

  /// Whether each of `outputs` windows has a tap in 0..<inputs: the first tap at or after 0 is one of the window's and
  /// below `inputs`.
  @inline(never)
  private static func windowsTouch(
    _ outputs: Int,
    _ inputs: Int,
    _ kernel: Int,
    _ stride: Int,
    _ dilation: Int,
    _ padding: Int
  ) -> Bool {
    for output in 0..<outputs {
      let start = Int64(output) * Int64(stride) - Int64(padding)
      let skipped = start >= 0 ? 0 : (-start + Int64(dilation) - 1) / Int64(dilation)
      if skipped >= Int64(kernel) || start + skipped * Int64(dilation) >= Int64(inputs) {
        return false
      }
    }
    return true
  }

  func checkBinary(
    _ record: OperatorRecord,
    _ place: ModelFormatError.Place
  ) throws(ModelFormatError) {
    let hasSecond = record.secondInput != OperatorRecord.noTensor
    try require(hasSecond, place, "second input absent, expected a tensor")
    let (first, second) = (Shape(tensors[record.input]), Shape(tensors[record.secondInput]))
    let output = tensors[record.output]
    try require(
      first == Shape(output),
      place,
      "shape of the first input %, expected %, the output's",
      first,
      Shape(output)
    )
    let expected = record.flags & 1 == 1 ? Shape(1, 1, output.channels) : Shape(output)
    let isExpected = second == expected
    try require(isExpected, place, "shape of the second input %, expected %", second, expected)
    guard record.kind == .multiply else { return }
    // 255² × 2¹⁴ < 2³¹.
    try require(
      record.multiplierA.magnitude < 16384,
      place,
      "multiplier a %, expected a magnitude below 16384",
      record.multiplierA
    )
  }

  /// One table of bytes or one a channel; of u8.8, one table of 257 u16.
  func checkTables(
    _ record: OperatorRecord,
    _ place: ModelFormatError.Place
  ) throws(ModelFormatError) {
    let (input, output) = (tensors[record.input], tensors[record.output])
    guard input.elementType == .wide else {
      let isByte = output.elementType == .u8
      try require(isByte, place, "type of the output u8.8, expected u8, like the input's")
      let tables = record.flags == 1 ? input.channels : 1
      return try checkSize(record.constantsSize, "constants", 256 * UInt64(tables), place)
    }
    try require(record.flags == 0, place, "tables one a channel, expected one of a u8.8 input")
    try checkSize(record.constantsSize, "constants", 2 * 257, place)
  }

  func checkIndices(
    _ record: OperatorRecord,
    _ place: ModelFormatError.Place
  ) throws(ModelFormatError) {
    let (inputs, outputs) = (tensors[record.input].channels, tensors[record.output].channels)
    try checkSize(record.constantsSize, "constants", 4 * UInt64(outputs), place)
    for channel in 0..<outputs {
      let index = constants.u32(record.constantsOffset + 4 * channel)
      try require(
        index < UInt32(inputs),
        place,
        "source of channel % %, expected below %",
        channel,
        index,
        inputs
      )
    }
  }

  func checkNormalization(
    _ record: OperatorRecord,
    _ place: ModelFormatError.Place
  ) throws(ModelFormatError) {
    // 255² × 2¹⁵ < 2³¹.
    try require(
      record.kernelWidth <= 32768,
      place,
      "window %, expected at most 32768 channels",
      record.kernelWidth
    )
    try checkSize(record.constantsSize, "constants", 64 + 4096 * 4, place)
    let start = record.constantsOffset
    let shift = constants.u32(start)
    try require(shift <= 31, place, "shift %, expected at most 31", shift)
    try RecordReader(constants, place).zeros(start + 4..<start + 64, "reserved constants")
    for entry in 0..<4096 {
      let factor = constants.f32(start + 64 + 4 * entry)
      try require(
        factor.magnitude < FileLayout.maximumMultiplier,
        place,
        "table entry % %, expected a magnitude below %",
        entry,
        factor,
        FileLayout.maximumMultiplier
      )
    }
  }

  func checkPad(
    _ record: OperatorRecord,
    _ place: ModelFormatError.Place
  ) throws(ModelFormatError) {
    let (input, output) = (tensors[record.input], tensors[record.output])
    let (height, width) = (record.padTop + input.height, record.padLeft + input.width)
    try require(
      input.channels == output.channels && height <= output.height && width <= output.width,
      place,
      "shape of the output %, expected room for %, the input and its padding",
      Shape(output),
      Shape(height, width, input.channels)
    )
  }

  func checkTranspose(
    _ record: OperatorRecord,
    _ place: ModelFormatError.Place
  ) throws(ModelFormatError) {
    let input = tensors[record.input]
    func axis(_ output: UInt32) -> UInt32 { record.flags >> (2 * output) & 3 }
    let axesFound = 1 << axis(0) | 1 << axis(1) | 1 << axis(2)
    try require(
      axesFound == 0b111,
      place,
      "axes %, %, %, expected a permutation of 0, 1, 2",
      axis(0),
      axis(1),
      axis(2)
    )
    func extent(_ output: UInt32) -> Int {
      switch axis(output) {
      case 0: input.height
      case 1: input.width
      default: input.channels
      }
    }
    let (found, expected) = (Shape(tensors[record.output]), Shape(extent(0), extent(1), extent(2)))
    let isExpected = found == expected
    try require(isExpected, place, "shape of the output %, expected %", found, expected)
  }
}
