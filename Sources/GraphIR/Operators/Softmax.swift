internal import Foundation

/// `eˣ ÷ Σ eˣ` along the last axis, or its logarithm.
public struct Softmax: GraphOperator {
  /// Whether the result is the logarithm.
  public var isLogarithmic: Bool

  /// A softmax over channels.
  public init(isLogarithmic: Bool = false) { self.isLogarithmic = isLogarithmic }

  /// The text-dump name.
  public var mnemonic: String { isLogarithmic ? "log_softmax" : "softmax" }
  /// Heads stay float.
  public var quantizationRule: QuantizationRule { .float }

  /// The input's shape.
  public func outputShape(_ inputs: [[Int]]) throws(GraphError) -> [Int] {
    guard inputs.count == 1, !inputs[0].isEmpty else {
      throw GraphError("inputs \(inputs), expected one with at least one axis")
    }
    return inputs[0]
  }

  /// In double precision.
  public func evaluate(_ inputs: [Tensor]) -> Tensor {
    var output = inputs[0]
    let size = max(1, output.shape.last ?? 1)
    for start in stride(from: 0, to: output.count, by: size) {
      let row = inputs[0].values[start..<start + size].map(Double.init)
      let peak = row.max() ?? 0
      let sum = row.reduce(0) { $0 + Foundation.exp($1 - peak) }
      for index in 0..<size {
        let shifted = row[index] - peak
        output.values[start + index] = Float(
          isLogarithmic ? shifted - Foundation.log(sum) : Foundation.exp(shifted) / sum
        )
      }
    }
    return output
  }
}
