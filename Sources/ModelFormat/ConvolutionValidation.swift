/// Checks of convolutions: shapes, sizes, and every channel's weights and constants.
extension OperatorValidation {
  func checkConvolution(
    _ record: OperatorRecord,
    _ place: ModelFormatError.Place
  ) throws(ModelFormatError) {
    let (input, output) = (tensors[record.input], tensors[record.output])
    let isDepthwise = record.kind == .depthwiseConvolution
    let isFloat = output.elementType == .float32
    try types(record, place, .u8, isDepthwise ? .u8 : output.elementType)
    let layout: PackedLayout
    let taps = UInt64(record.kernelHeight) * UInt64(record.kernelWidth)
    if isDepthwise {
      try require(
        record.groups == input.channels && output.channels == input.channels,
        place,
        "groups and channels of the output",
        "\(record.groups) and \(output.channels)",
        "\(input.channels), the input's channels"
      )
      try checkTerms(taps, place)
      layout = PackedLayout(depthwiseChannels: input.channels, taps: Int(taps))
    } else {
      try require(
        input.channels % record.groups == 0 && output.channels % record.groups == 0,
        place,
        "groups",
        "\(record.groups)",
        "a divisor of \(input.channels) and \(output.channels) channels"
      )
      let inputs = input.channels / record.groups
      try checkTerms(taps * UInt64((inputs + 3) / 4 * 4), place)
      layout = PackedLayout(
        outputs: output.channels / record.groups,
        inputs: inputs,
        taps: Int(taps),
        groups: record.groups
      )
    }
    // Fits Int on 32 bits too: at most 2²⁴ terms, compared before they are multiplied.
    let blocks = UInt64(layout.groups) * UInt64(layout.blocks)
    let (expected, overflow) = (blocks * UInt64(layout.steps)).multipliedReportingOverflow(by: 64)
    try require(
      !overflow && UInt64(record.weightsSize) == expected,
      place,
      "weights size",
      "\(record.weightsSize)",
      "\(expected)"
    )
    let constantsSize = 3 * 64 * blocks
    try require(
      UInt64(record.constantsSize) == constantsSize,
      place,
      "constants size",
      "\(record.constantsSize)",
      "\(constantsSize)"
    )
    if record.secondInput == OperatorRecord.noTensor {
      let isUnused = record.multiplierA == 0
      try require(isUnused, place, "multiplier a", "\(record.multiplierA)", "0 with no residual")
    } else {
      let residual = tensors[record.secondInput]
      try require(!isFloat, place, "residual", "present", "none with a float32 output")
      try require(
        Self.shape(residual) == Self.shape(output),
        place,
        "shape of the residual",
        Self.shape(residual),
        "\(Self.shape(output)), the output's"
      )
    }
    if isFloat {
      let isDefault = record.clampLow == 0 && record.clampHigh == 255
      try require(isDefault, place, "clamp", "set", "its default with a float32 output")
    }
    try checkChannels(record, layout, place, isFloat: isFloat)
  }

  private func checkTerms(
    _ terms: UInt64,
    _ place: ModelFormatError.Place
  ) throws(ModelFormatError) {
    // 127 × 2²⁴ < 2³¹, so the sums below stay in int32.
    let limit = 1 << 24
    try require(terms <= UInt64(limit), place, "terms of a sum", "\(terms)", "at most \(limit)")
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
        try require(!sums.hasStrayBytes, place, "weights of padding", "not zero", "zeros")
        try require(sums.smallest >= -127, place, "smallest weight", "-128", "-127 or more")
        for lane in 0..<16 {
          let slot = layout.slot(group: group, output: first) + lane
          let isReal = first + lane < layout.outputs
          let channel = group * layout.outputs + first + lane
          let constants = ChannelConstants(self.constants, record.constantsOffset, layout, slot)
          guard isReal else {
            let isZero = sums.magnitude[lane] == 0 && constants.isZero
            try require(isZero, place, "channel of padding \(slot)", "not zero", "zeros")
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
    try require(
      constants.weightSum == sums.sum[lane],
      place,
      "weight sum of channel \(channel)",
      "\(constants.weightSum)",
      "\(sums.sum[lane])"
    )
    let reach =
      Int64(constants.bias).magnitude + 255 * UInt64(sums.magnitude[lane].magnitude)
    try require(
      reach < 1 << 31,
      place,
      "accumulator of channel \(channel)",
      "up to \(reach)",
      "below 2147483648"
    )
    let multiplier = constants.multiplier
    if isFloat {
      let isFinite = (Float(reach) * multiplier).isFinite && multiplier.isFinite
      try require(
        isFinite,
        place,
        "multiplier of channel \(channel)",
        "\(multiplier)",
        "finite, with finite products"
      )
      return
    }
    try require(
      multiplier >= 0 && multiplier < 1,
      place,
      "multiplier of channel \(channel)",
      "\(multiplier)",
      "from 0, below 1"
    )
    // The value before the clamp, zero point included, fits int32: 256 more than it needs covers the roundings.
    let residual = 255 * Double(record.multiplierA.magnitude)
    let value = Double(reach) * Double(multiplier) * 1.000001 + residual + 512
    try require(
      value < 2_147_483_648,
      place,
      "value of channel \(channel)",
      "up to \(value)",
      "below 2147483648"
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

/// Sums over the weights of one block of 16 channels.
private struct BlockSums {
  private(set) var sum = SIMD16<Int32>(repeating: 0)
  private(set) var magnitude = SIMD16<Int32>(repeating: 0)
  private(set) var smallest: Int32 = 0
  private(set) var hasStrayBytes = false

  /// Reads `layout.steps` × 64 bytes from `base`: sixteen words of four weights a step.
  init(_ base: UnsafeRawPointer, _ layout: PackedLayout) {
    let strayMask: UInt32 = layout.tailBytes == 4 ? 0 : UInt32.max << UInt32(8 * layout.tailBytes)
    var stray = SIMD16<UInt32>(repeating: 0)
    var lowest = SIMD16<Int32>(repeating: 0)
    var untilTail = layout.stepsPerTail
    for step in 0..<layout.steps {
      let words = (base + step * 64).loadUnaligned(as: SIMD16<UInt32>.self)
      for byte in 0..<4 {
        let shifted = words &<< UInt32(24 - 8 * byte)
        let weights = SIMD16<Int32>(truncatingIfNeeded: shifted) &>> 24
        sum = sum &+ weights
        magnitude = magnitude &+ pointwiseMax(weights, 0 &- weights)
        lowest = pointwiseMin(lowest, weights)
      }
      untilTail -= 1
      if untilTail == 0 {
        stray = stray | (words & strayMask)
        untilTail = layout.stepsPerTail
      }
    }
    smallest = lowest.min()
    hasStrayBytes = stray != SIMD16<UInt32>(repeating: 0)
  }
}
