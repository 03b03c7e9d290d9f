package import ModelFormat

/// A convolution with random parameters.
package struct RandomConvolution: Sendable {
  package var groups = 1
  package var inputs = 1
  package var outputs = 1
  package var kernel = (y: 1, x: 1)
  package var stride = (y: 1, x: 1)
  package var dilation = (y: 1, x: 1)
  package var pad = (y: 0, x: 0)
  package var input = (y: 1, x: 1)
  package var output = (y: 1, x: 1)
  package var isFloat = false
  package var hasResidual = false
  package var isDepthwise = false
  /// Of the input; nil for a random one.
  package var zeroPoint: Int32?
  /// Whether input, residual and output are u8.8; then `numbers` hold what `picture` and `residual` do elsewhere.
  package var wide: (input: Bool, residual: Bool, output: Bool)?

  /// A convolution of one input and one output channel.
  package init() {}

  /// A convolution in a network, its weights in plain order.
  package struct Added: Sendable {
    /// The operator.
    package var record: OperatorRecord
    /// The input.
    package var picture: Picture
    /// The residual.
    package var residual: Picture?
    /// Input and residual as numbers u, where a tensor may be u8.8.
    package var numbers: [[Float]] = []
    /// `[output][tap][input of the group]`.
    package var weights: [Int8]
    /// Constants by `slot`.
    package var bias: [Int32]
    package var multiplier: [Float]
  }

  /// Taps of one sum.
  package var taps: Int { kernel.y * kernel.x }
  private var groupOutputs: Int { outputs / groups }
  /// Input channels of one sum.
  package var depth: Int { isDepthwise ? 1 : inputs / groups }
  private var layout: PackedLayout {
    isDepthwise
      ? PackedLayout(depthwiseChannels: outputs, taps: taps)
      : PackedLayout(outputs: groupOutputs, inputs: depth, taps: taps, groups: groups)
  }

  /// Where the constants of an output channel lie.
  package func slot(_ channel: Int) -> Int {
    isDepthwise
      ? channel
      : layout.slot(group: channel / groupOutputs, output: channel % groupOutputs)
  }

  /// Random weights, `[output][tap][input of the group]`, and constants.
  private struct Parameters {
    var weights: [Int8]
    var packed: [Int8]
    var bias: [Int32]
    var multiplier: [Float]
    var sums: [Int32]
  }

  private func parameters(_ builder: inout NetBuilder) -> Parameters {
    var result = Parameters(
      weights: [Int8](repeating: 0, count: outputs * taps * depth),
      packed: [Int8](repeating: 0, count: layout.weightBytes),
      bias: [Int32](repeating: 0, count: layout.channelSlots),
      multiplier: [Float](repeating: 0, count: layout.channelSlots),
      sums: [Int32](repeating: 0, count: layout.channelSlots)
    )
    for index in result.weights.indices { result.weights[index] = Int8(builder.number(-127...127)) }
    let layout = layout
    for channel in 0..<outputs {
      let slot = slot(channel)
      let (group, local) =
        isDepthwise ? (0, channel) : (channel / groupOutputs, channel % groupOutputs)
      for tap in 0..<taps {
        for from in 0..<depth {
          let weight = result.weights[(channel * taps + tap) * depth + from]
          let (step, lane) =
            isDepthwise ? (tap / 4, tap % 4) : (tap * ((depth + 3) / 4) + from / 4, from % 4)
          result.packed[layout.index(group: group, output: local, step: step, lane: lane)] = weight
          result.sums[slot] += Int32(weight)
        }
      }
      result.bias[slot] = Int32(builder.number(-20000...20000)) - 128 * result.sums[slot]
      // Spreads most results over 0…255.
      result.multiplier[slot] = Float(builder.number(1...1000)) / Float(3000 * taps * depth)
    }
    return result
  }

  /// Adds it to `builder`.
  package func add(to builder: inout NetBuilder) -> Added {
    var numbers: [[Float]] = []
    var (source, picture) = (0, Picture(0, 0, 0))
    if let wide {
      let operand = builder.numberOperand(input.y, input.x, inputs, isWide: wide.input)
      source = operand.tensor
      numbers.append(operand.numbers)
    } else {
      (source, picture) = builder.operand(input.y, input.x, inputs, zeroPoint: zeroPoint)
    }
    let parameters = parameters(&builder)
    let target = builder.tensor(
      output.y,
      output.x,
      outputs,
      isFloat: isFloat,
      isWide: wide?.output ?? false
    )
    var record = OperatorRecord(isDepthwise ? .depthwiseConvolution : .convolution)
    (record.input, record.output) = (source, target)
    (record.kernelHeight, record.kernelWidth) = kernel
    (record.strideY, record.strideX) = stride
    (record.dilationY, record.dilationX) = dilation
    (record.padTop, record.padLeft) = pad
    record.groups = groups
    for byte in builder.bytes(4) { record.padPixel = record.padPixel << 8 | UInt32(byte) }
    var residual: Picture?
    if !isFloat {
      let low = builder.pick([0, 0, builder.number(0...200)])
      (record.clampLow, record.clampHigh) = (Int32(low), Int32(builder.number(low...255)))
    }
    if hasResidual, let wide {
      let other = builder.numberOperand(output.y, output.x, outputs, isWide: wide.residual)
      record.secondInput = other.tensor
      record.multiplierA = Float(builder.number(1...2000)) / 1000
      numbers.append(other.numbers)
    } else if hasResidual {
      let other = builder.operand(output.y, output.x, outputs)
      record.secondInput = other.tensor
      record.multiplierA = Float(builder.number(1...2000)) / 1000
      residual = other.picture
    }
    builder.attach(
      weights: parameters.packed,
      bias: parameters.bias,
      multiplier: parameters.multiplier,
      weightSum: parameters.sums,
      to: &record
    )
    builder.add(record)

    return Added(
      record: record,
      picture: picture,
      residual: residual,
      numbers: numbers,
      weights: parameters.weights,
      bias: parameters.bias,
      multiplier: parameters.multiplier
    )
  }
}
