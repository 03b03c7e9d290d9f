package import ModelFormat

/// A network around one operator, and what a definition of that operator needs to know.
package struct OperatorSample: Sendable {
  /// The network.
  package var builder: NetBuilder
  /// The operator.
  package var record: OperatorRecord
  /// The first operand, and the second where there is one; none of float32.
  package var pictures: [Picture] = []
  /// The first operand of float32.
  package var values: [Float] = []
  /// The operands of an operator of u8.8 as numbers u, row by row, pixel by pixel.
  package var numbers: [[Float]] = []
  /// What the network gives where it is not what the operator writes: that as float32.
  package var result: Int?
  /// The parameters of a convolution.
  package var convolution: (shape: RandomConvolution, added: RandomConvolution.Added)?

  /// The record of the first operand.
  package var input: TensorRecord { builder.record(record.input) }
  /// The record of what the operator writes.
  package var output: TensorRecord { builder.record(record.output) }

  /// The operator's constants.
  package func constants<Element: BitwiseCopyable>(as type: Element.Type) -> [Element] {
    let from = record.constantsOffset
    return builder.model.constants[from..<from + record.constantsSize].withUnsafeBytes { bytes in
      var values: [Element] = []
      for at in stride(from: 0, to: bytes.count, by: MemoryLayout<Element>.stride) {
        values.append(bytes.loadUnaligned(fromByteOffset: at, as: Element.self))
      }
      return values
    }
  }

  /// The file's contents and the input's bytes.
  package func finish() -> (model: ModelContents, input: [UInt8]) {
    builder.finish(output: result ?? record.output)
  }
}
