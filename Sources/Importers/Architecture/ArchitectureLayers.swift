internal import GraphIR

extension ArchitectureAssembly {
  /// The window of a pooling line; the stride is the kernel where it is not given.
  func window(_ call: ArchitectureLine, _ input: Value) throws -> Window {
    guard let kernel = try pair(call, "kernel") else {
      throw ArchitectureError(line: call.number, problem: "\(call.callee) needs kernel=N")
    }
    var window = Window(
      kernel: kernel,
      stride: try pair(call, "stride") ?? kernel,
      dilation: try pair(call, "dilation") ?? (1, 1),
      ceilMode: try flag(call, "ceil") ?? false
    )
    window.padding = try padding(call, window: window, input: input.shape)
    return window
  }

  mutating func convolution(_ call: ArchitectureLine, _ operands: [Value]) throws -> Value {
    let input = operands[0]
    let weights = try require(call, "weight", rank: 4)
    let name = "\(call.prefix).weight"
    guard input.shape.count == 4 else {
      throw GraphError("input \(input.shape), expected an image [1, C, H, W]")
    }
    let channels = weights.shape[1]
    let groups = try integer(call, "groups", 1...65536) ?? max(1, input.shape[1] / channels)
    let out = try integer(call, "out", 1...1 << 20) ?? weights.shape[0]
    let kernel = try pair(call, "kernel") ?? (weights.shape[2], weights.shape[3])
    let expected = [out, input.shape[1] / groups, kernel.y, kernel.x]
    guard weights.shape == expected, channels * groups == input.shape[1] else {
      throw WrongShape(name: name, found: weights.shape, expected: "\(expected)")
    }
    var window = Window(
      kernel: kernel,
      stride: try pair(call, "stride") ?? (1, 1),
      dilation: try pair(call, "dilation") ?? (1, 1)
    )
    window.padding = try padding(call, window: window, input: input.shape)
    let operation = Convolution(
      weights: weights.transposed([0, 2, 3, 1]),
      bias: try bias(call, count: out),
      stride: window.stride,
      dilation: window.dilation,
      padding: window.padding,
      paddingValues: try vector(call, "padding", count: input.shape[1]) ?? [],
      groups: groups,
      clamp: try clamp(call)
    )
    return try builder.apply(.convolution(operation), name: call.name, to: operands)
  }

  mutating func linear(_ call: ArchitectureLine, _ input: Value) throws -> Value {
    let weights = try require(call, "weight", rank: 2)
    let out = try integer(call, "out", 1...1 << 20) ?? weights.shape[0]
    let count = input.shape.reduce(1, *)
    guard weights.shape == [out, count] else {
      throw WrongShape(
        name: "\(call.prefix).weight",
        found: weights.shape,
        expected: "[\(out), \(count)]"
      )
    }
    // The layer reads an image as it is stored; the weights' columns follow it.
    var columns = weights
    if input.isChannelsLast {
      columns = weights.reshaped([out] + input.shape[1...]).transposed([0, 2, 3, 1])
        .reshaped(weights.shape)
    }
    let operation = FullyConnected(
      weights: columns,
      bias: try bias(call, count: out),
      clamp: try clamp(call)
    )
    let id = try builder.graph.append(
      .fullyConnected(operation),
      name: call.name,
      inputs: [input.id]
    )
    return Value(id: id, shape: [1, out], isChannelsLast: false)
  }

  private func bias(_ call: ArchitectureLine, count: Int) throws -> [Float] {
    if try flag(call, "bias") == false { return [Float](repeating: 0, count: count) }
    return try vector(call, "bias", count: count) ?? [Float](repeating: 0, count: count)
  }

  /// `clamp=LOW:HIGH`, bounds on the result.
  private func clamp(_ call: ArchitectureLine) throws -> Clamp {
    guard let text = call["clamp"] else { return .none }
    let bounds = text.split(separator: ":").compactMap { Float($0) }
    guard bounds.count == 2, bounds[0] <= bounds[1] else {
      throw ArchitectureError(line: call.number, problem: "clamp=\(text), expected LOW:HIGH")
    }
    return Clamp(low: bounds[0], high: bounds[1])
  }

  mutating func batchNormalization(_ call: ArchitectureLine, _ input: Value) throws -> Value {
    let channels = input.shape.count > 1 ? input.shape[1] : 0
    guard let mean = try vector(call, "running_mean", count: channels),
      let variance = try vector(call, "running_var", count: channels)
    else { throw ArchitectureError(line: call.number, problem: "no statistics") }
    return try builder.batchNormalization(
      input,
      name: call.name,
      gamma: try vector(call, "weight", count: channels),
      beta: try vector(call, "bias", count: channels),
      mean: mean,
      variance: variance,
      epsilon: try float(call, "eps") ?? 1e-5
    )
  }

  mutating func affine(_ call: ArchitectureLine, _ input: Value) throws -> Value {
    let channels = lastStored(input)
    guard let scale = try vector(call, "weight", count: channels),
      let bias = try vector(call, "bias", count: channels)
    else { throw ArchitectureError(line: call.number, problem: "no factors") }
    return try builder.channelAffine(input, name: call.name, scale: scale, bias: bias)
  }

  mutating func parametricReLU(_ call: ArchitectureLine, _ input: Value) throws -> Value {
    let slope = try require(call, "weight", rank: 1).values
    let channels = lastStored(input)
    guard slope.count == 1 || slope.count == channels else {
      throw WrongShape(
        name: "\(call.prefix).weight",
        found: [slope.count],
        expected: "[\(channels)]"
      )
    }
    if slope.count == 1 {
      return try builder.unary(input, .leakyReLU(slope: slope[0]), name: call.name)
    }
    return try builder.apply(
      .parametricReLU(ParametricReLU(slope: slope)),
      name: call.name,
      to: [input]
    )
  }

  private func lastStored(_ value: Value) -> Int {
    value.isChannelsLast ? value.shape[1] : value.shape.last ?? 1
  }

  mutating func softmax(
    _ call: ArchitectureLine,
    _ input: Value,
    isLogarithmic: Bool
  ) throws -> Value {
    let last = input.isChannelsLast ? 1 : input.shape.count - 1
    return try builder.softmax(
      input,
      axis: try integer(call, "axis", 0...8) ?? last,
      isLogarithmic: isLogarithmic,
      name: call.name
    )
  }

  mutating func slice(_ call: ArchitectureLine, _ input: Value) throws -> Value {
    let shape = input.shape
    var start = try list(call, "start") ?? [0]
    var size = try list(call, "size") ?? []
    var step = try list(call, "step")
    if call["axis"] != nil {
      let axis = try integer(call, "axis", 0...max(0, shape.count - 1)) ?? 0
      guard axis < shape.count, start.count == 1, size.count == 1,
        step.map({ $0.count == 1 }) ?? true
      else {
        throw GraphError("one axis, expected start=N and size=N")
      }
      func spread(_ value: Int, _ rest: [Int]) -> [Int] {
        var list = rest
        list[axis] = value
        return list
      }
      start = spread(start[0], shape.map { _ in 0 })
      size = spread(size[0], shape)
      step = step.map { spread($0[0], shape.map { _ in 1 }) }
    }
    return try builder.slice(input, start: start, extent: size, step: step, name: call.name)
  }

  mutating func resize(_ call: ArchitectureLine, _ input: Value) throws -> Value {
    guard input.shape.count == 4 else {
      throw GraphError("input \(input.shape), expected an image")
    }
    let scale = try pair(call, "scale") ?? (1, 1)
    let size = try pair(call, "size") ?? (input.shape[2] * scale.y, input.shape[3] * scale.x)
    guard size.y <= 65536, size.x <= 65536 else { throw GraphError("to \(size.y) by \(size.x)") }
    let isBilinear = call["mode"] == "bilinear"
    guard isBilinear || (call["mode"] ?? "nearest") == "nearest" else {
      throw GraphError("mode=\(call["mode"] ?? ""), expected nearest or bilinear")
    }
    let coordinates: Resize.Coordinates
    switch call["coordinates"] ?? (isBilinear ? "half_pixel" : "asymmetric") {
    case "half_pixel": coordinates = .halfPixel
    case "asymmetric": coordinates = .asymmetric
    case "align_corners": coordinates = .alignCorners
    case let other:
      throw GraphError(
        "coordinates=\(other), expected half_pixel, asymmetric or align_corners"
      )
    }
    let operation = Resize(
      height: size.y,
      width: size.x,
      isBilinear: isBilinear,
      coordinates: coordinates
    )
    return try builder.apply(.resize(operation), name: call.name, to: [input])
  }

  /// An operator that works on the storage, as text dumps have them.
  mutating func stored(
    _ operation: Operation,
    _ call: ArchitectureLine,
    _ operands: [Value]
  ) throws -> Value {
    let id = try builder.graph.append(operation, name: call.name, inputs: operands.map(\.id))
    let shape = builder.graph.shape(of: id)
    guard shape.count == 4, shape[0] == 1 else {
      return Value(id: id, shape: shape, isChannelsLast: false)
    }
    return Value(id: id, shape: [0, 3, 1, 2].map { shape[$0] }, isChannelsLast: true)
  }
}
