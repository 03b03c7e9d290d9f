internal import Foundation
internal import GraphIR
internal import ModelFormat
internal import Quantization

/// Local response normalization, as a table over the sum of squares.
extension Lowering {
  mutating func lowerLocalResponseNormalization(
    _ op: LocalResponseNormalization,
    _ node: Node
  ) throws(Problem) {
    let input = try byteTensor(node.inputs[0])
    let output = try target(node.output, shape(input))
    let (source, result) = (parameters(input), parameters(output))
    let channels = min(op.size, shape(input).channels)
    guard op.size <= 32768 else {
      throw Problem("window of \(op.size) channels, expected at most 32768")
    }
    let reach = max(Int(source.zeroPoint), 255 - Int(source.zeroPoint))
    var shift = 0
    while (channels * reach * reach) >> shift > 4095 { shift += 1 }
    let square = Double(source.scale) * Double(source.scale)
    let ratio = Double(source.scale) / Double(result.scale)
    var words = [UInt32](repeating: 0, count: 16)
    words[0] = UInt32(shift)
    for index in 0..<4096 {
      // The middle of the sums that share an entry; a single one where nothing is shifted out.
      let sum = (Double(index) + (shift == 0 ? 0 : 0.5)) * Double(1 << shift)
      let base = Double(op.bias) + Double(op.alpha) * square * sum
      let factor = ratio / Foundation.pow(base, Double(op.beta))
      guard factor.isFinite, abs(factor) < 0x1p22 else {
        throw Problem("factor \(factor) for a sum of squares of \(square * sum)")
      }
      words.append(Float(factor).bitPattern)
    }
    var record = OperatorRecord(.localResponseNormalization)
    record.input = input
    record.output = output
    record.kernelWidth = op.size
    contents.attach(constants: words, to: &record)
    emit(record, name: node.name, value: node.output)
    try define(node.output, in: output)
  }
}
