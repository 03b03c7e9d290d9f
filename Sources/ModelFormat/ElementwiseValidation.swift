/// Checks of the operators without weights.
extension OperatorValidation {
  /// Every window holds at least one tap inside the input, and its sum fits int32.
  func checkPooling(
    _ record: OperatorRecord,
    _ place: ModelFormatError.Place
  ) throws(ModelFormatError) {
    let (input, output) = (tensors[record.input], tensors[record.output])
    try require(
      input.channels == output.channels,
      place,
      "channels of the output",
      "\(output.channels)",
      "\(input.channels), the input's"
    )
    // 255 × 2²³ < 2³¹.
    let (taps, limit) = (UInt64(record.kernelHeight) * UInt64(record.kernelWidth), 1 << 23)
    try require(taps <= UInt64(limit), place, "taps", "\(taps)", "at most \(limit)")
    try require(
      Self.windowsTouch(
        output.height,
        input.height,
        record.kernelHeight,
        record.strideY,
        record.dilationY,
        record.padTop
      ),
      place,
      "window rows",
      "a window without a tap inside the input",
      "at least one tap in every window"
    )
    try require(
      Self.windowsTouch(
        output.width,
        input.width,
        record.kernelWidth,
        record.strideX,
        record.dilationX,
        record.padLeft
      ),
      place,
      "window columns",
      "a window without a tap inside the input",
      "at least one tap in every window"
    )
  }

  /// Whether each of `outputs` windows has a tap in 0..<inputs: the first tap at or after 0 is one of the window's and
  /// below `inputs`.
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
    try require(
      record.secondInput != OperatorRecord.noTensor,
      place,
      "second input",
      "absent",
      "a tensor"
    )
    let (first, second) = (tensors[record.input], tensors[record.secondInput])
    let output = tensors[record.output]
    let shape = Self.shape(output)
    try require(
      Self.shape(first) == shape,
      place,
      "shape of the first input",
      Self.shape(first),
      "\(shape), the output's"
    )
    let isBroadcast = record.flags & 1 == 1
    let expected = isBroadcast ? "1 × 1 × \(output.channels)" : shape
    try require(
      Self.shape(second) == expected,
      place,
      "shape of the second input",
      Self.shape(second),
      expected
    )
    guard record.kind == .multiply else { return }
    // 255² × 2¹⁴ < 2³¹.
    try require(
      record.multiplierA.magnitude < 16384,
      place,
      "multiplier a",
      "\(record.multiplierA)",
      "a magnitude below 16384"
    )
  }

  func checkIndices(
    _ record: OperatorRecord,
    _ place: ModelFormatError.Place
  ) throws(ModelFormatError) {
    let (input, output) = (tensors[record.input], tensors[record.output])
    try size(record.constantsSize, 4 * output.channels, place, "constants")
    for channel in 0..<output.channels {
      let index = constants.u32(record.constantsOffset + 4 * channel)
      try require(
        index < UInt32(input.channels),
        place,
        "source of channel \(channel)",
        "\(index)",
        "below \(input.channels)"
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
      "window",
      "\(record.kernelWidth)",
      "at most 32768 channels"
    )
    try size(record.constantsSize, 64 + 4096 * 4, place, "constants")
    let shift = constants.u32(record.constantsOffset)
    try require(shift <= 31, place, "shift", "\(shift)", "at most 31")
    for word in 1..<16 {
      let reserved = constants.u32(record.constantsOffset + 4 * word)
      try require(reserved == 0, place, "reserved constants", "not zero", "zeros")
    }
    for entry in 0..<4096 {
      let factor = constants.f32(record.constantsOffset + 64 + 4 * entry)
      try require(
        factor.magnitude < Self.maximumMultiplier,
        place,
        "table entry \(entry)",
        "\(factor)",
        "a magnitude below \(Self.maximumMultiplier)"
      )
    }
  }

  func checkPad(
    _ record: OperatorRecord,
    _ place: ModelFormatError.Place
  ) throws(ModelFormatError) {
    let (input, output) = (tensors[record.input], tensors[record.output])
    let fits =
      input.channels == output.channels && record.padTop + input.height <= output.height
      && record.padLeft + input.width <= output.width
    try require(
      fits,
      place,
      "shape of the output",
      Self.shape(output),
      "room for \(Self.shape(input)) at (\(record.padTop), \(record.padLeft))"
    )
  }

  func checkTranspose(
    _ record: OperatorRecord,
    _ place: ModelFormatError.Place
  ) throws(ModelFormatError) {
    let (input, output) = (tensors[record.input], tensors[record.output])
    let axes = (0..<3).map { Int(record.flags >> UInt32(2 * $0)) & 3 }
    let isPermutation = axes.contains(0) && axes.contains(1) && axes.contains(2)
    try require(
      isPermutation,
      place,
      "axes",
      "\(axes[0]), \(axes[1]), \(axes[2])",
      "a permutation of 0, 1, 2"
    )
    let extents = [input.height, input.width, input.channels]
    let expected = "\(extents[axes[0]]) × \(extents[axes[1]]) × \(extents[axes[2]])"
    try require(
      Self.shape(output) == expected,
      place,
      "shape of the output",
      Self.shape(output),
      expected
    )
  }
}
