import Quantization
import Testing

@Suite("Scale and zero point")
struct QuantizationParametersTests {
  static let ranges: [ValueRange] = [
    ValueRange(0, 6), ValueRange(-1, 1), ValueRange(-0.3, 12.7), ValueRange(-5, -2),
    ValueRange(3, 9), ValueRange(-1e-20, 2e-20), ValueRange(-3e30, 1e30), ValueRange(-7, 0),
    ValueRange(0, 1e-6), ValueRange(-0.001, 100),
  ]

  @Test(arguments: ranges)
  func `zero is exact and both ends are within half a step`(_ range: ValueRange) {
    let parameters = QuantizationParameters(range)
    #expect(parameters.dequantize(parameters.quantize(0)) == 0)
    for end in [Double(range.low), Double(range.high)] {
      let found = parameters.dequantize(parameters.quantize(end))
      #expect(abs(found - end) <= Double(parameters.scale) * 0.5001, "\(end) became \(found)")
    }
  }

  @Test(arguments: ranges)
  func `every byte is the nearest to its own value`(_ range: ValueRange) {
    let parameters = QuantizationParameters(range)
    for byte in UInt8.min...UInt8.max {
      #expect(parameters.quantize(parameters.dequantize(byte)) == byte)
    }
  }

  @Test func `a range from zero uses every step above it`() {
    let parameters = QuantizationParameters(ValueRange(0, 6))
    #expect(parameters.zeroPoint == 0)
    #expect(parameters.scale == Float(6.0 / 255))
  }

  @Test func `values outside saturate and what is no number is zero`() {
    let parameters = QuantizationParameters(ValueRange(-1, 1))
    #expect(parameters.quantize(.infinity) == 255)
    #expect(parameters.quantize(-.infinity) == 0)
    #expect(parameters.quantize(.nan) == UInt8(parameters.zeroPoint))
  }

  @Test func `an empty range has a scale`() {
    #expect(QuantizationParameters(ValueRange(0, 0)).scale == 1)
  }
}
