/// `x < 0 ? slope[c] × x : x`.
public struct ParametricReLU: GraphOperator {
  /// C slopes.
  public var slope: [Float]

  /// A leaky ReLU with a slope a channel.
  public init(slope: [Float]) { self.slope = slope }

  /// The text-dump name.
  public var mnemonic: String { "prelu" }

  /// The input's shape.
  public func outputShape(_ inputs: [[Int]]) throws(GraphError) -> [Int] {
    guard inputs.count == 1, inputs[0].last == slope.count else {
      throw GraphError("inputs \(inputs), expected one with \(slope.count) channels last")
    }
    return inputs[0]
  }

  /// Element by element.
  public func evaluate(_ inputs: [Tensor]) -> Tensor {
    var output = inputs[0]
    for index in output.values.indices where output.values[index] < 0 {
      output.values[index] *= slope[index % slope.count]
    }
    return output
  }
}
