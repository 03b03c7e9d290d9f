internal import GraphIR
internal import ModelFormat
internal import Quantization

/// Functions of one value, as tables of 256 bytes, or of 257 numbers for u8.8.
extension Lowering {
  mutating func lowerUnary(_ op: UnaryFunction, _ node: Node) throws(Problem) {
    // The operator before has applied it already.
    if case .clamp = op, model.fusedClamps[node.inputs[0]] != nil,
      isComputed(node.output)
    {
      return
    }
    let input = try operand(node.inputs[0])
    let isWide = record(input).elementType == .wide
    let output = try target(node.output, shape(input), mayBeWide: isWide)
    emitLookup(from: input, to: output, name: node.name, value: node.output) { x in
      if case .clamp(let clamp) = op {
        min(max(x, Double(clamp.low)), Double(clamp.high))
      } else {
        Double(op(Float(x)))
      }
    }
    try define(node.output, in: output)
  }

  mutating func lowerParametricReLU(_ op: ParametricReLU, _ node: Node) throws(Problem) {
    let input = try byteTensor(node.inputs[0])
    let output = try target(node.output, shape(input))
    let (source, result) = (parameters(input), parameters(output))
    var tables: [UInt8] = []
    for slope in op.slope {
      for byte in UInt8.min...UInt8.max {
        let x = source.dequantize(byte)
        tables.append(result.quantize(x < 0 ? Double(slope) * x : x))
      }
    }
    var record = OperatorRecord(.lookup)
    record.flags = 1
    record.input = input
    record.output = output
    contents.attach(constants: tables, to: &record)
    emit(record, name: node.name, value: node.output)
    try define(node.output, in: output)
  }

  /// A table of `function` between the quantizations of two tensors of one shape.
  mutating func emitLookup(
    from input: Int,
    to output: Int,
    name: String,
    value: ValueID?,
    _ function: (Double) -> Double
  ) {
    let (source, result) = (parameters(input), parameters(output))
    var record = OperatorRecord(.lookup)
    record.input = input
    record.output = output
    if self.record(input).elementType == .wide {
      let table = (0...256).map { index in
        let value = function(Double(source.scale) * Double(index - Int(source.zeroPoint)))
        let steps = (value / Double(result.scale) + Double(result.zeroPoint)) * 256
        return UInt16(
          steps.isNaN ? 256 * Double(result.zeroPoint) : min(max(steps.rounded(), 0), 65535)
        )
      }
      contents.attach(constants: table, to: &record)
    } else {
      contents.attach(
        constants: (UInt8.min...UInt8.max).map { result.quantize(function(source.dequantize($0))) },
        to: &record
      )
    }
    emit(record, name: name, value: value)
  }
}
