import GraphIR
import ModelFormat

extension SplitMix64 {
  mutating func tensor(_ shape: [Int], scale: Float = 1) -> Tensor {
    Tensor(
      shape: shape,
      values: (0..<shape.reduce(1, *)).map { _ in Float.random(in: -scale...scale, using: &self) }
    )
  }

  mutating func values(_ count: Int, in range: ClosedRange<Float>) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
  }
}

/// A random image network that uses everything the passes look for.
struct RandomGraph {
  var graph = Graph(name: "random")
  var generator: SplitMix64

  init(seed: UInt64) throws {
    generator = SplitMix64(seed: seed)
    let channels = Int.random(in: 1...3, using: &generator)
    var value = graph.addInput(name: "image", shape: [1, 9, 8, channels])
    for layer in 0..<Int.random(in: 3...9, using: &generator) {
      value = try grow(value, "layer\(layer)")
    }
    value = try graph.append(
      .transpose(Transpose(permutation: [0, 3, 1, 2])),
      name: "channels_first",
      inputs: [value]
    )
    let count = graph.shape(of: value).reduce(1, *)
    value = try graph.append(
      .reshape(Reshape(shape: [1, count])),
      name: "flatten",
      inputs: [value]
    )
    value = try graph.append(.unary(.relu), name: "flat_relu", inputs: [value])
    let layer = FullyConnected(
      weights: generator.tensor([5, count], scale: 0.2),
      bias: generator.values(5, in: -1...1)
    )
    value = try graph.append(.fullyConnected(layer), name: "logits", inputs: [value])
    value = try graph.append(.softmax(Softmax()), name: "softmax", inputs: [value])
    graph.outputs = [value]
  }

  private mutating func grow(_ value: ValueID, _ name: String) throws -> ValueID {
    let channels = graph.shape(of: value)[3]
    switch Int.random(in: 0..<8, using: &generator) {
    case 0, 1: return try convolution(value, name)
    case 2:
      let scale = generator.values(channels, in: 0.5...1.5)
      let bias = generator.values(channels, in: -1...1)
      return try graph.append(
        .channelAffine(ChannelAffine(scale: scale, bias: bias)),
        name: name,
        inputs: [value]
      )
    case 3:
      let sigmoid = try graph.append(.unary(.sigmoid), name: name + "/gate", inputs: [value])
      return try graph.append(.binary(.multiply), name: name, inputs: [value, sigmoid])
    case 4:
      let pad = Pad(padding: Padding(top: 1, left: 0, bottom: 1, right: 2))
      return try convolution(
        try graph.append(.pad(pad), name: name + "/pad", inputs: [value]),
        name
      )
    case 5:
      let constant = graph.addConstant(name: name + "/c", generator.tensor([channels]))
      let function = [BinaryFunction.add, .subtract, .multiply].randomElement(using: &generator)
      return try graph.append(
        .binary(function ?? .add),
        name: name,
        inputs: [value, constant]
      )
    case 6:
      let shape = graph.shape(of: value)
      let branch = Convolution(
        weights: generator.tensor([channels, 3, 3, channels], scale: 0.3),
        bias: generator.values(channels, in: -1...1),
        padding: Padding(top: 1, left: 1, bottom: 1, right: 1)
      )
      let left = try graph.append(.convolution(branch), name: name + "/conv", inputs: [value])
      precondition(graph.shape(of: left) == shape)
      let sum = try graph.append(.binary(.add), name: name + "/sum", inputs: [left, value])
      return try graph.append(.unary(.relu6), name: name, inputs: [sum])
    default:
      return try graph.append(.unary(.relu), name: name, inputs: [value])
    }
  }

  private mutating func convolution(_ value: ValueID, _ name: String) throws -> ValueID {
    let channels = graph.shape(of: value)[3]
    let outputs = Int.random(in: 1...4, using: &generator) * channels
    let groups = Bool.random(using: &generator) ? channels : 1
    let convolution = Convolution(
      weights: generator.tensor([outputs, 2, 3, channels / groups], scale: 0.4),
      bias: generator.values(outputs, in: -1...1),
      padding: Padding(top: 1, left: 1, bottom: 0, right: 1),
      groups: groups
    )
    let result = try graph.append(.convolution(convolution), name: name, inputs: [value])
    let affine = ChannelAffine(
      gamma: generator.values(outputs, in: 0.5...1.5),
      beta: generator.values(outputs, in: -1...1),
      mean: generator.values(outputs, in: -1...1),
      variance: generator.values(outputs, in: 0.5...2),
      epsilon: 1e-3
    )
    return try graph.append(.channelAffine(affine), name: name + "/bn", inputs: [result])
  }
}
