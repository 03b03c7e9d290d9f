internal import Foundation

extension ONNXFolding {
  /// The result of an operator that works element by element, or nil for another one.
  func arithmetic() throws -> ONNXTensor? {
    if let function = Self.floatFunctions[node.type] {
      let value = try input(0)
      if !value.isFloat, let exact = Self.integerFunctions[node.type] {
        return ONNXTensor(shape: value.shape, integers: value.integers.map(exact))
      }
      return ONNXTensor(
        shape: value.shape,
        floats: value.floats.map { Float(function(Double($0))) }
      )
    }
    if node.type == "Not" {
      let value = try input(0)
      return ONNXTensor(shape: value.shape, integers: value.integers.map { $0 == 0 ? 1 : 0 })
    }
    if let compare = Self.comparisons[node.type] {
      return try broadcasting(input(0), input(1)) { a, b in compare(a, b) ? 1 : 0 }.asIntegers
    }
    guard let function = Self.floatOperators[node.type] else { return nil }
    guard ["Max", "Min", "Sum"].contains(node.type) || inputs.count == 2 else {
      throw ONNXProblem.invalid("\(inputs.count) operands, expected 2")
    }
    var result = try input(0)
    for index in inputs.indices.dropFirst() {
      let other = try input(index)
      if !result.isFloat, !other.isFloat, let exact = Self.integerOperators[node.type] {
        result = try integers(result, other, exact)
      } else {
        result = try broadcasting(result, other, function)
      }
    }
    return result
  }

  private func broadcasting(
    _ a: ONNXTensor,
    _ b: ONNXTensor,
    _ function: (Double, Double) -> Double
  ) throws -> ONNXTensor {
    let shape = try ONNXShapes.broadcast(a.shape, b.shape)
    let (x, y) = (try Self.broadcast(a, to: shape).floats, try Self.broadcast(b, to: shape).floats)
    return ONNXTensor(
      shape: shape,
      floats: zip(x, y).map { Float(function(Double($0), Double($1))) }
    )
  }

  private func integers(
    _ a: ONNXTensor,
    _ b: ONNXTensor,
    _ function: (Int, Int) -> Int?
  ) throws -> ONNXTensor {
    let shape = try ONNXShapes.broadcast(a.shape, b.shape)
    let (x, y) = (
      try Self.broadcast(a, to: shape).integers, try Self.broadcast(b, to: shape).integers
    )
    return ONNXTensor(
      shape: shape,
      integers: try zip(x, y).map { a, b in
        guard let value = function(a, b) else {
          throw ONNXProblem.invalid("\(a) and \(b) overflow or divide by 0")
        }
        return value
      }
    )
  }

  private static let floatFunctions: [String: @Sendable (Double) -> Double] = [
    "Neg": { -$0 },
    "Abs": { Swift.abs($0) },
    "Floor": { $0.rounded(.down) },
    "Ceil": { $0.rounded(.up) },
    "Round": { $0.rounded(.toNearestOrEven) },
    "Sqrt": { $0.squareRoot() },
    "Exp": { Foundation.exp($0) },
    "Log": { Foundation.log($0) },
    "Reciprocal": { 1 / $0 },
    "Relu": { max($0, 0) },
  ]

  private static let integerFunctions: [String: @Sendable (Int) -> Int] = [
    "Neg": { 0 &- $0 },
    "Abs": { Int(clamping: $0.magnitude) },
    "Floor": { $0 },
    "Ceil": { $0 },
    "Round": { $0 },
    "Relu": { max($0, 0) },
  ]

  private static let comparisons: [String: @Sendable (Double, Double) -> Bool] = [
    "Equal": { $0 == $1 },
    "Less": { $0 < $1 },
    "LessOrEqual": { $0 <= $1 },
    "Greater": { $0 > $1 },
    "GreaterOrEqual": { $0 >= $1 },
    "And": { $0 != 0 && $1 != 0 },
    "Or": { $0 != 0 || $1 != 0 },
  ]

  private static let floatOperators: [String: @Sendable (Double, Double) -> Double] = [
    "Add": { $0 + $1 },
    "Sum": { $0 + $1 },
    "Sub": { $0 - $1 },
    "Mul": { $0 * $1 },
    "Div": { $0 / $1 },
    "Max": { max($0, $1) },
    "Min": { min($0, $1) },
    "Pow": { Foundation.pow($0, $1) },
    "Mod": { Foundation.fmod($0, $1) },
  ]

  /// Exact integer arithmetic; nil where the result does not fit.
  private static let integerOperators: [String: @Sendable (Int, Int) -> Int?] = [
    "Add": { exact($0.addingReportingOverflow($1)) },
    "Sum": { exact($0.addingReportingOverflow($1)) },
    "Sub": { exact($0.subtractingReportingOverflow($1)) },
    "Mul": { exact($0.multipliedReportingOverflow(by: $1)) },
    "Div": { exact($0.dividedReportingOverflow(by: $1)) },
    "Max": { max($0, $1) },
    "Min": { min($0, $1) },
    "Mod": { a, b in
      guard let rest = exact(a.remainderReportingOverflow(dividingBy: b)) else { return nil }
      return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
    },
  ]
}

/// The value of checked arithmetic, or nil where it did not fit.
private func exact(_ result: (partialValue: Int, overflow: Bool)) -> Int? {
  result.overflow ? nil : result.partialValue
}
