public import GraphIR

/// Builds a channels-last `Graph` from operators that speak of channels first (N, C, H, W).
///
/// A value keeps its logical shape in the framework's axis order. An image is stored channels-last, `[1, H, W, C]`, and axes are
/// translated on the way; only an operator that sees the plain row-major sequence (flatten, general reshape and
/// transpose) forces a real transposition, which the passes usually fold into weights.
public struct ChannelsFirstBuilder: Sendable {
  /// A value of the network under construction.
  public struct Value: Sendable, Equatable {
    /// The value in the graph.
    public var id: ValueID
    /// Extents in the framework's order, with the leading batch of 1.
    public var shape: [Int]
    /// Whether the graph stores it channels-last; always so for images, never for other ranks.
    public var isChannelsLast: Bool
  }

  /// The graph so far.
  public var graph: Graph

  /// A builder of an empty graph.
  public init(name: String) { graph = Graph(name: name) }

  // MARK: Values

  /// The image input, logical shape `[1, channels, height, width]`.
  public mutating func image(name: String, channels: Int, height: Int, width: Int) -> Value {
    let id = graph.addInput(name: name, shape: [1, height, width, channels])
    return Value(id: id, shape: [1, channels, height, width], isChannelsLast: true)
  }

  /// An input of any shape, kept in the framework's order unless it is an image.
  public mutating func input(name: String, shape: [Int]) -> Value {
    if shape.count == 4 {
      return image(name: name, channels: shape[1], height: shape[2], width: shape[3])
    }
    return Value(
      id: graph.addInput(name: name, shape: shape),
      shape: shape,
      isChannelsLast: false
    )
  }

  /// A constant in the framework's axis order.
  public mutating func constant(name: String, _ tensor: Tensor) -> Value {
    if tensor.shape.count == 4 {
      let id = graph.addConstant(name: name, tensor.transposed([0, 2, 3, 1]))
      return Value(id: id, shape: tensor.shape, isChannelsLast: true)
    }
    return Value(
      id: graph.addConstant(name: name, tensor),
      shape: tensor.shape,
      isChannelsLast: false
    )
  }

  /// Declares the graph's outputs; images come out channels-last.
  public mutating func finish(outputs: [Value]) -> Graph {
    graph.outputs = outputs.map(\.id)
    return graph
  }

  // MARK: Operators

  /// Applies an operator whose result has the layout of its first input.
  public mutating func apply(
    _ operation: Operation,
    name: String,
    to values: [Value]
  ) throws(GraphError) -> Value {
    let id = try graph.append(operation, name: name, inputs: values.map(\.id))
    return wrap(id, isChannelsLast: values[0].isChannelsLast)
  }

  /// A convolution with weights `[O, C ÷ groups, KH, KW]`.
  public mutating func convolution(
    _ input: Value,
    name: String,
    weights: Tensor,
    bias: [Float]? = nil,
    stride: (y: Int, x: Int) = (1, 1),
    padding: Padding = Padding(),
    dilation: (y: Int, x: Int) = (1, 1),
    groups: Int = 1
  ) throws(GraphError) -> Value {
    guard weights.shape.count == 4 else {
      throw GraphError("weights \(weights.shape), expected [O, C, KH, KW]", node: name)
    }
    guard bias.map({ $0.count == weights.shape[0] }) ?? true else {
      throw GraphError("\(bias?.count ?? 0) biases, expected \(weights.shape[0])", node: name)
    }
    let convolution = Convolution(
      weights: weights.transposed([0, 2, 3, 1]),
      bias: bias ?? [Float](repeating: 0, count: weights.shape[0]),
      stride: stride,
      dilation: dilation,
      padding: padding,
      groups: groups
    )
    return try apply(.convolution(convolution), name: name, to: [try asImage(input, name)])
  }

  /// A linear layer with weights `[O, K]` over the last axis of `[1, K]`.
  public mutating func linear(
    _ input: Value,
    name: String,
    weights: Tensor,
    bias: [Float]? = nil
  ) throws(GraphError) -> Value {
    guard weights.shape.count == 2 else {
      throw GraphError("weights \(weights.shape), expected [O, K]", node: name)
    }
    guard bias.map({ $0.count == weights.shape[0] }) ?? true else {
      throw GraphError("\(bias?.count ?? 0) biases, expected \(weights.shape[0])", node: name)
    }
    let flat = try asSequence(input, name)
    let layer = FullyConnected(
      weights: weights,
      bias: bias ?? [Float](repeating: 0, count: weights.shape[0])
    )
    return try apply(.fullyConnected(layer), name: name, to: [flat])
  }

  /// Batch normalization over axis 1.
  public mutating func batchNormalization(
    _ input: Value,
    name: String,
    gamma: [Float]?,
    beta: [Float]?,
    mean: [Float],
    variance: [Float],
    epsilon: Float
  ) throws(GraphError) -> Value {
    let channels = input.shape.count > 1 ? input.shape[1] : 0
    for (what, vector) in [
      ("gamma", gamma ?? mean), ("beta", beta ?? mean), ("mean", mean), ("variance", variance),
    ]
    where vector.count != channels {
      throw GraphError("\(what) has \(vector.count) values, expected \(channels)", node: name)
    }
    guard variance.allSatisfy({ $0 + epsilon > 0 }) else {
      throw GraphError("variance has a value below 0", node: name)
    }
    let affine = ChannelAffine(
      gamma: gamma ?? [Float](repeating: 1, count: channels),
      beta: beta ?? [Float](repeating: 0, count: channels),
      mean: mean,
      variance: variance,
      epsilon: epsilon
    )
    return try apply(.channelAffine(affine), name: name, to: [input])
  }

  /// `scale[c] × x + bias[c]` along axis 1.
  public mutating func channelAffine(
    _ input: Value,
    name: String,
    scale: [Float],
    bias: [Float]
  ) throws(GraphError) -> Value {
    try apply(.channelAffine(ChannelAffine(scale: scale, bias: bias)), name: name, to: [input])
  }

  /// A function of one value.
  public mutating func unary(
    _ input: Value,
    _ function: UnaryFunction,
    name: String
  ) throws(GraphError) -> Value {
    try apply(.unary(function), name: name, to: [input])
  }

  /// A function of two values with NumPy broadcasting in the framework's axis order.
  public mutating func binary(
    _ function: BinaryFunction,
    _ a: Value,
    _ b: Value,
    name: String
  ) throws(GraphError) -> Value {
    let isImage = a.isChannelsLast || b.isChannelsLast
    let left = isImage ? try asBroadcastImage(a, name) : a
    let right = isImage ? try asBroadcastImage(b, name) : b
    return try apply(.binary(function), name: name, to: [left, right])
  }

  /// Max pooling.
  public mutating func maxPool(
    _ input: Value,
    name: String,
    window: Window
  ) throws(GraphError) -> Value {
    try apply(.maxPool(Pooling(window: window)), name: name, to: [try asImage(input, name)])
  }

  /// Average pooling.
  public mutating func averagePool(
    _ input: Value,
    name: String,
    window: Window,
    countIncludesPadding: Bool
  ) throws(GraphError) -> Value {
    let pooling = Pooling(window: window, countIncludesPadding: countIncludesPadding)
    return try apply(.averagePool(pooling), name: name, to: [try asImage(input, name)])
  }

  /// Mean over axes in the framework's order.
  public mutating func mean(
    _ input: Value,
    axes: [Int],
    keepsAxes: Bool,
    name: String
  ) throws(GraphError) -> Value {
    guard input.isChannelsLast else {
      return try apply(
        .mean(Mean(axes: axes, keepsAxes: keepsAxes)),
        name: name,
        to: [input]
      )
    }
    guard axes.allSatisfy({ (0..<4).contains($0) }) else {
      throw GraphError("axes \(axes) of \(input.shape)", node: name)
    }
    let mapped = axes.map(Self.channelsLastAxis)
    if keepsAxes || Set(axes) == [2, 3] {
      var result = try apply(
        .mean(Mean(axes: mapped, keepsAxes: keepsAxes)),
        name: name,
        to: [input]
      )
      if !keepsAxes { result = wrap(result.id, isChannelsLast: false) }
      return result
    }
    let reduced = try apply(
      .mean(Mean(axes: mapped, keepsAxes: true)),
      name: name,
      to: [input]
    )
    let shape = reduced.shape.indices.filter { !axes.contains($0) }.map { reduced.shape[$0] }
    return try reshape(reduced, to: shape, name: name + "/squeeze")
  }

  /// Concatenation along an axis in the framework's order.
  public mutating func concat(
    _ values: [Value],
    axis: Int,
    name: String
  ) throws(GraphError) -> Value {
    guard let first = values.first, first.shape.indices.contains(axis) else {
      throw GraphError("concatenation along axis \(axis)", node: name)
    }
    let isImage = values.contains(where: \.isChannelsLast)
    var inputs: [Value] = []
    for value in values { inputs.append(isImage ? try asImage(value, name) : value) }
    return try apply(
      .concat(Concat(axis: isImage ? Self.channelsLastAxis(axis) : axis)),
      name: name,
      to: inputs
    )
  }

  /// A box cut out, per axis in the framework's order.
  public mutating func slice(
    _ input: Value,
    start: [Int],
    extent: [Int],
    step: [Int]? = nil,
    name: String
  ) throws(GraphError) -> Value {
    guard start.count == input.shape.count, extent.count == start.count,
      step.map({ $0.count == start.count }) ?? true
    else { throw GraphError("slice \(start) + \(extent) of \(input.shape)", node: name) }
    func mapped(_ list: [Int]) -> [Int] {
      input.isChannelsLast ? [0, 2, 3, 1].map { list[$0] } : list
    }
    let slice = Slice(start: mapped(start), extent: mapped(extent), step: step.map(mapped))
    return try apply(.slice(slice), name: name, to: [input])
  }

  /// ShuffleNet's channel shuffle.
  public mutating func channelShuffle(
    _ input: Value,
    groups: Int,
    name: String
  ) throws(GraphError) -> Value {
    guard input.isChannelsLast, groups > 0, input.shape[1] % groups == 0 else {
      throw GraphError("shuffle of \(input.shape) in \(groups) groups", node: name)
    }
    let gather = GatherChannels(shuffling: input.shape[1], groups: groups)
    return try apply(.gatherChannels(gather), name: name, to: [input])
  }

  /// Softmax along an axis in the framework's order.
  public mutating func softmax(
    _ input: Value,
    axis: Int,
    isLogarithmic: Bool = false,
    name: String
  ) throws(GraphError) -> Value {
    let last = input.isChannelsLast ? 1 : input.shape.count - 1
    guard axis == last else {
      throw GraphError("softmax over axis \(axis) of \(input.shape), expected \(last)", node: name)
    }
    return try apply(.softmax(Softmax(isLogarithmic: isLogarithmic)), name: name, to: [input])
  }

  /// Everything after the batch in one axis, in the framework's order.
  public mutating func flatten(_ input: Value, name: String) throws(GraphError) -> Value {
    try reshape(input, to: [1, input.shape.reduce(1, *)], name: name)
  }

  /// The same row-major sequence, in the framework's order, in another shape without wildcards.
  public mutating func reshape(
    _ input: Value,
    to shape: [Int],
    name: String
  ) throws(GraphError) -> Value {
    if shape == input.shape { return input }
    let sequence = try asSequence(input, name)
    guard shape.count == 4 else {
      return try apply(.reshape(Reshape(shape: shape)), name: name, to: [sequence])
    }
    if shape[1] == 1 || shape[2] * shape[3] == 1 {
      let id = try graph.append(
        .reshape(Reshape(shape: [shape[0], shape[2], shape[3], shape[1]])),
        name: name,
        inputs: [sequence.id]
      )
      return wrap(id, isChannelsLast: true)
    }
    let plain = try apply(.reshape(Reshape(shape: shape)), name: name, to: [sequence])
    let id = try graph.append(
      .transpose(Transpose(permutation: [0, 2, 3, 1])),
      name: name + "/channels_last",
      inputs: [plain.id]
    )
    return wrap(id, isChannelsLast: true)
  }

  /// A permutation of axes in the framework's order.
  public mutating func transpose(
    _ input: Value,
    permutation: [Int],
    name: String
  ) throws(GraphError) -> Value {
    guard permutation.sorted() == Array(input.shape.indices) else {
      throw GraphError("permutation \(permutation) of \(input.shape)", node: name)
    }
    if permutation == Array(input.shape.indices) { return input }
    guard input.isChannelsLast else {
      return try apply(.transpose(Transpose(permutation: permutation)), name: name, to: [input])
    }
    // Stored axes are N, H, W, C; the result is stored channels-last of its own logical order.
    let stored = [0, 2, 3, 1]
    let logical = stored.map { permutation[$0] }
    let steps = logical.map(Self.channelsLastAxis)
    return try apply(.transpose(Transpose(permutation: steps)), name: name, to: [input])
  }

  // MARK: Layout

  /// Where axis `axis` of N, C, H, W is stored.
  static func channelsLastAxis(_ axis: Int) -> Int { [0, 3, 1, 2][axis] }

  private func wrap(_ id: ValueID, isChannelsLast: Bool) -> Value {
    let stored = graph.shape(of: id)
    guard isChannelsLast, stored.count == 4 else {
      return Value(id: id, shape: stored, isChannelsLast: false)
    }
    return Value(id: id, shape: [0, 3, 1, 2].map { stored[$0] }, isChannelsLast: true)
  }

  /// The value as an image; anything else than rank 4 is refused.
  func asImage(_ value: Value, _ name: String) throws(GraphError) -> Value {
    guard value.isChannelsLast else {
      throw GraphError("input \(value.shape), expected an image [1, C, H, W]", node: name)
    }
    return value
  }

  /// The value with its elements stored in the framework's row-major order.
  mutating func asSequence(_ value: Value, _ name: String) throws(GraphError) -> Value {
    guard value.isChannelsLast else { return value }
    if value.shape[1] == 1 || value.shape[2] * value.shape[3] == 1 {
      return Value(id: value.id, shape: value.shape, isChannelsLast: false)
    }
    let id = try graph.append(
      .transpose(Transpose(permutation: [0, 3, 1, 2])),
      name: name + "/channels_first",
      inputs: [value.id]
    )
    return Value(id: id, shape: value.shape, isChannelsLast: false)
  }

  /// A lower-rank operand beside an image: NumPy aligns last axes, which are stored elsewhere here.
  private mutating func asBroadcastImage(
    _ value: Value,
    _ name: String
  ) throws(GraphError) -> Value {
    if value.isChannelsLast { return value }
    let shape = [Int](repeating: 1, count: max(0, 4 - value.shape.count)) + value.shape
    guard shape.count == 4 else {
      throw GraphError("operand \(value.shape) beside an image", node: name)
    }
    if let tensor = graph.constants[value.id] {
      return constant(name: graph[value.id].name + "/image", tensor.reshaped(shape))
    }
    return try reshape(value, to: shape, name: name + "/image")
  }
}
