internal import GraphIR

extension ONNXConverter {
  /// The window of a convolution or pooling node over an image of logical shape `input`.
  func window(_ node: ONNXNode, kernel: (Int, Int), input: [Int]) throws -> Window {
    let strides = try node.integers("strides", count: 2, minimum: 1) ?? [1, 1]
    let dilations = try node.integers("dilations", count: 2, minimum: 1) ?? [1, 1]
    var window = Window(
      kernel: kernel,
      stride: (strides[0], strides[1]),
      dilation: (dilations[0], dilations[1]),
      ceilMode: try node.flag("ceil_mode")
    )
    switch try node.string("auto_pad") ?? "NOTSET" {
    case "NOTSET", "":
      let pads = try node.integers("pads", count: 4, minimum: 0) ?? [0, 0, 0, 0]
      window.padding = Padding(top: pads[0], left: pads[1], bottom: pads[2], right: pads[3])
    case "VALID": break
    case "SAME_UPPER", "SAME_LOWER":
      guard (1..<1 << 20).contains(kernel.0), (1..<1 << 20).contains(kernel.1) else {
        throw ONNXProblem.invalid("kernel \(kernel.0) by \(kernel.1)")
      }
      let same = Window.samePadding(
        height: input[2],
        width: input[3],
        kernel: window.kernel,
        stride: window.stride,
        dilation: window.dilation
      )
      let isUpper = try node.string("auto_pad") == "SAME_UPPER"
      window.padding =
        isUpper
        ? same
        : Padding(top: same.bottom, left: same.right, bottom: same.top, right: same.left)
      window.ceilMode = false
    case let other: throw ONNXProblem.invalid("auto_pad is \"\(other)\"")
    }
    return window
  }

  private func poolingWindow(_ node: ONNXNode, input: [Int]) throws -> Window {
    guard let kernel = try node.integers("kernel_shape", count: 2, minimum: 1) else {
      throw ONNXProblem.invalid("kernel_shape is missing")
    }
    return try window(node, kernel: (kernel[0], kernel[1]), input: input)
  }

  mutating func maxPool(_ node: ONNXNode) throws -> [ONNXValue] {
    let input = try image(node)
    let window = try poolingWindow(node, input: input.shape)
    return result(try builder.maxPool(input, name: node.name, window: window))
  }

  mutating func averagePool(_ node: ONNXNode) throws -> [ONNXValue] {
    let input = try image(node)
    let window = try poolingWindow(node, input: input.shape)
    return result(
      try builder.averagePool(
        input,
        name: node.name,
        window: window,
        countIncludesPadding: try node.flag("count_include_pad")
      )
    )
  }

  mutating func globalAveragePool(_ node: ONNXNode) throws -> [ONNXValue] {
    let input = try activation(node)
    guard input.axes.count > 2 else { return [.activation(input)] }
    let axes = Array(2..<input.axes.count)
    return [.activation(try mean(input, axes: axes, keepsAxes: true, name: node.name))]
  }

  mutating func globalMaxPool(_ node: ONNXNode) throws -> [ONNXValue] {
    let input = try image(node)
    let window = Window(kernel: (input.shape[2], input.shape[3]))
    return result(try builder.maxPool(input, name: node.name, window: window))
  }

  mutating func reduction(_ node: ONNXNode) throws -> [ONNXValue] {
    var input = try activation(node)
    let listed = try list(node, "axes", input: 1).flatMap { $0.isEmpty ? nil : $0 }
    if try listed == nil && node.flag("noop_with_empty_axes") { return [.activation(input)] }
    let rank = input.axes.count
    let axes = try listed.map { try ONNXShapes.axes($0, rank: rank) } ?? Array(0..<rank)
    let keeps = try node.flag("keepdims", default: true)
    let (type, name) = (node.type, node.name)
    if ["ReduceL2", "ReduceSumSquare"].contains(type) {
      input = try unary(.square, of: input, name: name + "/square")
    }
    if type == "ReduceMean" {
      return [.activation(try mean(input, axes: axes, keepsAxes: keeps, name: name))]
    }
    let count = axes.reduce(1) { $0 * input.shape[$1] }
    let average = try mean(input, axes: axes, keepsAxes: keeps, name: name + "/mean")
    let isNorm = type == "ReduceL2"
    let sum = try unary(
      .linear(scale: Float(count), bias: 0),
      of: average,
      name: isNorm ? name + "/sum" : name
    )
    return [.activation(isNorm ? try unary(.sqrt, of: sum, name: name) : sum)]
  }

  /// A mean over axes, of the value as it is stored where its stored axes allow that.
  private mutating func mean(
    _ input: AxisView,
    axes: [Int],
    keepsAxes: Bool,
    name: String
  ) throws -> AxisView {
    var source = input
    let reduced = Set(axes.flatMap { input.axes[$0] })
    var storedAxes = storedAxes(of: source, covering: reduced)
    if storedAxes == nil {
      let order = input.preferredOrder
      let id = try stored(input, in: order, name: name)
      source = view(id, order: order)
      storedAxes = self.storedAxes(of: source, covering: Set(axes.flatMap { source.axes[$0] }))
    }
    let removed = Set(axes.flatMap { source.axes[$0] })
    guard let storedAxes else { throw ONNXProblem.unsupported("axes \(axes) of \(input.shape)") }
    let id =
      storedAxes.isEmpty
      ? source.base
      : try builder.graph.append(
        .mean(Mean(axes: storedAxes, keepsAxes: true)),
        name: name,
        inputs: [source.base]
      )
    let result = source.removing(removed, base: id)
    let shape = input.shape.indices.compactMap {
      axes.contains($0) ? (keepsAxes ? 1 : nil) : input.shape[$0]
    }
    return try reshaped(result, to: shape, name: name)
  }

  /// The stored axes that hold just these factors, or nil where one holds others too.
  ///
  /// Height and width of an image go together, so that a pooling of one row is still a global pooling.
  private func storedAxes(of view: AxisView, covering reduced: Set<Int>) -> [Int]? {
    let stored = builder.graph.shape(of: view.base)
    var axes: [Int] = []
    var factor = 0
    for (axis, extent) in stored.enumerated() where extent > 1 {
      var rest = extent
      var covered = 0
      var total = 0
      while rest > 1, factor < view.factors.count {
        covered += reduced.contains(factor) ? 1 : 0
        total += 1
        rest /= view.factors[factor]
        factor += 1
      }
      if covered == total { axes.append(axis) } else if covered > 0 { return nil }
    }
    if stored.count == 4, axes == [1] || axes == [2], stored[3 - axes[0]] == 1 { return [1, 2] }
    return axes
  }
}
