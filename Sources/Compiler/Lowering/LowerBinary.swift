internal import GraphIR
internal import ModelFormat
internal import Quantization

/// Functions of two tensors.
extension Lowering {
  mutating func lowerBinary(_ op: BinaryFunction, _ node: Node) throws(Problem) {
    switch op {
    case .add, .subtract, .multiply: try lowerArithmetic(op, node)
    case .maximum, .minimum: try lowerExtremum(op, node)
    case .divide:
      throw Problem("division of one tensor by another; expected a constant divisor")
    }
  }

  private mutating func lowerArithmetic(_ op: BinaryFunction, _ node: Node) throws(Problem) {
    let fused = model.fusedClamps[node.output]
    let value = fused?.value ?? node.output
    let shape = try pixelShape(value)
    var operands = [try operand(node.inputs[0]), try operand(node.inputs[1])]
    var signs: [Double] = op == .subtract ? [1, -1] : [1, 1]
    if self.shape(operands[0]) != shape {
      operands.reverse()
      signs.reverse()
    }
    let second = self.shape(operands[1])
    guard self.shape(operands[0]) == shape,
      second == shape || second.isPixel && second.channels == shape.channels
    else {
      throw Problem(
        "operands of shapes \(graph.shape(of: node.inputs[0])) and \(graph.shape(of: node.inputs[1])), expected equal ones or one value a channel"
      )
    }
    let output = try target(value, shape, mayBeWide: true)
    var record = OperatorRecord(op == .multiply ? .multiply : .add)
    record.input = operands[0]
    record.secondInput = operands[1]
    record.output = output
    record.flags = second == shape ? 0 : 1
    let (a, b) = (parameters(operands[0]), parameters(operands[1]))
    let scale = Double(parameters(output).scale)
    if op == .multiply {
      record.multiplierA = Float(Double(a.scale) * Double(b.scale) / scale)
      record.multiplyAccumulates = UInt64(shape.elementCount)
    } else {
      record.multiplierA = Float(signs[0] * Double(a.scale) / scale)
      record.multiplierB = Float(signs[1] * Double(b.scale) / scale)
    }
    (record.clampLow, record.clampHigh) = byteClamp(fused?.clamp ?? .none, parameters(output))
    emit(record, name: node.name, value: value)
    try define(value, in: output)
  }

  /// `max(a, b) = b + max(a − b, 0)` and `min(a, b) = a − max(a − b, 0)`.
  private mutating func lowerExtremum(_ op: BinaryFunction, _ node: Node) throws(Problem) {
    let shape = try pixelShape(node.output)
    let (first, second) = (try byteTensor(node.inputs[0]), try byteTensor(node.inputs[1]))
    guard self.shape(first) == shape, self.shape(second) == shape else {
      throw Problem("operands of different shapes, expected equal ones")
    }
    let (a, b) = (parameters(first), parameters(second))
    let reach = Float(max(a.high - b.low, 1e-20))
    let excess = addTensor(
      name: "\(node.name)/excess",
      shape,
      QuantizationParameters(ValueRange(0, reach))
    )
    emitSum(first, 1, second, -1, to: excess, name: "\(node.name)/excess", value: nil)
    let output = try target(node.output, shape)
    if op == .maximum {
      emitSum(second, 1, excess, 1, to: output, name: node.name, value: node.output)
    } else {
      emitSum(first, 1, excess, -1, to: output, name: node.name, value: node.output)
    }
    try define(node.output, in: output)
  }

  private mutating func emitSum(
    _ first: Int,
    _ firstSign: Double,
    _ second: Int,
    _ secondSign: Double,
    to output: Int,
    name: String,
    value: ValueID?
  ) {
    let scale = Double(parameters(output).scale)
    var record = OperatorRecord(.add)
    record.input = first
    record.secondInput = second
    record.output = output
    record.multiplierA = Float(firstSign * Double(parameters(first).scale) / scale)
    record.multiplierB = Float(secondSign * Double(parameters(second).scale) / scale)
    emit(record, name: name, value: value)
  }
}
