internal import Containers
internal import Foundation

/// Evaluates operators whose inputs are all known: computed shapes, flags, batch normalization written out over weights.
enum TensorFlowFolding {
  typealias Tensor = TensorFlowTensor

  /// Largest result, in elements: a few bytes of a file can ask for any size.
  private static let largestResult = 1 << 26

  /// The node's outputs, or nil when the operator is not known here or its inputs do not fit it.
  static func fold(_ node: TensorFlowNode, _ inputs: [Tensor]) -> [Tensor]? {
    if let result = arithmetic(node, inputs) { return [result] }
    if let result = elementwise(node, inputs) { return [result] }
    if let result = reduction(node, inputs) { return [result] }
    return TensorFlowShapeFolding.fold(node, inputs)
  }

  static func integers(_ tensor: Tensor?) -> [Int]? {
    guard let tensor, case .integers(let values) = tensor.values else { return nil }
    return values
  }

  static func floats(_ tensor: Tensor?) -> [Float]? {
    guard let tensor, case .floats(let values) = tensor.values else { return nil }
    return values
  }

  /// A result of `shape` where that is small enough.
  static func tensor(_ type: TensorFlowDataType, _ shape: [Int], _ values: Tensor.Values) -> Tensor?
  {
    guard Tensor.count(of: shape) == values.count else { return nil }
    return Tensor(type: type, shape: shape, values: values)
  }

  // MARK: Two operands

  private static func arithmetic(_ node: TensorFlowNode, _ inputs: [Tensor]) -> Tensor? {
    guard inputs.count == 2 else { return nil }
    let (a, b) = (inputs[0], inputs[1])
    switch (a.values, b.values) {
    case (.floats(let x), .floats(let y)):
      if let function = floatFunction(node.operation) {
        return combine(a, b, x, y, a.type, function) { .floats($0) }
      }
      if let function = comparison(node.operation) as ((Float, Float) -> Bool)? {
        return combine(a, b, x, y, .bool, function) { .booleans($0) }
      }
    case (.integers(let x), .integers(let y)):
      if ["FloorDiv", "Div", "TruncateDiv", "FloorMod", "Mod", "RealDiv"].contains(node.operation),
        y.contains(0)
      {
        return nil
      }
      if let function = integerFunction(node.operation) {
        return combine(a, b, x, y, a.type, function) { .integers($0) }
      }
      if let function = comparison(node.operation) as ((Int, Int) -> Bool)? {
        return combine(a, b, x, y, .bool, function) { .booleans($0) }
      }
    case (.booleans(let x), .booleans(let y)):
      let function: ((Bool, Bool) -> Bool)? =
        switch node.operation {
        case "LogicalAnd": { $0 && $1 }
        case "LogicalOr": { $0 || $1 }
        case "Equal": { $0 == $1 }
        case "NotEqual": { $0 != $1 }
        default: nil
        }
      if let function { return combine(a, b, x, y, .bool, function) { .booleans($0) } }
    default: break
    }
    return nil
  }

  private static func floatFunction(_ name: String) -> ((Float, Float) -> Float)? {
    switch name {
    case "Add", "AddV2", "BiasAdd": { $0 + $1 }
    case "Sub": { $0 - $1 }
    case "Mul": { $0 * $1 }
    case "RealDiv", "Div": { $0 / $1 }
    case "DivNoNan": { $1 == 0 ? 0 : $0 / $1 }
    case "FloorDiv": { ($0 / $1).rounded(.down) }
    case "Maximum": { max($0, $1) }
    case "Minimum": { min($0, $1) }
    case "SquaredDifference": { ($0 - $1) * ($0 - $1) }
    case "Pow": { Float(pow(Double($0), Double($1))) }
    default: nil
    }
  }

  private static func integerFunction(_ name: String) -> ((Int, Int) -> Int)? {
    switch name {
    case "Add", "AddV2": { $0 &+ $1 }
    case "Sub": { $0 &- $1 }
    case "Mul": { $0 &* $1 }
    case "FloorDiv": { Int((Double($0) / Double($1)).rounded(.down)) }
    case "Div", "TruncateDiv": { $0.dividedReportingOverflow(by: $1).partialValue }
    case "FloorMod", "Mod":
      {
        let remainder = $0.remainderReportingOverflow(dividingBy: $1).partialValue
        return remainder != 0 && (remainder < 0) != ($1 < 0) ? remainder &+ $1 : remainder
      }
    case "Maximum": { max($0, $1) }
    case "Minimum": { min($0, $1) }
    default: nil
    }
  }

  private static func comparison<T: Comparable>(_ name: String) -> ((T, T) -> Bool)? {
    switch name {
    case "Equal": { $0 == $1 }
    case "NotEqual": { $0 != $1 }
    case "Less": { $0 < $1 }
    case "LessEqual": { $0 <= $1 }
    case "Greater": { $0 > $1 }
    case "GreaterEqual": { $0 >= $1 }
    default: nil
    }
  }

  /// Broadcasts both operands over the common shape; nil when they do not fit or the result is too large.
  private static func combine<T, R>(
    _ a: Tensor,
    _ b: Tensor,
    _ x: [T],
    _ y: [T],
    _ type: TensorFlowDataType,
    _ function: (T, T) -> R,
    _ wrap: ([R]) -> Tensor.Values
  ) -> Tensor? {
    if a.shape == b.shape {
      return tensor(type, a.shape, wrap(zip(x, y).map(function)))
    }
    if b.shape.isEmpty, let scalar = y.first {
      return tensor(type, a.shape, wrap(x.map { function($0, scalar) }))
    }
    if a.shape.isEmpty, let scalar = x.first {
      return tensor(type, b.shape, wrap(y.map { function(scalar, $0) }))
    }
    guard let shape = broadcast(a.shape, b.shape), let count = Tensor.count(of: shape),
      count <= largestResult
    else { return nil }
    let (left, right) = (steps(a.shape, in: shape), steps(b.shape, in: shape))
    var results: [R] = []
    results.reserveCapacity(count)
    for flat in 0..<count {
      var (rest, i, j) = (flat, 0, 0)
      for axis in shape.indices.reversed() {
        let index = rest % shape[axis]
        rest /= shape[axis]
        i += index * left[axis]
        j += index * right[axis]
      }
      results.append(function(x[i], y[j]))
    }
    return tensor(type, shape, wrap(results))
  }

  /// The shape of two operands together; nil where they do not broadcast.
  static func broadcast(_ a: [Int], _ b: [Int]) -> [Int]? {
    let rank = max(a.count, b.count)
    let left = [Int](repeating: 1, count: rank - a.count) + a
    let right = [Int](repeating: 1, count: rank - b.count) + b
    var shape: [Int] = []
    for (x, y) in zip(left, right) {
      guard x == y || x == 1 || y == 1 else { return nil }
      shape.append(x == 1 ? y : x)
    }
    return shape
  }

  private static func steps(_ shape: [Int], in target: [Int]) -> [Int] {
    let extended = [Int](repeating: 1, count: target.count - shape.count) + shape
    var steps = [Int](repeating: 0, count: target.count)
    var step = 1
    for axis in extended.indices.reversed() {
      steps[axis] = extended[axis] == 1 ? 0 : step
      step *= extended[axis]
    }
    return steps
  }

  // MARK: One operand

  private static func elementwise(_ node: TensorFlowNode, _ inputs: [Tensor]) -> Tensor? {
    guard let input = inputs.first else { return nil }
    switch node.operation {
    case "LogicalNot":
      guard case .booleans(let values) = input.values else { return nil }
      return tensor(.bool, input.shape, .booleans(values.map { !$0 }))
    case "Cast": return cast(input, to: node.type("DstT"))
    case "Dequantize": return dequantize(node, inputs)
    case "Neg":
      if case .integers(let values) = input.values {
        return tensor(input.type, input.shape, .integers(values.map { 0 &- $0 }))
      }
    case "ZerosLike", "OnesLike":
      let value = node.operation == "OnesLike"
      switch input.values {
      case .floats(let values):
        return tensor(input.type, input.shape, .floats(values.map { _ in value ? 1 : 0 }))
      case .integers(let values):
        return tensor(input.type, input.shape, .integers(values.map { _ in value ? 1 : 0 }))
      default: return nil
      }
    default: break
    }
    guard inputs.count == 1, case .floats(let values) = input.values,
      let function = unary(node.operation)
    else { return nil }
    return tensor(input.type, input.shape, .floats(values.map(function)))
  }

  private static func unary(_ name: String) -> ((Float) -> Float)? {
    switch name {
    case "Neg": { -$0 }
    case "Abs": { abs($0) }
    case "Square": { $0 * $0 }
    case "Sqrt": { $0.squareRoot() }
    case "Rsqrt": { Float(1 / Double($0).squareRoot()) }
    case "Inv", "Reciprocal": { 1 / $0 }
    case "Exp": { Float(exp(Double($0))) }
    case "Log": { Float(log(Double($0))) }
    case "Floor": { $0.rounded(.down) }
    case "Ceil": { $0.rounded(.up) }
    case "Round": { $0.rounded(.toNearestOrEven) }
    case "Sign": { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }
    case "Relu": { max($0, 0) }
    case "Sigmoid": { Float(1 / (1 + exp(-Double($0)))) }
    case "Tanh": { Float(tanh(Double($0))) }
    case "Softplus": { Float($0 > 30 ? Double($0) : log1p(exp(Double($0)))) }
    default: nil
    }
  }

  private static func cast(_ input: Tensor, to type: TensorFlowDataType?) -> Tensor? {
    guard let type, type != .string else { return nil }
    if type.isFloat {
      switch input.values {
      case .floats: return tensor(type, input.shape, input.values)
      case .integers(let values):
        return tensor(type, input.shape, .floats(values.map { Float($0) }))
      case .booleans(let values):
        return tensor(type, input.shape, .floats(values.map { $0 ? 1 : 0 }))
      case .strings: return nil
      }
    }
    if type == .bool {
      switch input.values {
      case .floats(let values):
        return tensor(type, input.shape, .booleans(values.map { $0 != 0 }))
      case .integers(let values):
        return tensor(type, input.shape, .booleans(values.map { $0 != 0 }))
      case .booleans: return input
      case .strings: return nil
      }
    }
    switch input.values {
    case .floats(let values):
      guard values.allSatisfy({ abs($0) < 0x1p62 }) else { return nil }
      return tensor(type, input.shape, .integers(values.map { Int($0) }))
    case .integers: return tensor(type, input.shape, input.values)
    case .booleans(let values):
      return tensor(type, input.shape, .integers(values.map { $0 ? 1 : 0 }))
    case .strings: return nil
    }
  }

  /// Weights that a graph transform stored as 8 bits with a range.
  ///
  /// MIN_FIRST moves the minimum to a multiple of the step, so that zero is exact; MIN_COMBINED does not.
  private static func dequantize(_ node: TensorFlowNode, _ inputs: [Tensor]) -> Tensor? {
    guard inputs.count == 3, let values = integers(inputs[0]), let low = floats(inputs[1])?.first,
      let high = floats(inputs[2])?.first, inputs[0].type == .quantizedUInt8
    else { return nil }
    let step = (Double(high) - Double(low)) / 255
    var minimum = Double(low)
    switch node.text("mode") ?? "MIN_COMBINED" {
    case "MIN_FIRST": if step > 0 { minimum = (minimum / step).rounded() * step }
    case "MIN_COMBINED": break
    default: return nil
    }
    return tensor(
      .float32,
      inputs[0].shape,
      .floats(values.map { Float(minimum + Double($0) * step) })
    )
  }

  // MARK: Reductions

  private static func reduction(_ node: TensorFlowNode, _ inputs: [Tensor]) -> Tensor? {
    guard ["Prod", "Sum", "Mean", "Max", "Min", "All", "Any"].contains(node.operation),
      inputs.count == 2, let listed = integers(inputs[1])
    else { return nil }
    let input = inputs[0]
    guard let axes = normalized(listed, rank: input.shape.count) else { return nil }
    let keeps = node.flag("keep_dims") ?? false
    let shape = input.shape.indices.compactMap { axis in
      axes.contains(axis) ? (keeps ? 1 : nil) : input.shape[axis]
    }
    let size = axes.reduce(1) { $0 * input.shape[$1] }
    guard size > 0, let groups = grouped(input, axes) else { return nil }
    switch input.values {
    case .integers(let values):
      let function: ([Int]) -> Int
      switch node.operation {
      case "Prod": function = { $0.reduce(1, &*) }
      case "Sum": function = { $0.reduce(0, &+) }
      case "Max": function = { $0.max() ?? 0 }
      case "Min": function = { $0.min() ?? 0 }
      default: return nil
      }
      return tensor(
        input.type,
        shape,
        .integers(groups.map { function($0.map { values[$0] }) })
      )
    case .floats(let values):
      let function: ([Double]) -> Double
      switch node.operation {
      case "Prod": function = { $0.reduce(1, *) }
      case "Sum": function = { $0.reduce(0, +) }
      case "Mean": function = { $0.reduce(0, +) / Double(size) }
      case "Max": function = { $0.max() ?? 0 }
      case "Min": function = { $0.min() ?? 0 }
      default: return nil
      }
      return tensor(
        input.type,
        shape,
        .floats(groups.map { Float(function($0.map { Double(values[$0]) })) })
      )
    case .booleans(let values):
      return tensor(
        .bool,
        shape,
        .booleans(
          groups.map { group in
            node.operation == "All"
              ? group.allSatisfy { values[$0] } : group.contains { values[$0] }
          }
        )
      )
    case .strings: return nil
    }
  }

  /// Axes from 0, ascending, without repeats; nil where one is outside the rank.
  static func normalized(_ axes: [Int], rank: Int) -> [Int]? {
    var result: Set<Int> = []
    for axis in axes {
      guard (-rank..<rank).contains(axis) else { return nil }
      result.insert(axis < 0 ? axis + rank : axis)
    }
    return result.sorted()
  }

  /// Flat indices of the elements that each result is made of, in order.
  private static func grouped(_ input: Tensor, _ axes: [Int]) -> [[Int]]? {
    let kept = input.shape.indices.filter { !axes.contains($0) }
    guard let count = Tensor.count(of: kept.map { input.shape[$0] }) else { return nil }
    var groups = [[Int]](repeating: [], count: count)
    for flat in 0..<input.values.count {
      var (rest, group, scale) = (flat, 0, 1)
      for axis in input.shape.indices.reversed() {
        let index = rest % input.shape[axis]
        rest /= input.shape[axis]
        guard !axes.contains(axis) else { continue }
        group += index * scale
        scale *= input.shape[axis]
      }
      groups[group].append(flat)
    }
    return groups
  }
}
