internal import GraphIR

/// A value of an ONNX graph that is known before the run: a weight, a shape, an index.
struct ONNXTensor: Sendable, Equatable {
  /// Elements in row-major order; 16-bit and 64-bit floats are read as float32, truth values as 0 and 1.
  enum Elements: Sendable, Equatable {
    case floats([Float])
    case integers([Int])
  }

  /// Extents, outermost first; none for a scalar.
  let shape: [Int]
  /// As many as the extents' product.
  let elements: Elements

  /// Most elements that constant folding may create, whatever extents a file asks for.
  static let largestCount = 1 << 24

  /// A tensor of floats; traps if they do not fill `shape`.
  init(shape: [Int], floats: [Float]) {
    precondition(shape.reduce(1, *) == floats.count)
    self.shape = shape
    elements = .floats(floats)
  }

  /// A tensor of integers; traps if they do not fill `shape`.
  init(shape: [Int], integers: [Int]) {
    precondition(shape.reduce(1, *) == integers.count)
    self.shape = shape
    elements = .integers(integers)
  }

  /// A vector, as shapes are passed.
  init(vector: [Int]) { self.init(shape: [vector.count], integers: vector) }

  /// Number of elements.
  var count: Int {
    switch elements {
    case .floats(let values): values.count
    case .integers(let values): values.count
    }
  }

  /// The elements as floats.
  var floats: [Float] {
    switch elements {
    case .floats(let values): values
    case .integers(let values): values.map(Float.init)
    }
  }

  /// The elements as integers, rounded towards 0, saturating; NaN becomes 0.
  var integers: [Int] {
    switch elements {
    case .floats(let values): values.map(Self.saturating)
    case .integers(let values): values
    }
  }

  /// Whether the elements are floats.
  var isFloat: Bool {
    if case .floats = elements { true } else { false }
  }

  /// The same as a tensor of the graph.
  var tensor: Tensor { Tensor(shape: shape, values: floats) }

  /// The same elements in another shape; traps if the counts differ.
  func reshaped(_ shape: [Int]) -> ONNXTensor {
    switch elements {
    case .floats(let values): ONNXTensor(shape: shape, floats: values)
    case .integers(let values): ONNXTensor(shape: shape, integers: values)
    }
  }

  /// The tensor of `shape` whose element `i` is this one's element `indices[i]`; traps outside the range.
  func picking(_ indices: [Int], shape: [Int]) -> ONNXTensor {
    switch elements {
    case .floats(let values): ONNXTensor(shape: shape, floats: indices.map { values[$0] })
    case .integers(let values): ONNXTensor(shape: shape, integers: indices.map { values[$0] })
    }
  }

  private static func saturating(_ value: Float) -> Int {
    value.isNaN
      ? 0 : value >= 0x1p62 ? 1 << 62 : value <= -0x1p62 ? -(1 << 62) : Int(value)
  }
}

/// A value of the network under construction.
enum ONNXValue: Sendable {
  /// Known before the run.
  case constant(ONNXTensor)
  /// Computed from the input.
  case activation(AxisView)

  /// Extents in the framework's order.
  var shape: [Int] {
    switch self {
    case .constant(let tensor): tensor.shape
    case .activation(let view): view.shape
    }
  }
}

/// What stands in the way of converting one node.
enum ONNXProblem: Error, Equatable {
  /// Something that ONNX allows and this converter does not do.
  case unsupported(String)
  /// Something that ONNX does not allow.
  case invalid(String)
  /// An operator of an already quantized model.
  case quantized
}
