internal import GraphIR

/// Builds a graph layer by layer from named parameters, in PyTorch's words.
struct PyTorchNetwork {
  typealias Value = ChannelsFirstBuilder.Value

  /// The graph so far.
  var builder: ChannelsFirstBuilder
  /// What the layers take their numbers from.
  let parameters: PyTorchParameters
  /// Parameters that a layer has taken.
  private(set) var used: Set<String> = []
  /// What was assumed or dropped.
  var notes: [String] = []

  /// An empty network over `parameters`.
  init(name: String, parameters: PyTorchParameters) {
    builder = ChannelsFirstBuilder(name: name)
    self.parameters = parameters
  }

  /// Runs builder calls, and puts the file's path on their errors.
  mutating func build<T>(
    _ body: (inout ChannelsFirstBuilder) throws(GraphError) -> T
  ) throws(ImportError) -> T {
    do throws(GraphError) {
      return try body(&builder)
    } catch { throw .graph(path: parameters.path, error) }
  }

  /// Takes a parameter.
  mutating func take(_ name: String) throws(ImportError) -> Tensor {
    used.insert(name)
    return try parameters.tensor(name)
  }

  /// Takes a parameter that may be absent.
  mutating func takeOptional(_ name: String) throws(ImportError) -> [Float]? {
    parameters.contains(name) ? try take(name).values : nil
  }

  /// Declares parameters that inference has no use for.
  mutating func drop(where isDropped: (String) -> Bool) {
    for name in parameters.names where isDropped(name) { used.insert(name) }
  }

  /// Checks that no parameter is left over.
  ///
  /// - Throws: `ImportError.parameterMismatch` with their names.
  mutating func requireAllUsed() throws(ImportError) {
    drop { $0.hasSuffix("num_batches_tracked") || $0.hasPrefix("total_") }
    drop { $0 == "total_ops" || $0.hasSuffix(".total_ops") || $0.hasSuffix(".total_params") }
    let left = parameters.names.filter { !used.contains($0) }
    guard left.isEmpty else {
      throw .parameterMismatch(path: parameters.path, missing: [], unexpected: left, wrong: [])
    }
  }

  // MARK: Layers with parameters

  /// `nn.Conv2d`; padding nil keeps the size at stride 1, and groups follow from the shapes.
  mutating func convolution(
    _ input: Value,
    _ name: String,
    stride: Int = 1,
    padding: Int? = nil
  ) throws(ImportError) -> Value {
    let weights = try take(name + ".weight")
    let bias = try takeOptional(name + ".bias")
    guard weights.shape.count == 4, weights.shape.allSatisfy({ $0 > 0 }), input.shape.count == 4,
      input.shape[1] % weights.shape[1] == 0
    else {
      throw .parameterMismatch(
        path: parameters.path,
        missing: [],
        unexpected: [],
        wrong: ["\(name).weight \(weights.shape) for an input of \(input.shape)"]
      )
    }
    let (y, x) = (padding ?? weights.shape[2] / 2, padding ?? weights.shape[3] / 2)
    return try build { builder throws(GraphError) in
      try builder.convolution(
        input,
        name: name,
        weights: weights,
        bias: bias,
        stride: (stride, stride),
        padding: Padding(top: y, left: x, bottom: y, right: x),
        groups: input.shape[1] / weights.shape[1]
      )
    }
  }

  /// `nn.BatchNorm2d`.
  mutating func normalization(
    _ input: Value,
    _ name: String,
    epsilon: Float = 1e-5
  ) throws(ImportError) -> Value {
    let gamma = try takeOptional(name + ".weight")
    let beta = try takeOptional(name + ".bias")
    let mean = try take(name + ".running_mean").values
    let variance = try take(name + ".running_var").values
    used.insert(name + ".num_batches_tracked")
    return try build { builder throws(GraphError) in
      try builder.batchNormalization(
        input,
        name: name,
        gamma: gamma,
        beta: beta,
        mean: mean,
        variance: variance,
        epsilon: epsilon
      )
    }
  }

  /// `nn.Linear`; an image is flattened first.
  mutating func linear(_ input: Value, _ name: String) throws(ImportError) -> Value {
    let weights = try take(name + ".weight")
    let bias = try takeOptional(name + ".bias")
    let flat = input.shape.count == 2 ? input : try flatten(input, name + ".flatten")
    return try build { builder throws(GraphError) in
      try builder.linear(flat, name: name, weights: weights, bias: bias)
    }
  }

  /// Convolution, batch normalization, and an activation unless it is nil.
  mutating func block(
    _ input: Value,
    _ convolution: String,
    _ normalization: String,
    stride: Int = 1,
    padding: Int? = nil,
    epsilon: Float = 1e-5,
    _ activation: UnaryFunction? = .relu
  ) throws(ImportError) -> Value {
    let linear = try self.convolution(input, convolution, stride: stride, padding: padding)
    let normal = try self.normalization(linear, normalization, epsilon: epsilon)
    guard let activation else { return normal }
    return try unary(normal, activation, convolution + ".activation")
  }

  // MARK: Layers without parameters

  /// A function of one value.
  mutating func unary(
    _ input: Value,
    _ function: UnaryFunction,
    _ name: String
  ) throws(ImportError) -> Value {
    try build { builder throws(GraphError) in try builder.unary(input, function, name: name) }
  }

  /// `nn.ReLU`.
  mutating func relu(_ input: Value, _ name: String) throws(ImportError) -> Value {
    try unary(input, .relu, name)
  }

  /// A sum.
  mutating func add(_ a: Value, _ b: Value, _ name: String) throws(ImportError) -> Value {
    try build { builder throws(GraphError) in try builder.binary(.add, a, b, name: name) }
  }

  /// `nn.MaxPool2d`.
  mutating func maxPool(
    _ input: Value,
    _ name: String,
    kernel: Int,
    stride: Int,
    padding: Int = 0,
    ceilMode: Bool = false
  ) throws(ImportError) -> Value {
    let window = Self.window(kernel, stride, padding, ceilMode)
    return try build { builder throws(GraphError) in
      try builder.maxPool(input, name: name, window: window)
    }
  }

  /// `nn.AvgPool2d`.
  mutating func averagePool(
    _ input: Value,
    _ name: String,
    kernel: Int,
    stride: Int
  ) throws(ImportError) -> Value {
    let window = Self.window(kernel, stride, 0, false)
    return try build { builder throws(GraphError) in
      try builder.averagePool(input, name: name, window: window, countIncludesPadding: true)
    }
  }

  /// `nn.AdaptiveAvgPool2d`: nothing at the same size, a plain pooling where sizes divide.
  ///
  /// - Throws: `ImportError.unsupported` where windows would differ in size.
  mutating func adaptiveAveragePool(
    _ input: Value,
    _ name: String,
    height: Int,
    width: Int
  ) throws(ImportError) -> Value {
    guard input.shape.count == 4 else {
      throw .graph(
        path: parameters.path,
        GraphError("input \(input.shape), expected an image [1, C, H, W]", node: name)
      )
    }
    let (rows, columns) = (input.shape[2], input.shape[3])
    if (rows, columns) == (height, width) { return input }
    if (height, width) == (1, 1) { return try globalPool(input, name) }
    guard height > 0, width > 0, rows % height == 0, columns % width == 0 else {
      throw .unsupported(
        path: parameters.path,
        operators: [
          UnsupportedOperator(
            type: "AdaptiveAvgPool2d",
            node: name,
            detail: "from \(rows) × \(columns) to \(height) × \(width), expected a multiple; "
              + "choose another --input-size"
          )
        ]
      )
    }
    let window = Window(
      kernel: (rows / height, columns / width),
      stride: (rows / height, columns / width)
    )
    return try build { builder throws(GraphError) in
      try builder.averagePool(input, name: name, window: window, countIncludesPadding: true)
    }
  }

  /// The mean of every channel, as an image of one pixel.
  mutating func globalPool(_ input: Value, _ name: String) throws(ImportError) -> Value {
    try build { builder throws(GraphError) in
      try builder.mean(input, axes: [2, 3], keepsAxes: true, name: name)
    }
  }

  /// Everything in one axis.
  mutating func flatten(_ input: Value, _ name: String) throws(ImportError) -> Value {
    try build { builder throws(GraphError) in try builder.flatten(input, name: name) }
  }

  /// Channels side by side.
  mutating func concat(_ values: [Value], _ name: String) throws(ImportError) -> Value {
    try build { builder throws(GraphError) in try builder.concat(values, axis: 1, name: name) }
  }

  /// Channels `start ..< start + count`.
  mutating func channels(
    _ input: Value,
    from start: Int,
    count: Int,
    _ name: String
  ) throws(ImportError) -> Value {
    try build { builder throws(GraphError) in
      try builder.slice(
        input,
        start: [0, start, 0, 0],
        extent: [1, count, input.shape[2], input.shape[3]],
        name: name
      )
    }
  }

  /// Squeeze and excitation (Hu and others 2018): channels weighted by two 1 × 1 convolutions of their means.
  mutating func excitation(
    _ input: Value,
    _ name: String,
    inner: UnaryFunction,
    gate: UnaryFunction
  ) throws(ImportError) -> Value {
    let mean = try globalPool(input, name + ".avgpool")
    let squeezed = try unary(try convolution(mean, name + ".fc1"), inner, name + ".activation")
    let weights = try unary(try convolution(squeezed, name + ".fc2"), gate, name + ".scale")
    return try build { builder throws(GraphError) in
      try builder.binary(.multiply, input, weights, name: name + ".mul")
    }
  }

  private static func window(_ kernel: Int, _ stride: Int, _ padding: Int, _ ceil: Bool) -> Window {
    Window(
      kernel: (kernel, kernel),
      stride: (stride, stride),
      padding: Padding(top: padding, left: padding, bottom: padding, right: padding),
      ceilMode: ceil
    )
  }
}
