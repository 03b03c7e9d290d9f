/// A dense float32 tensor in row-major order.
public struct Tensor: Sendable, Equatable {
  /// Extent of each axis, outermost first; empty for a scalar.
  public var shape: [Int]
  /// `shape.product` values, last axis fastest.
  public var values: [Float]

  /// A tensor of the given shape; traps if `values` does not fill it.
  public init(shape: [Int], values: [Float]) {
    precondition(
      shape.reduce(1, *) == values.count,
      "shape \(shape) does not hold \(values.count) values"
    )
    self.shape = shape
    self.values = values
  }

  /// A tensor with every element equal.
  public init(shape: [Int], repeating value: Float) {
    self.init(shape: shape, values: [Float](repeating: value, count: shape.reduce(1, *)))
  }

  /// Number of elements.
  public var count: Int { values.count }

  /// The same values in another shape; traps if the counts differ.
  public func reshaped(_ shape: [Int]) -> Tensor { Tensor(shape: shape, values: values) }

  /// The tensor whose axis `i` is this one's axis `permutation[i]`.
  public func transposed(_ permutation: [Int]) -> Tensor {
    precondition(permutation.count == shape.count, "permutation \(permutation) of \(shape)")
    let newShape = permutation.map { shape[$0] }
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in stride(from: shape.count - 2, through: 0, by: -1) {
      strides[axis] = strides[axis + 1] * shape[axis + 1]
    }
    let steps = permutation.map { strides[$0] }
    var output: [Float] = []
    output.reserveCapacity(count)
    var index = [Int](repeating: 0, count: shape.count)
    var offset = 0
    for _ in 0..<count {
      output.append(values[offset])
      for axis in stride(from: newShape.count - 1, through: 0, by: -1) {
        index[axis] += 1
        offset += steps[axis]
        if index[axis] < newShape[axis] { break }
        offset -= steps[axis] * newShape[axis]
        index[axis] = 0
      }
    }
    return Tensor(shape: newShape, values: output)
  }
}
