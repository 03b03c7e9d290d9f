import Conformance
import ModelFormat
import Testing

@testable import Runtime

/// Operators that read or write u8.8 against their definitions.
@Suite struct WideTests {
  /// What a network gives for the values v of an operator: rounded, clamped and, where that is u8.8, made real.
  private func written(_ values: [Float], _ sample: OperatorSample) -> [UInt8] {
    let (record, output) = (sample.record, sample.output)
    let (low, high) = (Float(record.clampLow), Float(record.clampHigh))
    switch output.elementType {
    case .float32: return bytes(values)
    case .u8:
      return values.map { quantized($0, output.zeroPoint, record.clampLow, record.clampHigh) }
    case .wide:
      let most = high == 255 ? 65535 : 256 * high
      return real(
        values.map { value in
          let steps =
            (Double(value) * 256).rounded(.toNearestOrEven) + 256 * Double(output.zeroPoint)
          return Float(min(max(steps, 256 * Double(low)), Double(most))) / 256
        },
        output
      )
    }
  }

  /// The bytes of float32 that numbers u stand for.
  private func real(_ numbers: [Float], _ tensor: TensorRecord) -> [UInt8] {
    bytes(numbers.map { ($0 - Float(tensor.zeroPoint)) * tensor.scale })
  }

  private func convolved(_ sample: OperatorSample) throws -> [Float] {
    let (shape, added) = try #require(sample.convolution)
    let record = sample.record
    let isWide = sample.input.elementType == .wide
    var values: [Float] = []
    for y in 0..<shape.output.y {
      for x in 0..<shape.output.x {
        for channel in 0..<shape.outputs {
          let group = shape.isDepthwise ? channel : channel / (shape.outputs / shape.groups)
          var (high, low): (Int32, Int32) = (added.bias[shape.slot(channel)], 0)
          for tap in 0..<shape.taps {
            let row = y * shape.stride.y - shape.pad.y + tap / shape.kernel.x * shape.dilation.y
            let column = x * shape.stride.x - shape.pad.x + tap % shape.kernel.x * shape.dilation.x
            let isInside =
              (0..<shape.input.y).contains(row) && (0..<shape.input.x).contains(column)
            for from in 0..<shape.depth {
              let c = group * shape.depth + from
              let padding = record.padPixel >> UInt32(c % 4 * 8) & 0xFF
              let number =
                isInside
                ? sample.numbers[0][(row * shape.input.x + column) * shape.inputs + c]
                : Float(padding)
              let weight = Int32(added.weights[(channel * shape.taps + tap) * shape.depth + from])
              let whole = number.rounded(.down)
              high += Int32(whole) * weight
              low += Int32((number - whole) * 256) * weight
            }
          }
          let multiplier = added.multiplier[shape.slot(channel)]
          var value = Float(high) * multiplier
          if isWide { value += Float(low) * multiplier / 256 }
          if shape.hasResidual {
            let zero = Float(sample.builder.record(record.secondInput).zeroPoint)
            value += (sample.numbers[1][values.count] - zero) * record.multiplierA
          }
          values.append(value)
        }
      }
    }
    return values
  }

  @Test(arguments: 0..<SampleKind.wideConvolution.count)
  func `a convolution of u8.8 equals its definition`(_ index: Int) throws {
    let sample = SampleKind.wideConvolution.sample(index)
    try expect(sample, gives: written(convolved(sample), sample))
  }

  @Test(arguments: 0..<SampleKind.wideDepthwise.count)
  func `a depthwise convolution of u8.8 equals its definition`(_ index: Int) throws {
    let sample = SampleKind.wideDepthwise.sample(index)
    try expect(sample, gives: written(convolved(sample), sample))
  }

  @Test(arguments: 0..<SampleKind.wideAveragePool.count)
  func `average pooling of u8.8 equals its definition`(_ index: Int) throws {
    let sample = SampleKind.wideAveragePool.sample(index)
    let (record, input, output) = (sample.record, sample.input, sample.output)
    let padding = sample.constants(as: UInt32.self)[0]
    let (bottom, right) = (Int(padding >> 16), Int(padding & 0xFFFF))
    var values: [Float] = []
    for place in 0..<output.height * output.width {
      let (y, x) = (place / output.width, place % output.width)
      let taps = (0..<record.kernelHeight * record.kernelWidth).map { tap in
        (
          y: y * record.strideY - record.padTop + tap / record.kernelWidth * record.dilationY,
          x: x * record.strideX - record.padLeft + tap % record.kernelWidth * record.dilationX
        )
      }
      let inside = taps.filter {
        (0..<input.height).contains($0.y) && (0..<input.width).contains($0.x)
      }
      let padded = taps.filter { $0.y < input.height + bottom && $0.x < input.width + right }
      let factor = record.multiplierA / Float(record.flags == 1 ? padded.count : inside.count)
      for channel in 0..<input.channels {
        let numbers = inside.map {
          sample.numbers[0][($0.y * input.width + $0.x) * input.channels + channel]
        }
        let high = numbers.reduce(Int32(0)) { $0 + Int32($1.rounded(.down)) - input.zeroPoint }
        let low = numbers.reduce(Int32(0)) { $0 + Int32(($1 - $1.rounded(.down)) * 256) }
        values.append(Float(high) * factor + Float(low) * factor / 256)
      }
    }
    try expect(sample, gives: written(values, sample))
  }

  @Test(arguments: 0..<SampleKind.wideSumOrProduct.count)
  func `sums and products of u8.8 equal their definitions`(_ index: Int) throws {
    let sample = SampleKind.wideSumOrProduct.sample(index)
    let record = sample.record
    let zeros = [record.input, record.secondInput].map {
      Float(sample.builder.record($0).zeroPoint)
    }
    let (first, second) = (sample.numbers[0], sample.numbers[1])
    let values = first.indices.map { index in
      let (a, b) = (first[index] - zeros[0], second[index % second.count] - zeros[1])
      return record.kind == .add
        ? a * record.multiplierA + b * record.multiplierB : a * b * record.multiplierA
    }
    try expect(sample, gives: written(values, sample))
  }

  @Test(arguments: 0..<SampleKind.wideLookup.count)
  func `a lookup of u8.8 is linear between its table's numbers`(_ index: Int) throws {
    let sample = SampleKind.wideLookup.sample(index)
    let table = sample.constants(as: UInt16.self).map { Int($0) }
    #expect(table.count == 257)
    let numbers = sample.numbers[0].map { number in
      let (high, low) = (Int(number), Int(number * 256) % 256)
      return (table[high] * (256 - low) + table[high + 1] * low + 128) / 256
    }
    let expected =
      sample.output.elementType == .wide
      ? real(numbers.map { Float($0) / 256 }, sample.output)
      : numbers.map { UInt8(min(255, ($0 + 128) / 256)) }
    try expect(sample, gives: expected)
  }
}
