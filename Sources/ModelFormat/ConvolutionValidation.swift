/// Checks of convolutions: shapes, sizes, and every channel's weights and constants.
extension OperatorValidation {
  func checkConvolution(
    _ record: OperatorRecord,
    _ place: ModelFormatError.Place
  ) throws(ModelFormatError) {
    let output = tensors[record.output]
    let isFloat = output.elementType == .float32
    let layout =
      record.kind == .depthwiseConvolution
      ? try depthwiseLayout(record, place) : try groupedLayout(record, place)
    // Fits Int on 32 bits too: at most 2²⁴ terms, compared before they are multiplied.
    let blocks = UInt64(layout.groups) * UInt64(layout.blocks)
    let (weightsSize, overflow) = (blocks * UInt64(layout.steps)).multipliedReportingOverflow(
      by: 64
    )
    try checkSize(record.weightsSize, "weights", overflow ? .max : weightsSize, place)
    try checkSize(record.constantsSize, "constants", 3 * 64 * blocks, place)
    if record.secondInput == OperatorRecord.noTensor {
      try require(
        record.multiplierA == 0,
        place,
        "multiplier a %, expected 0 with no residual",
        record.multiplierA
      )
    } else {
      let (found, expected) = (Shape(tensors[record.secondInput]), Shape(output))
      try require(!isFloat, place, "residual present, expected none with a float32 output")
      try require(
        found == expected,
        place,
        "shape of the residual %, expected %, the output's",
        found,
        expected
      )
    }
    if isFloat {
      let isDefault = record.clampLow == 0 && record.clampHigh == 255
      try require(isDefault, place, "clamp set, expected its default with a float32 output")
    }
    try checkChannels(record, layout, place, isFloat: isFloat)
  }

  private func depthwiseLayout(
    _ record: OperatorRecord,
    _ place: ModelFormatError.Place
  ) throws(ModelFormatError) -> PackedLayout {
    let (inputs, outputs) = (tensors[record.input].channels, tensors[record.output].channels)
    try require(
      record.groups == inputs && outputs == inputs,
      place,
      "groups and channels of the output % and %, expected %, the input's channels",
      record.groups,
      outputs,
      inputs
    )
    let taps = UInt64(record.kernelHeight) * UInt64(record.kernelWidth)
    try checkTerms(taps, place)
    return PackedLayout(depthwiseChannels: inputs, taps: Int(taps))
  }

  private func groupedLayout(
    _ record: OperatorRecord,
    _ place: ModelFormatError.Place
  ) throws(ModelFormatError) -> PackedLayout {
    let (inputs, outputs) = (tensors[record.input].channels, tensors[record.output].channels)
    try require(
      inputs % record.groups == 0 && outputs % record.groups == 0,
      place,
      "groups %, expected a divisor of % and % channels",
      record.groups,
      inputs,
      outputs
    )
    let taps = UInt64(record.kernelHeight) * UInt64(record.kernelWidth)
    let inputsEach = inputs / record.groups
    try checkTerms(taps * UInt64((inputsEach + 3) / 4 * 4), place)
    return PackedLayout(
      outputs: outputs / record.groups,
      inputs: inputsEach,
      taps: Int(taps),
      groups: record.groups
    )
  }

  @inline(never)
  private func checkTerms(
    _ terms: UInt64,
    _ place: ModelFormatError.Place
  ) throws(ModelFormatError) {
    // 127 × 2²⁴ < 2³¹, so the sums below stay in int32.
    let limit = UInt64(1) << 24
    try require(terms <= limit, place, "terms of a sum %, expected at most %", terms, limit)
  }

  /// Checks each channel: weights in −127…127, zeros where padded, the stated weight sum, an accumulator inside int32
  /// and a requantized value inside int32.
  private func checkChannels(
    _ record: OperatorRecord,
    _ layout: PackedLayout,
    _ place: ModelFormatError.Place,
    isFloat: Bool
  ) throws(ModelFormatError) {
    guard let base = weights.baseAddress else { return }
    var block = base + record.weightsOffset
    for group in 0..<layout.groups {
      for first in stride(from: 0, to: layout.outputs, by: 16) {
        let sums = BlockSums(block, layout)
        block += layout.steps * 64
        try require(!sums.hasStrayBytes, place, "weights of padding not zero, expected zeros")
        try require(!sums.hasLowest, place, "smallest weight -128, expected -127 or more")
        for lane in 0..<16 {
          let slot = layout.slot(group: group, output: first) + lane
          let isReal = first + lane < layout.outputs
          let channel = group * layout.outputs + first + lane
          let constants = ChannelConstants(self.constants, record.constantsOffset, layout, slot)
          guard isReal else {
            let isZero = sums.magnitude[lane] == 0 && constants.isZero
            try require(isZero, place, "channel of padding % not zero, expected zeros", slot)
            continue
          }
          try check(constants, sums, lane, record, place, channel: channel, isFloat: isFloat)
        }
      }
    }
  }

  private func check(
    _ constants: ChannelConstants,
    _ sums: BlockSums,
    _ lane: Int,
    _ record: OperatorRecord,
    _ place: ModelFormatError.Place,
    channel: Int,
    isFloat: Bool
  ) throws(ModelFormatError) {
    let (sum, expected) = (constants.weightSum, sums.sum[lane])
    let isSum = sum == expected
    try require(isSum, place, "weight sum of channel % %, expected %", channel, sum, expected)
    let reach =
      Int64(constants.bias).magnitude + 255 * UInt64(sums.magnitude[lane])
    let limit = UInt64(1) << 31
    try require(
      reach < limit,
      place,
      "accumulator of channel % up to %, expected below %",
      channel,
      reach,
      limit
    )
    let multiplier = constants.multiplier
    if isFloat {
      try require(
        // Twice: low bytes of a u8.8 input add less than as much again.
        (2 * Float(reach) * multiplier).isFinite && multiplier.isFinite,
        place,
        "multiplier of channel % %, expected finite, with finite products",
        channel,
        multiplier
      )
      return
    }
    try require(
      multiplier >= 0 && multiplier < 1,
      place,
      "multiplier of channel % %, expected from 0, below 1",
      channel,
      multiplier
    )
    // The value before the clamp, zero point included, fits int32: 256 more than it needs covers the roundings.
    let residual = 256 * Double(record.multiplierA.magnitude)
    let value = Double(reach) * Double(multiplier) * 1.000001 + residual + 512
    try require(
      value < 2_147_483_648,
      place,
      "value of channel % up to %, expected below %",
      channel,
      UInt64(value),
      limit
    )
  }
}

/// The constants of one channel.
private struct ChannelConstants {
  let bias: Int32
  let multiplier: Float
  let weightSum: Int32

  init(_ constants: UnsafeRawBufferPointer, _ offset: Int, _ layout: PackedLayout, _ slot: Int) {
    let array = layout.channelSlots * 4
    bias = Int32(bitPattern: constants.u32(offset + 4 * slot))
    multiplier = constants.f32(offset + array + 4 * slot)
    weightSum = Int32(bitPattern: constants.u32(offset + 2 * array + 4 * slot))
  }

  var isZero: Bool { bias == 0 && multiplier.bitPattern == 0 && weightSum == 0 }
}
