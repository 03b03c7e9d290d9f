/// Matrix times vector, plus bias: `y[o] = Σ w[o][k] × x[k] + b[o]`, then a clamp.
///
/// Input: any shape with K elements, read row-major; output `[1, O]`.
public struct FullyConnected: GraphOperator {
  /// `[O, K]`.
  public var weights: Tensor
  /// O values.
  public var bias: [Float]
  /// Bounds on the output.
  public var clamp: Clamp

  /// A layer; traps unless weights have two axes and bias one value a row.
  public init(weights: Tensor, bias: [Float], clamp: Clamp = .none) {
    precondition(weights.shape.count == 2, "fully connected weights have shape \(weights.shape)")
    precondition(bias.count == weights.shape[0], "\(bias.count) biases for \(weights.shape)")
    self.weights = weights
    self.bias = bias
    self.clamp = clamp
  }

  /// The text-dump name.
  public var mnemonic: String { "fc" }

  /// `[1, O]`.
  public func outputShape(_ inputs: [[Int]]) throws(GraphError) -> [Int] {
    guard inputs.count == 1, inputs[0].reduce(1, *) == weights.shape[1] else {
      throw GraphError("inputs \(inputs), expected one with \(weights.shape[1]) elements")
    }
    return [1, weights.shape[0]]
  }

  /// O × K.
  public func multiplyAccumulates(outputShape: [Int]) -> Int { weights.count }

  /// One matrix-vector product.
  public func evaluate(_ inputs: [Tensor]) -> Tensor {
    let rows = weights.shape[0]
    var output = bias
    matrixMultiply(
      rows: 1,
      columns: rows,
      depth: weights.shape[1],
      inputs[0].values,
      weights.values,
      transposeB: true,
      into: &output
    )
    for index in output.indices { output[index] = min(max(output[index], clamp.low), clamp.high) }
    return Tensor(shape: [1, rows], values: output)
  }
}
