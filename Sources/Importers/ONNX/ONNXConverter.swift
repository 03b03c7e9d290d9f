internal import GraphIR

/// Turns the nodes of an ONNX graph into a channels-last graph, one after the other.
struct ONNXConverter {
  /// The network so far.
  var builder: ChannelsFirstBuilder
  /// What each name stands for.
  private(set) var values: [String: ONNXValue] = [:]
  /// Version of ONNX's operator set.
  let opset: Int
  /// Extent of the batch axis in the file, where it is a number above 1 that reshapes may repeat.
  let declaredBatch: Int
  /// Nodes that could not be converted, with the reason.
  private(set) var problems: [(node: ONNXNode, problem: ONNXProblem)] = []
  /// What was assumed, a line each.
  var notes: [String] = []
  /// Values that are part of a Gelu which is not complete yet.
  var errorFunctions: [String: ONNXErrorFunction] = [:]
  /// Views that were brought into an order already.
  private var storedViews: [StoredView: ValueID] = [:]
  /// Names whose value could not be computed, so that their readers are not reported again.
  private var poisoned: Set<String> = []

  /// A converter with nothing known yet.
  init(name: String, opset: Int, declaredBatch: Int) {
    builder = ChannelsFirstBuilder(name: name)
    self.opset = opset
    self.declaredBatch = declaredBatch
  }

  /// Names a value: an initializer, or the input.
  mutating func define(_ name: String, _ value: ONNXValue) { values[name] = value }

  /// Converts a node, or notes why that is not possible.
  mutating func convert(_ node: ONNXNode) {
    guard !node.inputs.contains(where: poisoned.contains) else {
      poisoned.formUnion(node.outputs)
      return
    }
    do {
      let results = try self.results(of: node)
      guard results.count <= node.outputs.count else {
        throw ONNXProblem.invalid("\(node.outputs.count) outputs, expected \(results.count)")
      }
      for (name, value) in zip(node.outputs, results) where !name.isEmpty { values[name] = value }
    } catch {
      let problem =
        (error as? ONNXProblem) ?? .invalid((error as? GraphError)?.problem ?? "\(error)")
      problems.append((node, problem))
      poisoned.formUnion(node.outputs)
    }
  }

  private mutating func results(of node: ONNXNode) throws -> [ONNXValue] {
    guard !Self.quantizedTypes.contains(where: { node.type.hasSuffix($0) }) else {
      throw ONNXProblem.quantized
    }
    if let results = try writtenOutGelu(node) { return results }
    let operands = try node.inputs.map { name in name.isEmpty ? nil : try value(name) }
    let constants = operands.map { operand -> ONNXTensor? in
      if case .constant(let tensor) = operand { tensor } else { nil }
    }
    let isKnown = zip(operands, constants).allSatisfy { $0 == nil || $1 != nil }
    if isKnown, !node.inputs.isEmpty {
      let folding = ONNXFolding(node: node, inputs: constants, opset: opset)
      if let results = try folding.run() { return results.map { .constant($0) } }
    }
    guard let convert = Self.operators[node.type] else { throw ONNXProblem.unsupported("") }
    return try convert(&self, node)
  }

  // MARK: Operands

  private func value(_ name: String) throws -> ONNXValue {
    guard let value = values[name] else {
      throw ONNXProblem.invalid("reads \"\(name)\", which nothing computes")
    }
    return value
  }

  /// Operand `index`, or nil where it is left out.
  func optional(_ node: ONNXNode, _ index: Int) throws -> ONNXValue? {
    guard index < node.inputs.count, !node.inputs[index].isEmpty else { return nil }
    return try value(node.inputs[index])
  }

  /// Operand `index`, which must be there.
  func operand(_ node: ONNXNode, _ index: Int) throws -> ONNXValue {
    guard let value = try optional(node, index) else {
      throw ONNXProblem.invalid("operand \(index) is missing")
    }
    return value
  }

  /// Operand `index` as something computed from the input.
  func activation(_ node: ONNXNode, _ index: Int = 0) throws -> AxisView {
    guard case .activation(let view) = try operand(node, index) else {
      throw ONNXProblem.unsupported("operand \(index) is a constant")
    }
    return view
  }

  /// Operand `index` as something known, or nil where it is left out.
  func optionalConstant(_ node: ONNXNode, _ index: Int) throws -> ONNXTensor? {
    switch try optional(node, index) {
    case nil: return nil
    case .constant(let tensor): return tensor
    case .activation:
      throw ONNXProblem.unsupported(
        "operand \(index), \"\(node.inputs[index])\", is not a constant"
      )
    }
  }

  /// Operand `index` as something known.
  func constant(_ node: ONNXNode, _ index: Int) throws -> ONNXTensor {
    guard let tensor = try optionalConstant(node, index) else {
      throw ONNXProblem.invalid("operand \(index) is missing")
    }
    return tensor
  }

  /// Parameters of a layer: as `constant`, and every value is a finite number.
  func parameters(_ node: ONNXNode, _ index: Int) throws -> Tensor {
    let tensor = try constant(node, index).tensor
    guard tensor.values.allSatisfy(\.isFinite) else {
      throw ONNXProblem.invalid("\"\(node.inputs[index])\" holds a value that is not finite")
    }
    return tensor
  }

  /// One number, as bounds and exponents are given, or nil where it is left out.
  func scalar(_ node: ONNXNode, _ index: Int) throws -> Float? {
    guard let tensor = try optionalConstant(node, index) else { return nil }
    guard tensor.count == 1 else {
      throw ONNXProblem.invalid("operand \(index) has shape \(tensor.shape), expected one number")
    }
    return tensor.floats[0]
  }

  /// Integers that were an attribute up to some version and are an operand from there on.
  func list(_ node: ONNXNode, _ name: String, input index: Int) throws -> [Int]? {
    if let list = try node.integers(name) { return list }
    return try optionalConstant(node, index)?.integers
  }

  /// Operand `index` as an image, stored channels-last.
  mutating func image(_ node: ONNXNode, _ index: Int = 0) throws -> ChannelsFirstBuilder.Value {
    let view = try activation(node, index)
    guard view.axes.count == 4 else {
      throw ONNXProblem.unsupported(
        "input of shape \(view.shape), expected an image [1, C, H, W]"
      )
    }
    return try image(view, node.name)
  }

  /// A view of rank 4 as an image, stored channels-last.
  mutating func image(_ view: AxisView, _ name: String) throws -> ChannelsFirstBuilder.Value {
    let id = try stored(view, in: [0, 2, 3, 1], name: name)
    guard view.shape[0] == 1 else {
      throw ONNXProblem.unsupported("batch of \(view.shape[0]), expected 1")
    }
    return ChannelsFirstBuilder.Value(id: id, shape: view.shape, isChannelsLast: true)
  }

  // MARK: Results

  /// A result of the builder.
  func result(_ value: ChannelsFirstBuilder.Value) -> [ONNXValue] {
    let order = value.isChannelsLast ? [0, 2, 3, 1] : Array(value.shape.indices)
    let stored = order.map { value.shape[$0] }
    return [.activation(AxisView(value.id, stored: stored, order: order))]
  }

  /// The view of a value whose stored axis `i` is logical axis `order[i]`.
  func view(_ id: ValueID, order: [Int]) -> AxisView {
    AxisView(id, stored: builder.graph.shape(of: id), order: order)
  }

  /// The value with its axes stored in `order`; what that takes is done once, however many read it.
  mutating func stored(_ view: AxisView, in order: [Int], name: String) throws -> ValueID {
    let key = StoredView(view: view, order: order)
    if let known = storedViews[key] { return known }
    let id = try view.stored(in: order, of: &builder.graph, name: name)
    storedViews[key] = id
    return id
  }

  /// Applies an operator of one operand, stored in `order`, that keeps the meaning of the axes.
  mutating func apply(
    _ operation: Operation,
    to input: AxisView,
    order: [Int],
    name: String
  ) throws -> AxisView {
    let stored = try self.stored(input, in: order, name: name)
    let id = try builder.graph.append(operation, name: name, inputs: [stored])
    return view(id, order: order)
  }

  /// A function of every element, wherever it is stored.
  mutating func unary(
    _ function: UnaryFunction,
    of input: AxisView,
    name: String
  ) throws -> AxisView {
    var result = input
    result.base = try builder.graph.append(.unary(function), name: name, inputs: [input.base])
    return result
  }

  /// The same logical sequence in another shape; where a view cannot tell it, the elements are put in order first.
  mutating func reshaped(_ input: AxisView, to shape: [Int], name: String) throws -> AxisView {
    if let result = input.reshaped(shape) { return result }
    let plain = try stored(
      input,
      in: Array(input.axes.indices),
      name: name + "/plain"
    )
    let ordered = AxisView(plain, stored: input.shape, order: Array(input.axes.indices))
    if let result = ordered.reshaped(shape) { return result }
    let id = try builder.graph.append(.reshape(Reshape(shape: shape)), name: name, inputs: [plain])
    return AxisView(id, stored: shape, order: Array(shape.indices))
  }

  /// The cheapest order of storing with `axis` innermost.
  func order(of view: AxisView, last axis: Int) -> [Int] {
    let preferred = view.preferredOrder
    return preferred.filter { $0 != axis } + [axis]
  }

  /// Operators of quantized models, in any domain.
  private static let quantizedTypes = [
    "QuantizeLinear", "DequantizeLinear", "QLinearConv", "QLinearMatMul", "ConvInteger",
    "MatMulInteger", "QLinearAdd", "QLinearMul", "QLinearGlobalAveragePool", "QLinearAveragePool",
    "QLinearConcat", "QLinearSigmoid", "QLinearLeakyRelu", "QGemm", "QLinearSoftmax",
  ]
}

/// A view and the order that its axes are stored in.
private struct StoredView: Hashable {
  var view: AxisView
  var order: [Int]
}
