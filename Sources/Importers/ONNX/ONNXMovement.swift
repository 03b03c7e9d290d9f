internal import GraphIR

extension ONNXConverter {
  mutating func constant(_ node: ONNXNode) throws -> [ONNXValue] {
    if let record = try node.tensor("value") {
      var reader = ONNXTensorReader(path: "")
      do {
        return [.constant(try reader.tensor(record, place: "value"))]
      } catch {
        if case .malformed(_, _, let problem) = error { throw ONNXProblem.invalid(problem) }
        throw ONNXProblem.unsupported("a constant in another file")
      }
    }
    if let value = try node.float("value_float") {
      return [.constant(ONNXTensor(shape: [], floats: [value]))]
    }
    if let value = try node.integer("value_int") {
      return [.constant(ONNXTensor(shape: [], integers: [value]))]
    }
    if let values = try node.floats("value_floats") {
      return [.constant(ONNXTensor(shape: [values.count], floats: values))]
    }
    if let values = try node.integers("value_ints") {
      return [.constant(ONNXTensor(vector: values))]
    }
    throw ONNXProblem.unsupported("a constant that is no dense tensor of numbers")
  }

  mutating func shape(_ node: ONNXNode) throws -> [ONNXValue] {
    let shape = try ONNXFolding.shape(of: operand(node, 0).shape, node)
    return [.constant(ONNXTensor(vector: shape))]
  }

  mutating func cast(_ node: ONNXNode) throws -> [ONNXValue] {
    let code = try node.integer("to") ?? 0
    guard let type = Int32(exactly: code).flatMap(ONNXElementType.init(rawValue:)), type.isFloat
    else {
      throw ONNXProblem.unsupported("to element type \(code), expected a float")
    }
    return [try operand(node, 0)]
  }

  mutating func flatten(_ node: ONNXNode) throws -> [ONNXValue] {
    let input = try activation(node)
    let rank = input.axes.count
    let axis = try node.integer("axis") ?? 1
    guard (-rank...rank).contains(axis) else {
      throw ONNXProblem.invalid("axis \(axis) of \(input.shape)")
    }
    let rows = input.shape[..<(axis < 0 ? axis + rank : axis)].reduce(1, *)
    return [.activation(try reshaped(input, to: [rows, input.count / rows], name: node.name))]
  }

  mutating func reshape(_ node: ONNXNode) throws -> [ONNXValue] {
    let input = try activation(node)
    guard var target = try list(node, "shape", input: 1) else {
      throw ONNXProblem.invalid("the new shape is missing")
    }
    // A batch that the file fixes at a number above 1 is read as 1 everywhere.
    if declaredBatch > 1, target.first == declaredBatch, input.shape.first == 1 { target[0] = 1 }
    let shape = try ONNXShapes.reshape(
      input.shape,
      to: target,
      zeroIsLiteral: node.flag("allowzero")
    )
    return [.activation(try reshaped(input, to: shape, name: node.name))]
  }

  mutating func squeeze(_ node: ONNXNode) throws -> [ONNXValue] {
    let input = try activation(node)
    let shape = try ONNXShapes.squeeze(input.shape, axes: list(node, "axes", input: 1))
    return [.activation(try reshaped(input, to: shape, name: node.name))]
  }

  mutating func unsqueeze(_ node: ONNXNode) throws -> [ONNXValue] {
    let input = try activation(node)
    let axes = try list(node, "axes", input: 1) ?? []
    let shape = try ONNXShapes.unsqueeze(input.shape, axes: axes)
    return [.activation(try reshaped(input, to: shape, name: node.name))]
  }

  mutating func transpose(_ node: ONNXNode) throws -> [ONNXValue] {
    let input = try activation(node)
    let permutation = try node.integers("perm") ?? input.axes.indices.reversed()
    guard permutation.sorted() == Array(input.axes.indices) else {
      throw ONNXProblem.invalid("permutation \(permutation) of \(input.shape)")
    }
    return [.activation(input.transposed(permutation))]
  }

  mutating func concat(_ node: ONNXNode) throws -> [ONNXValue] {
    let operands = try node.inputs.indices.map { try operand(node, $0) }
    guard let rank = operands.first?.shape.count else { throw ONNXProblem.invalid("no operands") }
    let axis = try ONNXShapes.axis(node.integer("axis") ?? 1, rank: rank)
    let views = operands.compactMap { operand -> AxisView? in
      if case .activation(let view) = operand { view } else { nil }
    }
    guard operands.allSatisfy({ $0.shape.count == rank }), let first = views.first else {
      throw ONNXProblem.invalid("operands \(operands.map(\.shape)) differ in rank")
    }
    if operands.count == 1 { return [operands[0]] }
    let order = first.preferredOrder
    var stored: [ValueID] = []
    for (index, operand) in operands.enumerated() {
      switch operand {
      case .activation(let view):
        stored.append(
          try self.stored(view, in: order, name: "\(node.name)/\(index)")
        )
      case .constant(let tensor):
        stored.append(
          builder.graph.addConstant(
            name: "\(node.name)/\(index)",
            tensor.tensor.transposed(order)
          )
        )
      }
    }
    let position = order.firstIndex(of: axis) ?? 0
    let id = try builder.graph.append(
      .concat(Concat(axis: position)),
      name: node.name,
      inputs: stored
    )
    return [.activation(view(id, order: order))]
  }

  mutating func split(_ node: ONNXNode) throws -> [ONNXValue] {
    let input = try activation(node)
    let axis = try ONNXShapes.axis(node.integer("axis") ?? 0, rank: input.axes.count)
    let sizes = try ONNXShapes.split(
      extent: input.shape[axis],
      parts: node.outputs.count,
      sizes: list(node, "split", input: 1)
    )
    var start = 0
    var results: [ONNXValue] = []
    for (index, size) in sizes.enumerated() {
      let name = index == 0 ? node.name : node.outputs[index]
      let part = try taking(Array(start..<start + size), axis: axis, of: input, name: name)
      results.append(.activation(part))
      start += size
    }
    return results
  }

  mutating func slice(_ node: ONNXNode) throws -> [ONNXValue] {
    var result = try activation(node)
    let parameters = try node.inputs.indices.map { $0 == 0 ? nil : try optionalConstant(node, $0) }
    let folding = ONNXFolding(node: node, inputs: parameters, opset: opset)
    for (axis, elements) in try ONNXFolding.slices(folding, shape: result.shape) {
      result = try taking(elements, axis: axis, of: result, name: node.name)
    }
    return [.activation(result)]
  }

  mutating func gather(_ node: ONNXNode) throws -> [ONNXValue] {
    let input = try activation(node)
    let indices = try constant(node, 1)
    let axis = try ONNXShapes.axis(node.integer("axis") ?? 0, rank: input.axes.count)
    let extent = input.shape[axis]
    let elements = try indices.integers.map { try ONNXShapes.axis($0, rank: extent) }
    let taken = try taking(elements, axis: axis, of: input, name: node.name)
    let shape = input.shape[..<axis] + indices.shape + input.shape[(axis + 1)...]
    return [.activation(try reshaped(taken, to: Array(shape), name: node.name))]
  }

  /// The chosen elements of one axis: a slice where they are evenly spaced, else a selection.
  private mutating func taking(
    _ elements: [Int],
    axis: Int,
    of input: AxisView,
    name: String
  ) throws -> AxisView {
    guard let first = elements.first else {
      throw ONNXProblem.unsupported("an empty part of axis \(axis) of \(input.shape)")
    }
    let extent = input.shape[axis]
    if elements.count == extent, elements == Array(0..<extent) { return input }
    let step = elements.count > 1 ? elements[1] - first : 1
    let isEven = step > 0 && elements.indices.allSatisfy { elements[$0] == first + $0 * step }
    guard isEven else {
      let order = self.order(of: input, last: axis)
      let operation = GatherChannels(indices: elements)
      return try apply(.gatherChannels(operation), to: input, order: order, name: name)
    }
    let order = input.preferredOrder
    let shape = input.shape
    let slice = Slice(
      start: order.map { $0 == axis ? first : 0 },
      extent: order.map { $0 == axis ? elements.count : shape[$0] },
      step: order.map { $0 == axis ? step : 1 }
    )
    return try apply(.slice(slice), to: input, order: order, name: name)
  }

  /// An expansion that changes nothing, repeats the one channel, or spreads one pixel over an image.
  mutating func expand(_ node: ONNXNode) throws -> [ONNXValue] {
    let input = try activation(node)
    let target = try ONNXShapes.broadcast(input.shape, constant(node, 1).integers)
    _ = try ONNXShapes.count(target)
    let ones = [Int](repeating: 1, count: target.count - input.axes.count)
    var result = try reshaped(input, to: ones + input.shape, name: node.name)
    for axis in target.indices where result.shape[axis] != target[axis] {
      let zeros = [Int](repeating: 0, count: target[axis])
      result = try taking(zeros, axis: axis, of: result, name: node.name)
    }
    return [.activation(result)]
  }
}
