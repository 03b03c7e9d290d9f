import GraphIR

/// Numbers that a seed gives, the same everywhere.
struct SeededRandom: RandomNumberGenerator {
  var state: UInt64

  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func values(_ count: Int, in range: ClosedRange<Float>) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
  }
}

/// A random network of convolutions, residual sums, pools, joins and activations of every kind, whose channels differ in size a
/// thousandfold.
struct RandomNetwork {
  var graph = Graph(name: "random")
  private var random: SeededRandom
  private var value: ValueID

  /// The network of a seed: image 10 × 9 × 3 to 5 logits.
  init(seed: UInt64) throws {
    random = SeededRandom(seed)
    value = graph.addInput(name: "image", shape: [1, 10, 9, 3])
    value = try convolution(value, 3, 6, "first", scale: 0.01)
    for layer in 0..<Int.random(in: 3...8, using: &random) { value = try grow("layer\(layer)") }
    let shape = graph.shape(of: value)
    if Bool.random(using: &random) {
      let mean = Mean(axes: [1, 2], keepsAxes: Bool.random(using: &random))
      value = try graph.append(.mean(mean), name: "mean", inputs: [value])
    } else {
      if Bool.random(using: &random) {
        let order = Transpose(permutation: [0, 3, 1, 2])
        value = try graph.append(.transpose(order), name: "turned", inputs: [value])
      }
      let flat = Reshape(shape: [1, shape.reduce(1, *)])
      value = try graph.append(.reshape(flat), name: "flat", inputs: [value])
    }
    value = try fullyConnected(value, 7, "hidden", clamp: Clamp(low: 0, high: .infinity))
    value = try fullyConnected(value, 5, "logits", clamp: .none)
    graph.outputs = [value]
  }

  /// Channel sizes between 1/30 and 30.
  private mutating func sizes(_ count: Int) -> [Float] {
    (0..<count).map { _ in
      let exponent = Float.random(in: -5...5, using: &random)
      return Float(sign: .plus, exponent: Int(exponent.rounded()), significand: 1)
    }
  }

  private mutating func clamp() -> Clamp {
    [
      Clamp.none, Clamp(low: 0, high: .infinity), Clamp(low: 0, high: 6),
      Clamp(low: -.infinity, high: 0), Clamp(low: -1, high: 1),
    ].randomElement(using: &random) ?? .none
  }

  private mutating func convolution(
    _ input: ValueID,
    _ inputs: Int,
    _ outputs: Int,
    _ name: String,
    groups: Int = 1,
    scale: Float = 1
  ) throws -> ValueID {
    let depth = 9 * inputs / groups
    let rows = sizes(outputs)
    var op = Convolution(
      weights: Tensor(
        shape: [outputs, 3, 3, inputs / groups],
        values: (0..<outputs * depth).map {
          Float.random(in: -1...1, using: &random) * rows[$0 / depth] * scale
            / Float(depth).squareRoot()
        }
      ),
      bias: zip(random.values(outputs, in: -1...1), rows).map { $0 * $1 },
      padding: Padding(top: 1, left: 1, bottom: 1, right: 1),
      paddingValues: Bool.random(using: &random) ? random.values(inputs, in: -1...1) : [],
      groups: groups
    )
    op.clamp = clamp()
    // Made-up statistics are wrong, and where they promise that a bound is never reached that would matter.
    if op.clamp.high != 6, Bool.random(using: &random) {
      op.statistics = ChannelStatistics(
        mean: random.values(outputs, in: -1...1),
        deviation: random.values(outputs, in: 0.5...1)
      )
    }
    return try graph.append(.convolution(op), name: name, inputs: [input])
  }

  private mutating func fullyConnected(
    _ input: ValueID,
    _ outputs: Int,
    _ name: String,
    clamp: Clamp
  ) throws -> ValueID {
    let count = graph.shape(of: input).reduce(1, *)
    let op = FullyConnected(
      weights: Tensor(
        shape: [outputs, count],
        values: random.values(outputs * count, in: -1...1).map { $0 / Float(count).squareRoot() }
      ),
      bias: random.values(outputs, in: -1...1),
      clamp: clamp
    )
    return try graph.append(.fullyConnected(op), name: name, inputs: [input])
  }

  private mutating func grow(_ name: String) throws -> ValueID {
    let channels = graph.shape(of: value)[3]
    switch Int.random(in: 0..<13, using: &random) {
    case 0, 1, 2: return try convolution(value, channels, 6, name)
    case 3, 4: return try convolution(value, channels, channels, name, groups: channels)
    case 5:
      let branch = try convolution(value, channels, channels, name + "/branch")
      return try graph.append(.binary(.add), name: name, inputs: [value, branch])
    case 6:
      let branch = try convolution(value, channels, 3, name + "/branch")
      return try graph.append(.concat(Concat(axis: 3)), name: name, inputs: [value, branch])
    case 7:
      let gate = try graph.append(.unary(.sigmoid), name: name + "/gate", inputs: [value])
      return try graph.append(.binary(.multiply), name: name, inputs: [value, gate])
    case 8:
      let functions: [UnaryFunction] = [
        .relu, .relu6, .hardSwish, .leakyReLU(slope: 0.1), .abs, .negate,
        .linear(scale: 2, bias: 1), .linear(scale: -2, bias: 0),
      ]
      let function = functions.randomElement(using: &random) ?? .relu
      return try graph.append(.unary(function), name: name, inputs: [value])
    case 9:
      let window = Window(kernel: (2, 2), padding: Padding(bottom: 1, right: 1))
      let pool = Pooling(window: window, countIncludesPadding: true)
      let operation: GraphIR.Operation =
        Bool.random(using: &random) ? .maxPool(pool) : .averagePool(pool)
      return try graph.append(operation, name: name, inputs: [value])
    case 10:
      let order = GatherChannels(indices: (0..<channels).shuffled(using: &random))
      return try graph.append(.gatherChannels(order), name: name, inputs: [value])
    case 11:
      let prelu = ParametricReLU(slope: random.values(channels, in: -1...1))
      return try graph.append(.parametricReLU(prelu), name: name, inputs: [value])
    default:
      let pad = Pad(
        padding: Padding(top: 1),
        channels: (1, 0),
        value: Bool.random(using: &random) ? 0 : 2
      )
      return try graph.append(.pad(pad), name: name, inputs: [value])
    }
  }
}
