internal import Foundation
internal import GraphIR

/// Evaluates nodes whose operands are all known: the shape arithmetic that exporters write, and weights that are
/// transposed, scaled or cast before use.
struct ONNXFolding {
  /// The node to evaluate.
  let node: ONNXNode
  /// Its operands; nil where one is left out.
  let inputs: [ONNXTensor?]
  /// Version of the operator set.
  let opset: Int

  /// The results, or nil for an operator that is never applied to constants.
  ///
  /// - Throws: `ONNXProblem` when the operands do not fit.
  func run() throws -> [ONNXTensor]? {
    if let result = try arithmetic() { return [result] }
    switch node.type {
    case "Identity", "Dropout": return [try input(0)]
    case "Cast", "CastLike": return [try cast()]
    case "Shape": return [ONNXTensor(vector: try ONNXFolding.shape(of: input(0).shape, node))]
    case "Size": return [ONNXTensor(shape: [], integers: [try input(0).count])]
    case "Reshape": return [try reshape()]
    case "Flatten": return [try flatten()]
    case "Squeeze":
      let axes = try parameters("axes", input: 1, since: 13)
      return [try input(0).reshaped(ONNXShapes.squeeze(input(0).shape, axes: axes))]
    case "Unsqueeze":
      let axes = try parameters("axes", input: 1, since: 13) ?? []
      return [try input(0).reshaped(ONNXShapes.unsqueeze(input(0).shape, axes: axes))]
    case "Transpose": return [try transpose()]
    case "Concat": return [try concat()]
    case "Split": return try split()
    case "Slice": return [try slice()]
    case "Gather": return [try gather()]
    case "Expand": return [try expand()]
    case "Tile": return [try tile()]
    case "Where": return [try select()]
    case "ConstantOfShape": return [try fill()]
    case "Range": return [try range()]
    case "ReduceProd", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceMean": return [try reduce()]
    default: return nil
    }
  }

  /// An operand that must be there.
  func input(_ index: Int) throws -> ONNXTensor {
    guard index < inputs.count, let tensor = inputs[index] else {
      throw ONNXProblem.invalid("operand \(index) is missing")
    }
    return tensor
  }

  /// An operand that may be left out.
  func optional(_ index: Int) -> ONNXTensor? { index < inputs.count ? inputs[index] : nil }

  /// Integers that were an attribute up to `since` and are an operand from there on; either is taken.
  func parameters(_ name: String, input index: Int, since: Int) throws -> [Int]? {
    if let list = try node.integers(name) { return list }
    return optional(index)?.integers
  }

  /// Extents that a `Shape` node gives, with its optional start and end.
  static func shape(of shape: [Int], _ node: ONNXNode) throws -> [Int] {
    func bound(_ value: Int) -> Int {
      min(
        max(value < 0 ? value.addingReportingOverflow(shape.count).partialValue : value, 0),
        shape.count
      )
    }
    let start = bound(try node.integer("start") ?? 0)
    let end = bound(try node.integer("end") ?? shape.count)
    return start < end ? Array(shape[start..<end]) : []
  }

  private func cast() throws -> ONNXTensor {
    let value = try input(0)
    if node.type == "CastLike" {
      return try input(1).isFloat
        ? ONNXTensor(shape: value.shape, floats: value.floats)
        : ONNXTensor(shape: value.shape, integers: value.integers)
    }
    let code = try node.integer("to") ?? 0
    guard let type = Int32(exactly: code).flatMap(ONNXElementType.init(rawValue:)) else {
      throw ONNXProblem.unsupported("cast to element type \(code)")
    }
    if type == .truth {
      return ONNXTensor(shape: value.shape, integers: value.floats.map { $0 == 0 ? 0 : 1 })
    }
    return type.isFloat
      ? ONNXTensor(shape: value.shape, floats: value.floats)
      : ONNXTensor(shape: value.shape, integers: value.integers)
  }

  private func reshape() throws -> ONNXTensor {
    let value = try input(0)
    let target = try parameters("shape", input: 1, since: 5) ?? []
    let shape = try ONNXShapes.reshape(
      value.shape,
      to: target,
      zeroIsLiteral: node.flag("allowzero")
    )
    return value.reshaped(shape)
  }

  private func flatten() throws -> ONNXTensor {
    let value = try input(0)
    let axis = try node.integer("axis") ?? 1
    guard (-value.shape.count...value.shape.count).contains(axis) else {
      throw ONNXProblem.invalid("flatten at axis \(axis) of \(value.shape)")
    }
    let position = axis < 0 ? axis + value.shape.count : axis
    let rows = value.shape[..<position].reduce(1, *)
    return value.reshaped([rows, value.shape[position...].reduce(1, *)])
  }

  private func transpose() throws -> ONNXTensor {
    let value = try input(0)
    let permutation = try node.integers("perm") ?? value.shape.indices.reversed()
    guard permutation.sorted() == Array(value.shape.indices) else {
      throw ONNXProblem.invalid("permutation \(permutation) of \(value.shape)")
    }
    if value.isFloat {
      let result = value.tensor.transposed(permutation)
      return ONNXTensor(shape: result.shape, floats: result.values)
    }
    let strides = ONNXShapes.strides(value.shape)
    let shape = permutation.map { value.shape[$0] }
    let positions = ONNXShapes.positions(shape, strides: permutation.map { strides[$0] })
    return value.picking(positions, shape: shape)
  }

  private func concat() throws -> ONNXTensor {
    let parts = try inputs.indices.map { try input($0) }
    guard let first = parts.first else { throw ONNXProblem.invalid("no operands") }
    let axis = try ONNXShapes.axis(node.integer("axis") ?? 1, rank: first.shape.count)
    var shape = first.shape
    shape[axis] = 0
    for part in parts {
      var rest = part.shape
      guard rest.count == shape.count else { throw ONNXProblem.invalid("operands differ in rank") }
      let extent = rest[axis]
      rest[axis] = shape[axis]
      guard rest == shape else { throw ONNXProblem.invalid("operands differ in shape") }
      shape[axis] += extent
    }
    let outer = shape[..<axis].reduce(1, *)
    func joined<T>(_ lists: [[T]]) -> [T] {
      (0..<outer).flatMap { row in
        lists.flatMap { $0[row * ($0.count / outer)..<(row + 1) * ($0.count / outer)] }
      }
    }
    return parts.allSatisfy(\.isFloat)
      ? ONNXTensor(shape: shape, floats: outer == 0 ? [] : joined(parts.map(\.floats)))
      : ONNXTensor(shape: shape, integers: outer == 0 ? [] : joined(parts.map(\.integers)))
  }

  private func split() throws -> [ONNXTensor] {
    let value = try input(0)
    let axis = try ONNXShapes.axis(node.integer("axis") ?? 0, rank: value.shape.count)
    let sizes = try ONNXShapes.split(
      extent: value.shape[axis],
      parts: node.outputs.count,
      sizes: parameters("split", input: 1, since: 13)
    )
    var start = 0
    return sizes.map { size in
      defer { start += size }
      return Self.taking(Array(start..<start + size), axis: axis, of: value)
    }
  }

  private func slice() throws -> ONNXTensor {
    var value = try input(0)
    for (axis, elements) in try Self.slices(self, shape: value.shape) {
      value = Self.taking(elements, axis: axis, of: value)
    }
    return value
  }

  /// Elements that a `Slice` node takes, an axis after the other.
  static func slices(_ folding: ONNXFolding, shape: [Int]) throws -> [(axis: Int, elements: [Int])]
  {
    let starts = try folding.parameters("starts", input: 1, since: 10) ?? []
    let ends = try folding.parameters("ends", input: 2, since: 10) ?? []
    let axes = try folding.parameters("axes", input: 3, since: 10) ?? Array(starts.indices)
    let steps = try folding.parameters("steps", input: 4, since: 10) ?? starts.map { _ in 1 }
    guard ends.count == starts.count, axes.count == starts.count, steps.count == starts.count else {
      throw ONNXProblem.invalid("slice from \(starts) to \(ends) on \(axes) by \(steps)")
    }
    return try starts.indices.map { index in
      let axis = try ONNXShapes.axis(axes[index], rank: shape.count)
      let elements = try ONNXShapes.slice(
        extent: shape[axis],
        start: starts[index],
        end: ends[index],
        step: steps[index]
      )
      return (axis, elements)
    }
  }

  private func gather() throws -> ONNXTensor {
    let value = try input(0)
    let indices = try input(1)
    let axis = try ONNXShapes.axis(node.integer("axis") ?? 0, rank: value.shape.count)
    let elements = try indices.integers.map { try ONNXShapes.axis($0, rank: value.shape[axis]) }
    let taken = Self.taking(elements, axis: axis, of: value)
    let shape = value.shape[..<axis] + indices.shape + value.shape[(axis + 1)...]
    return taken.reshaped(Array(shape))
  }

  /// The chosen elements of one axis; traps if there is one outside.
  private static func taking(_ elements: [Int], axis: Int, of value: ONNXTensor) -> ONNXTensor {
    var shape = value.shape
    let extent = shape[axis]
    let inner = shape[(axis + 1)...].reduce(1, *)
    let outer = shape[..<axis].reduce(1, *)
    shape[axis] = elements.count
    var positions: [Int] = []
    for row in 0..<outer {
      for element in elements {
        let start = (row * extent + element) * inner
        positions += start..<start + inner
      }
    }
    return value.picking(positions, shape: shape)
  }

  private func expand() throws -> ONNXTensor {
    let value = try input(0)
    return try Self.broadcast(value, to: ONNXShapes.broadcast(value.shape, input(1).integers))
  }

  /// `value` repeated along extents of 1.
  static func broadcast(_ value: ONNXTensor, to shape: [Int]) throws -> ONNXTensor {
    if value.shape == shape { return value }
    _ = try ONNXShapes.count(shape, atMost: max(ONNXTensor.largestCount, value.count))
    let extended = [Int](repeating: 1, count: shape.count - value.shape.count) + value.shape
    let strides = zip(ONNXShapes.strides(extended), extended).map { $1 == 1 ? 0 : $0 }
    return value.picking(ONNXShapes.positions(shape, strides: strides), shape: shape)
  }

  private func tile() throws -> ONNXTensor {
    let value = try input(0)
    let repeats = try input(1).integers
    guard repeats.count == value.shape.count else {
      throw ONNXProblem.invalid("repeats \(repeats) of \(value.shape)")
    }
    let shape = zip(value.shape, repeats).map { $0.saturatingProduct($1) }
    _ = try ONNXShapes.count(shape)
    var result = value
    for axis in shape.indices {
      let elements = (0..<shape[axis]).map { $0 % max(value.shape[axis], 1) }
      result = Self.taking(elements, axis: axis, of: result)
    }
    return result
  }

  private func select() throws -> ONNXTensor {
    let (condition, yes, no) = (try input(0), try input(1), try input(2))
    let shape = try ONNXShapes.broadcast(
      ONNXShapes.broadcast(condition.shape, yes.shape),
      no.shape
    )
    let chosen = try Self.broadcast(condition, to: shape).integers
    let (a, b) = (try Self.broadcast(yes, to: shape), try Self.broadcast(no, to: shape))
    if a.isFloat || b.isFloat {
      let (a, b) = (a.floats, b.floats)
      return ONNXTensor(
        shape: shape,
        floats: chosen.indices.map { chosen[$0] != 0 ? a[$0] : b[$0] }
      )
    }
    let (x, y) = (a.integers, b.integers)
    return ONNXTensor(
      shape: shape,
      integers: chosen.indices.map { chosen[$0] != 0 ? x[$0] : y[$0] }
    )
  }

  private func fill() throws -> ONNXTensor {
    let shape = try input(0).integers
    let count = try ONNXShapes.count(shape)
    guard let record = try node.tensor("value") else {
      return ONNXTensor(shape: shape, floats: [Float](repeating: 0, count: count))
    }
    var reader = ONNXTensorReader(path: "")
    guard let value = try? reader.tensor(record, place: ""), value.count == 1 else {
      throw ONNXProblem.invalid("value is not one number")
    }
    return value.isFloat
      ? ONNXTensor(shape: shape, floats: [Float](repeating: value.floats[0], count: count))
      : ONNXTensor(shape: shape, integers: [Int](repeating: value.integers[0], count: count))
  }

  private func range() throws -> ONNXTensor {
    let operands = try (0..<3).map { try input($0) }
    guard operands.allSatisfy({ $0.count == 1 }) else {
      throw ONNXProblem.invalid("operands are not single numbers")
    }
    let isFloat = operands.contains(where: \.isFloat)
    let bounds = operands.map { Double($0.isFloat ? Double($0.floats[0]) : Double($0.integers[0])) }
    let length = ((bounds[1] - bounds[0]) / bounds[2]).rounded(.up)
    guard length.isFinite, length <= Double(ONNXTensor.largestCount),
      bounds.allSatisfy({ Swift.abs($0) < 0x1p53 })
    else { throw ONNXProblem.invalid("range from \(bounds[0]) to \(bounds[1]) by \(bounds[2])") }
    let values = (0..<max(0, Int(length))).map { bounds[0] + Double($0) * bounds[2] }
    return isFloat
      ? ONNXTensor(shape: [values.count], floats: values.map(Float.init))
      : ONNXTensor(shape: [values.count], integers: values.map { Int($0) })
  }

  private func reduce() throws -> ONNXTensor {
    let value = try input(0)
    let listed = try parameters("axes", input: 1, since: 13)
    let all = Array(value.shape.indices)
    let axes = try listed.map { try ONNXShapes.axes($0, rank: value.shape.count) } ?? all
    let kept = all.filter { !axes.contains($0) }
    let strides = ONNXShapes.strides(value.shape)
    let outer = ONNXShapes.positions(
      kept.map { value.shape[$0] },
      strides: kept.map { strides[$0] }
    )
    let inner = ONNXShapes.positions(
      axes.map { value.shape[$0] },
      strides: axes.map { strides[$0] }
    )
    guard !inner.isEmpty else { throw ONNXProblem.invalid("reduction of \(value.shape)") }
    let keeps = try node.flag("keepdims", default: true)
    let shape = all.compactMap { axes.contains($0) ? (keeps ? 1 : nil) : value.shape[$0] }
    let source = value.floats.map(Double.init)
    let results = outer.map { start in
      let values = inner.map { source[start + $0] }
      switch node.type {
      case "ReduceProd": return values.reduce(1, *)
      case "ReduceSum": return values.reduce(0, +)
      case "ReduceMax": return values.reduce(-.infinity, max)
      case "ReduceMin": return values.reduce(.infinity, min)
      default: return values.reduce(0, +) / Double(values.count)
      }
    }
    return value.isFloat
      ? ONNXTensor(shape: shape, floats: results.map(Float.init))
      : ONNXTensor(shape: shape, floats: results.map(Float.init)).asIntegers
  }
}

extension ONNXTensor {
  /// The same values as integers.
  var asIntegers: ONNXTensor { ONNXTensor(shape: shape, integers: integers) }
}
