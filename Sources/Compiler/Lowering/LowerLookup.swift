internal import GraphIR
internal import ModelFormat
internal import Quantization

/// Functions of one value, as tables of 256 bytes.
extension Lowering {
  mutating func lowerUnary(_ op: UnaryFunction, _ node: Node) throws(Problem) {
    // The operator before has applied it already.
    if case .clamp = op, model.fusedClamps[node.inputs[0]] != nil,
      locations[node.output] != nil
    {
      return
    }
    let input = try byteTensor(node.inputs[0])
    let output = try target(node.output, shape(input))
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
    contents.attach(
      constants: (UInt8.min...UInt8.max).map { result.quantize(function(source.dequantize($0))) },
      to: &record
    )
    emit(record, name: name, value: value)
  }
}
