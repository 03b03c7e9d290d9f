/// Mean over axes; over height and width it is global average pooling.
public struct Mean: GraphOperator {
  /// Axes to reduce, ascending, not negative.
  public var axes: [Int]
  /// Whether reduced axes stay with extent 1.
  public var keepsAxes: Bool

  /// A mean over `axes`.
  public init(axes: [Int], keepsAxes: Bool) {
    self.axes = axes.sorted()
    self.keepsAxes = keepsAxes
  }

  /// The text-dump name.
  public var mnemonic: String { "mean" }

  /// The input's shape with the axes at 1 or gone.
  public func outputShape(_ inputs: [[Int]]) throws(GraphError) -> [Int] {
    guard inputs.count == 1, axes.allSatisfy({ inputs[0].indices.contains($0) }) else {
      throw GraphError("inputs \(inputs), expected one that has axes \(axes)")
    }
    return inputs[0].indices.compactMap { axis in
      axes.contains(axis) ? (keepsAxes ? 1 : nil) : inputs[0][axis]
    }
  }

  /// Sums in row-major order, in double precision.
  public func evaluate(_ inputs: [Tensor]) -> Tensor {
    let input = inputs[0]
    let kept = input.shape.indices.filter { !axes.contains($0) }
    let ordered = input.transposed(kept + axes)
    let size = max(1, axes.map { input.shape[$0] }.reduce(1, *))
    let values = stride(from: 0, to: ordered.count, by: size).map { start in
      Float(ordered.values[start..<start + size].reduce(0.0) { $0 + Double($1) } / Double(size))
    }
    return Tensor(
      shape: input.shape.indices.compactMap {
        axes.contains($0) ? (keepsAxes ? 1 : nil) : input.shape[$0]
      },
      values: values
    )
  }
}
