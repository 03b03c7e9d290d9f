internal import GraphIR
internal import ModelFormat
internal import Quantization

/// Pooling and means.
extension Lowering {
  mutating func lowerMaxPool(_ op: Pooling, _ node: Node) throws(Problem) {
    let output = try target(node.output, try pixelShape(node.output))
    var record = window(.maxPool, op.window)
    record.input = try byteTensor(node.inputs[0])
    record.output = output
    emit(record, name: node.name, value: node.output)
    try define(node.output, in: output)
  }

  mutating func lowerAveragePool(_ op: Pooling, _ node: Node) throws(Problem) {
    var record = window(.averagePool, op.window)
    record.flags = op.countIncludesPadding ? 1 : 0
    try emitAverage(
      record,
      padding: op.window.padding,
      shape: try pixelShape(node.output),
      node
    )
  }

  /// An average whose window covers height, width or both.
  mutating func lowerMean(_ op: Mean, _ node: Node) throws(Problem) {
    let rank = graph.shape(of: node.inputs[0]).count
    let shape = try pixelShape(node.inputs[0])
    let extents = graph.shape(of: node.inputs[0])
    let axes = Set(op.axes.filter { extents[$0] > 1 })
    let (rows, columns) = (rank - 3, rank - 2)
    guard axes.isSubset(of: [rows, columns]) else {
      throw Problem("mean over axes \(op.axes) of \(extents), expected height and width alone")
    }
    var record = OperatorRecord(.averagePool)
    record.kernelHeight = axes.contains(rows) ? shape.height : 1
    record.kernelWidth = axes.contains(columns) ? shape.width : 1
    let output = PixelShape(
      height: shape.height / record.kernelHeight,
      width: shape.width / record.kernelWidth,
      channels: shape.channels
    )
    try emitAverage(record, padding: Padding(), shape: output, node)
  }

  private mutating func emitAverage(
    _ template: OperatorRecord,
    padding: Padding,
    shape: PixelShape,
    _ node: Node
  ) throws(Problem) {
    var record = template
    let fused = model.fusedClamps[node.output]
    let value = fused?.value ?? node.output
    record.input = try operand(node.inputs[0])
    record.output = try target(value, shape, mayBeWide: true)
    let (input, output) = (parameters(record.input), parameters(record.output))
    record.multiplierA = Float(Double(input.scale) / Double(output.scale))
    (record.clampLow, record.clampHigh) = byteClamp(fused?.clamp ?? .none, output)
    contents.attach(
      constants: [UInt32(padding.bottom) << 16 | UInt32(padding.right)],
      to: &record
    )
    emit(record, name: node.name, value: value)
    try define(value, in: record.output)
  }

  private func window(_ kind: OperatorKind, _ window: Window) -> OperatorRecord {
    var record = OperatorRecord(kind)
    (record.kernelHeight, record.kernelWidth) = window.kernel
    (record.strideY, record.strideX) = window.stride
    (record.dilationY, record.dilationX) = window.dilation
    (record.padTop, record.padLeft) = (window.padding.top, window.padding.left)
    return record
  }
}
