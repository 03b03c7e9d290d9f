import ModelFormat

/// A convolution with random parameters, its weights in plain order, and the loops that define it.
struct RandomConvolution {
  var groups = 1
  var inputs = 1
  var outputs = 1
  var kernel = (y: 1, x: 1)
  var stride = (y: 1, x: 1)
  var dilation = (y: 1, x: 1)
  var pad = (y: 0, x: 0)
  var input = (y: 1, x: 1)
  var output = (y: 1, x: 1)
  var isFloat = false
  var hasResidual = false
  var isDepthwise = false

  private var taps: Int { kernel.y * kernel.x }
  private var groupOutputs: Int { outputs / groups }
  /// Input channels of one sum.
  private var depth: Int { isDepthwise ? 1 : inputs / groups }
  private var layout: PackedLayout {
    isDepthwise
      ? PackedLayout(depthwiseChannels: outputs, taps: taps)
      : PackedLayout(outputs: groupOutputs, inputs: depth, taps: taps, groups: groups)
  }

  private func slot(_ channel: Int) -> Int {
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
      weights: (0..<outputs * taps * depth).map { _ in Int8(builder.number(-127...127)) },
      packed: [Int8](repeating: 0, count: layout.weightBytes),
      bias: [Int32](repeating: 0, count: layout.channelSlots),
      multiplier: [Float](repeating: 0, count: layout.channelSlots),
      sums: [Int32](repeating: 0, count: layout.channelSlots)
    )
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

  /// Adds it to `builder`; gives the output tensor and what it must hold.
  func add(to builder: inout NetBuilder) -> (tensor: Int, expected: [UInt8]) {
    let (source, picture) = builder.operand(input.y, input.x, inputs)
    let parameters = parameters(&builder)
    let target = builder.tensor(output.y, output.x, outputs, isFloat: isFloat)
    var record = OperatorRecord(isDepthwise ? .depthwiseConvolution : .convolution)
    (record.input, record.output) = (source, target)
    (record.kernelHeight, record.kernelWidth) = kernel
    (record.strideY, record.strideX) = stride
    (record.dilationY, record.dilationX) = dilation
    (record.padTop, record.padLeft) = pad
    record.groups = groups
    for byte in builder.bytes(4) { record.padPixel = record.padPixel << 8 | UInt32(byte) }
    var residual: (tensor: Int, picture: Picture)?
    if !isFloat {
      let low = builder.pick([0, 0, builder.number(0...200)])
      (record.clampLow, record.clampHigh) = (Int32(low), Int32(builder.number(low...255)))
    }
    if hasResidual {
      let other = builder.operand(output.y, output.x, outputs)
      record.secondInput = other.tensor
      record.multiplierA = Float(builder.number(1...2000)) / 1000
      residual = other
    }
    builder.attach(
      weights: parameters.packed,
      bias: parameters.bias,
      multiplier: parameters.multiplier,
      weightSum: parameters.sums,
      to: &record
    )
    builder.add(record)

    var bytesOut: [UInt8] = []
    var floatsOut: [Float] = []
    for y in 0..<output.y {
      for x in 0..<output.x {
        for channel in 0..<outputs {
          let sum = total(y, x, channel, picture, parameters, record.padPixel)
          var value = Float(sum) * parameters.multiplier[slot(channel)]
          if isFloat {
            floatsOut.append(value)
            continue
          }
          if let residual {
            let zero = builder.record(residual.tensor).zeroPoint
            value += Float(Int32(residual.picture[y, x, channel]) - zero) * record.multiplierA
          }
          let zero = builder.record(target).zeroPoint
          bytesOut.append(quantized(value, zero, record.clampLow, record.clampHigh))
        }
      }
    }
    return (target, isFloat ? bytes(floatsOut) : bytesOut)
  }

  private func total(
    _ y: Int,
    _ x: Int,
    _ channel: Int,
    _ picture: Picture,
    _ parameters: Parameters,
    _ padPixel: UInt32
  ) -> Int32 {
    let group = isDepthwise ? channel : channel / groupOutputs
    var total = parameters.bias[slot(channel)]
    for ky in 0..<kernel.y {
      for kx in 0..<kernel.x {
        let iy = y * stride.y - pad.y + ky * dilation.y
        let ix = x * stride.x - pad.x + kx * dilation.x
        let isInside = (0..<input.y).contains(iy) && (0..<input.x).contains(ix)
        for from in 0..<depth {
          let c = group * depth + from
          let padding = UInt8(truncatingIfNeeded: padPixel >> UInt32(c % 4 * 8))
          let value = isInside ? picture[iy, ix, c] : padding
          let weight = parameters.weights[(channel * taps + ky * kernel.x + kx) * depth + from]
          total += Int32(value) * Int32(weight)
        }
      }
    }
    return total
  }
}
