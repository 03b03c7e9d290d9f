/// A function of two values, element by element, with NumPy broadcasting.
public enum BinaryFunction: String, GraphOperator, CaseIterable {
  /// `a + b`.
  case add
  /// `a − b`.
  case subtract
  /// `a × b`.
  case multiply
  /// `a ÷ b`.
  case divide
  /// `max(a, b)`.
  case maximum
  /// `min(a, b)`.
  case minimum

  /// The text-dump name.
  public var mnemonic: String { rawValue }

  /// The broadcast shape.
  public func outputShape(_ inputs: [[Int]]) throws(GraphError) -> [Int] {
    guard inputs.count == 2 else { throw GraphError("\(inputs.count) inputs, expected 2") }
    let rank = max(inputs[0].count, inputs[1].count)
    let a = Self.extended(inputs[0], to: rank)
    let b = Self.extended(inputs[1], to: rank)
    var shape: [Int] = []
    for axis in 0..<rank {
      guard a[axis] == b[axis] || a[axis] == 1 || b[axis] == 1 else {
        throw GraphError("shapes \(inputs[0]) and \(inputs[1]) do not broadcast")
      }
      shape.append(a[axis] == 1 ? b[axis] : a[axis])
    }
    return shape
  }

  /// Element by element.
  public func evaluate(_ inputs: [Tensor]) -> Tensor {
    guard let shape = try? outputShape(inputs.map(\.shape)) else { return inputs[0] }
    let a = Self.broadcast(inputs[0], to: shape)
    let b = Self.broadcast(inputs[1], to: shape)
    return Tensor(shape: shape, values: zip(a, b).map { callAsFunction($0, $1) })
  }

  /// The value at (a, b).
  public func callAsFunction(_ a: Float, _ b: Float) -> Float {
    switch self {
    case .add: a + b
    case .subtract: a - b
    case .multiply: a * b
    case .divide: a / b
    case .maximum: max(a, b)
    case .minimum: min(a, b)
    }
  }

  private static func extended(_ shape: [Int], to rank: Int) -> [Int] {
    [Int](repeating: 1, count: rank - shape.count) + shape
  }

  private static func broadcast(_ tensor: Tensor, to shape: [Int]) -> [Float] {
    if tensor.shape == shape { return tensor.values }
    let source = extended(tensor.shape, to: shape.count)
    var steps = [Int](repeating: 0, count: shape.count)
    var step = 1
    for axis in stride(from: shape.count - 1, through: 0, by: -1) {
      steps[axis] = source[axis] == 1 ? 0 : step
      step *= source[axis]
    }
    var index = [Int](repeating: 0, count: shape.count)
    var offset = 0
    var output: [Float] = []
    output.reserveCapacity(shape.reduce(1, *))
    for _ in 0..<shape.reduce(1, *) {
      output.append(tensor.values[offset])
      for axis in stride(from: shape.count - 1, through: 0, by: -1) {
        index[axis] += 1
        offset += steps[axis]
        if index[axis] < shape[axis] { break }
        offset -= steps[axis] * shape[axis]
        index[axis] = 0
      }
    }
    return output
  }
}
