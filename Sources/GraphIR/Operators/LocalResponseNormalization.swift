internal import Foundation

/// Normalization across neighbouring channels.
///
/// ImageNet Classification with Deep Convolutional Neural Networks, Krizhevsky and others 2012:
/// `y[c] = x[c] ÷ (k + alpha × Σ x²)^beta`, the sum over `size` channels around c.
///
/// `alpha` is a factor of the plain sum: importers divide by the size where the framework does.
public struct LocalResponseNormalization: GraphOperator {
  /// Channels in the window; an even size reaches one further up, as in PyTorch.
  public var size: Int
  /// Factor of the sum of squares.
  public var alpha: Float
  /// Exponent.
  public var beta: Float
  /// Summand.
  public var bias: Float

  /// A normalization over `size` channels.
  public init(size: Int, alpha: Float, beta: Float, bias: Float) {
    self.size = size
    self.alpha = alpha
    self.beta = beta
    self.bias = bias
  }

  /// The text-dump name.
  public var mnemonic: String { "lrn" }

  /// The input's shape.
  public func outputShape(_ inputs: [[Int]]) throws(GraphError) -> [Int] {
    guard inputs.count == 1, !inputs[0].isEmpty, size > 0 else {
      throw GraphError("inputs \(inputs), window of \(size) channels")
    }
    return inputs[0]
  }

  /// In double precision.
  public func evaluate(_ inputs: [Tensor]) -> Tensor {
    var output = inputs[0]
    let channels = max(1, output.shape.last ?? 1)
    let before = (size - 1) / 2
    for start in stride(from: 0, to: output.count, by: channels) {
      for channel in 0..<channels {
        let window = max(0, channel - before)..<min(channels, channel - before + size)
        let sum = window.reduce(0.0) {
          let x = Double(inputs[0].values[start + $1])
          return $0 + x * x
        }
        output.values[start + channel] = Float(
          Double(inputs[0].values[start + channel])
            / Foundation.pow(Double(bias) + Double(alpha) * sum, Double(beta))
        )
      }
    }
    return output
  }
}
