internal import GraphIR
internal import ModelFormat
internal import Quantization

/// Convolutions, fully connected layers and affine maps: everything with weights.
extension Lowering {
  mutating func lowerConvolution(_ op: Convolution, _ node: Node) throws(Problem) {
    let input = try operand(node.inputs[0])
    let weights = try weights(of: node)
    let output = try target(node.output, try pixelShape(node.output), mayBeWide: true)
    var record = OperatorRecord(op.isDepthwise ? .depthwiseConvolution : .convolution)
    record.input = input
    record.output = output
    record.kernelHeight = op.kernelHeight
    record.kernelWidth = op.kernelWidth
    (record.strideY, record.strideX) = op.stride
    (record.dilationY, record.dilationX) = op.dilation
    (record.padTop, record.padLeft) = (op.padding.top, op.padding.left)
    record.groups = op.groups
    record.padPixel = try padPixel(op, parameters(input))
    record.multiplyAccumulates = work(of: node)
    if !isFloat(output) {
      (record.clampLow, record.clampHigh) = byteClamp(op.clamp, parameters(output))
    }
    if node.inputs.count > 1 {
      record.secondInput = try operand(node.inputs[1])
      record.multiplierA = Float(
        Double(parameters(record.secondInput).scale) / Double(parameters(output).scale)
      )
    }
    if op.isDepthwise {
      attachDepthwise(weights, channels: op.groups, to: &record)
    } else {
      attachGeneral(weights, inputs: op.weights.shape[3], groups: op.groups, to: &record)
    }
    emit(record, name: node.name, value: node.output)
    try define(node.output, in: output)
  }

  /// A convolution whose kernel covers the tensor that holds the input, whatever its shape.
  mutating func lowerFullyConnected(_ op: FullyConnected, _ node: Node) throws(Problem) {
    let input = try denseOperand(node.inputs[0])
    guard !isFloat(input) else {
      throw Problem("reads float32 values after a softmax; only heads are float")
    }
    let weights = try weights(of: node)
    let output = try target(node.output, try pixelShape(node.output), mayBeWide: true)
    var record = OperatorRecord(.convolution)
    record.input = input
    record.output = output
    record.kernelHeight = shape(input).height
    record.kernelWidth = shape(input).width
    record.multiplyAccumulates = work(of: node)
    if !isFloat(output) {
      (record.clampLow, record.clampHigh) = byteClamp(op.clamp, parameters(output))
    }
    attachGeneral(weights, inputs: shape(input).channels, groups: 1, to: &record)
    emit(record, name: node.name, value: node.output)
    try define(node.output, in: output)
  }

  /// A depthwise convolution of one tap.
  mutating func lowerAffine(_ op: ChannelAffine, _ node: Node) throws(Problem) {
    let input = try operand(node.inputs[0])
    let weights = try weights(of: node)
    let fused = model.fusedClamps[node.output]
    let value = fused?.value ?? node.output
    let output = try target(value, try pixelShape(value), mayBeWide: true)
    var record = OperatorRecord(.depthwiseConvolution)
    record.input = input
    record.output = output
    record.groups = op.scale.count
    record.padPixel = Self.pixel(UInt8(parameters(input).zeroPoint))
    record.multiplyAccumulates = UInt64(shape(output).elementCount)
    (record.clampLow, record.clampHigh) = byteClamp(fused?.clamp ?? .none, parameters(output))
    attachDepthwise(weights, channels: op.scale.count, to: &record)
    emit(record, name: node.name, value: value)
    try define(value, in: output)
  }

  /// A convolution of one tap that takes every output channel from one input channel, or from nowhere (real 0).
  ///
  /// Weight 127 and multiplier 1 ÷ 127 copy exactly: `|127 d × fl(1 ÷ 127) − d| < 2⁻¹⁵` for `|d| ≤ 255`.
  mutating func emitSelection(
    from input: Int,
    _ channels: [Int?],
    stride: (y: Int, x: Int),
    to output: Int,
    name: String,
    value: ValueID?
  ) {
    let inputs = shape(input).channels
    var weights = QuantizedWeights()
    for channel in channels {
      var row = [Int8](repeating: 0, count: inputs)
      if let channel { row[channel] = 127 }
      weights.values += row
      weights.bias.append(channel == nil ? 0 : -127 * parameters(input).zeroPoint)
      weights.weightSum.append(channel == nil ? 0 : 127)
      weights.multiplier.append(1 / 127)
    }
    var record = OperatorRecord(.convolution)
    record.input = input
    record.output = output
    (record.strideY, record.strideX) = stride
    record.padPixel = Self.pixel(UInt8(parameters(input).zeroPoint))
    record.multiplyAccumulates = UInt64(shape(output).elementCount * inputs)
    attachGeneral(weights, inputs: inputs, groups: 1, to: &record)
    emit(record, name: name, value: value)
  }

  private func weights(of node: Node) throws(Problem) -> QuantizedWeights {
    guard let weights = model.weights[node.output] else {
      throw Problem("reads float32 values; only heads are float")
    }
    return weights
  }

  func work(of node: Node) -> UInt64 {
    UInt64(
      node.operation.definition.multiplyAccumulates(outputShape: graph.shape(of: node.output))
    )
  }

  static func pixel(_ byte: UInt8) -> UInt32 { UInt32(byte) * 0x0101_0101 }

  /// What padding reads: the format has four bytes, which repeat over the channels.
  private func padPixel(
    _ op: Convolution,
    _ parameters: QuantizationParameters
  ) throws(Problem) -> UInt32 {
    if op.paddingValues.isEmpty { return Self.pixel(UInt8(parameters.zeroPoint)) }
    let bytes = op.paddingValues.map { parameters.quantize(Double($0)) }
    guard bytes.indices.allSatisfy({ bytes[$0] == bytes[$0 % 4] }) || op.padding == Padding() else {
      throw Problem("padding differs between more than four channels")
    }
    return (0..<4).reduce(0) { $0 | UInt32(bytes[$1 % bytes.count]) << UInt32(8 * $1) }
  }

  /// Packs `[O, K]` rows as `[groups][⌈N/16⌉][taps × ⌈C/4⌉][16][4]`.
  private mutating func attachGeneral(
    _ weights: QuantizedWeights,
    inputs: Int,
    groups: Int,
    to record: inout OperatorRecord
  ) {
    let outputs = weights.bias.count / groups
    let depth = weights.values.count / weights.bias.count
    let layout = PackedLayout(
      outputs: outputs,
      inputs: inputs,
      taps: depth / inputs,
      groups: groups
    )
    let quads = (inputs + 3) / 4
    var packed = [Int8](repeating: 0, count: layout.weightBytes)
    for channel in weights.bias.indices {
      let (group, output) = (channel / outputs, channel % outputs)
      for k in 0..<depth {
        let (tap, c) = (k / inputs, k % inputs)
        let index = layout.index(
          group: group,
          output: output,
          step: tap * quads + c / 4,
          lane: c % 4
        )
        packed[index] = weights.values[channel * depth + k]
      }
    }
    attach(packed, weights, layout, to: &record)
  }

  /// Packs `[C, taps]` rows as `[⌈C/16⌉][⌈taps/4⌉][16][4]`.
  private mutating func attachDepthwise(
    _ weights: QuantizedWeights,
    channels: Int,
    to record: inout OperatorRecord
  ) {
    let taps = weights.values.count / channels
    let layout = PackedLayout(depthwiseChannels: channels, taps: taps)
    var packed = [Int8](repeating: 0, count: layout.weightBytes)
    for channel in 0..<channels {
      for tap in 0..<taps {
        packed[layout.index(group: 0, output: channel, step: tap / 4, lane: tap % 4)] =
          weights.values[channel * taps + tap]
      }
    }
    attach(packed, weights, layout, to: &record)
  }

  private mutating func attach(
    _ packed: [Int8],
    _ weights: QuantizedWeights,
    _ layout: PackedLayout,
    to record: inout OperatorRecord
  ) {
    var bias = [Int32](repeating: 0, count: layout.channelSlots)
    var multiplier = [Float](repeating: 0, count: layout.channelSlots)
    var weightSum = [Int32](repeating: 0, count: layout.channelSlots)
    for channel in weights.bias.indices {
      let slot = layout.slot(
        group: channel / layout.outputs,
        output: channel % layout.outputs
      )
      bias[slot] = weights.bias[channel]
      multiplier[slot] = weights.multiplier[channel]
      weightSum[slot] = weights.weightSum[channel]
    }
    contents.attach(
      weights: packed,
      bias: bias,
      multiplier: multiplier,
      weightSum: weightSum,
      to: &record
    )
  }
}
