import GraphIR
import ModelFormat

extension SplitMix64 {
  mutating func values(_ count: Int, in range: ClosedRange<Float>) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
  }
}

/// Small graphs, one an operator, all from a 12 × 10 RGB image to 5 logits or to whatever the operator gives.
struct GraphSample: CustomStringConvertible, Sendable {
  var name: String
  var graph: Graph
  var description: String { name }

  /// Convolution weights that keep the variance of what they read.
  static func convolution(
    _ inputs: Int,
    _ outputs: Int,
    kernel: (Int, Int) = (3, 3),
    groups: Int = 1,
    seed: UInt64,
    scale: Float = 1
  ) -> Convolution {
    var random = SplitMix64(seed: seed)
    let depth = kernel.0 * kernel.1 * inputs / groups
    let reach = scale * (3 / Float(depth)).squareRoot()
    return Convolution(
      weights: Tensor(
        shape: [outputs, kernel.0, kernel.1, inputs / groups],
        values: random.values(outputs * depth, in: -reach...reach)
      ),
      bias: random.values(outputs, in: -0.3...0.3),
      groups: groups
    )
  }

  /// A graph that starts with a convolution of the image to `channels` channels.
  static func started(_ name: String, channels: Int, seed: UInt64 = 1) throws -> (Graph, ValueID) {
    var graph = Graph(name: name)
    let input = graph.addInput(name: "image", shape: [1, 12, 10, 3])
    var first = convolution(3, channels, seed: seed, scale: 0.01)
    first.padding = Padding(top: 1, left: 1, bottom: 1, right: 1)
    let value = try graph.append(.convolution(first), name: "first", inputs: [input])
    return (graph, value)
  }

  /// `build` between a first convolution and a global average with 5 logits.
  static func sample(
    _ name: String,
    channels: Int = 8,
    _ build: (inout Graph, ValueID) throws -> ValueID
  ) -> GraphSample {
    do {
      var (graph, value) = try started(name, channels: channels)
      value = try build(&graph, value)
      let shape = graph.shape(of: value)
      var random = SplitMix64(seed: 99)
      let count = shape.reduce(1, *)
      let reach = (3 / Float(count)).squareRoot()
      let head = FullyConnected(
        weights: Tensor(shape: [5, count], values: random.values(5 * count, in: -reach...reach)),
        bias: random.values(5, in: -0.1...0.1)
      )
      value = try graph.append(.fullyConnected(head), name: "logits", inputs: [value])
      value = try graph.append(.softmax(Softmax()), name: "scores", inputs: [value])
      graph.outputs = [value]
      try graph.verify()
      return GraphSample(name: name, graph: graph)
    } catch {
      fatalError("\(name): \(error)")
    }
  }

  static let all: [GraphSample] = convolutions + moves + functions

  static let convolutions: [GraphSample] = [
    sample("plain") { _, x in x },
    sample("relu6 and stride") { graph, x in
      var op = convolution(8, 12, seed: 2)
      op.clamp = Clamp(low: 0, high: 6)
      op.stride = (2, 1)
      op.padding = Padding(top: 0, left: 1, bottom: 1, right: 0)
      return try graph.append(.convolution(op), name: "conv", inputs: [x])
    },
    sample("dilation") { graph, x in
      var op = convolution(8, 17, kernel: (3, 2), seed: 2)
      op.dilation = (2, 3)
      return try graph.append(.convolution(op), name: "conv", inputs: [x])
    },
    sample("groups", channels: 12) { graph, x in
      let op = convolution(12, 18, groups: 3, seed: 2)
      return try graph.append(.convolution(op), name: "conv", inputs: [x])
    },
    sample("depthwise", channels: 19) { graph, x in
      var op = convolution(19, 19, kernel: (5, 3), groups: 19, seed: 2)
      op.padding = Padding(top: 2, left: 1, bottom: 2, right: 1)
      op.clamp = Clamp(low: 0, high: .infinity)
      return try graph.append(.convolution(op), name: "depthwise", inputs: [x])
    },
    sample("residual") { graph, x in
      var op = convolution(8, 8, seed: 2)
      op.padding = Padding(top: 1, left: 1, bottom: 1, right: 1)
      op.clamp = Clamp(low: 0, high: .infinity)
      return try graph.append(.convolution(op), name: "conv", inputs: [x, x])
    },
    sample("fully connected inside") { graph, x in
      var random = SplitMix64(seed: 5)
      let fc = FullyConnected(
        weights: Tensor(shape: [33, 960], values: random.values(33 * 960, in: -0.05...0.05)),
        bias: random.values(33, in: -0.1...0.1),
        clamp: Clamp(low: 0, high: .infinity)
      )
      let flat = try graph.append(.reshape(Reshape(shape: [1, 960])), name: "flat", inputs: [x])
      return try graph.append(.fullyConnected(fc), name: "hidden", inputs: [flat])
    },
    sample("affine with relu") { graph, x in
      var random = SplitMix64(seed: 5)
      let op = ChannelAffine(
        scale: random.values(8, in: -1...1),
        bias: random.values(8, in: -0.5...0.5)
      )
      let value = try graph.append(.channelAffine(op), name: "affine", inputs: [x])
      return try graph.append(.unary(.relu), name: "relu", inputs: [value])
    },
  ]

  static let moves: [GraphSample] = [
    sample("max pooling") { graph, x in
      let window = Window(
        kernel: (3, 3),
        stride: (2, 2),
        padding: Padding(top: 1, left: 1, bottom: 0, right: 1),
        ceilMode: true
      )
      return try graph.append(.maxPool(Pooling(window: window)), name: "pool", inputs: [x])
    },
    sample("average pooling") { graph, x in
      let window = Window(
        kernel: (3, 2),
        stride: (2, 2),
        padding: Padding(top: 1, left: 1, bottom: 1, right: 0)
      )
      return try graph.append(
        .averagePool(Pooling(window: window, countIncludesPadding: true)),
        name: "pool",
        inputs: [x]
      )
    },
    sample("mean") { graph, x in
      try graph.append(.mean(Mean(axes: [1, 2], keepsAxes: false)), name: "mean", inputs: [x])
    },
    sample("mean over rows") { graph, x in
      try graph.append(.mean(Mean(axes: [1], keepsAxes: false)), name: "mean", inputs: [x])
    },
    sample("concat of three", channels: 5) { graph, x in
      let a = try graph.append(
        .convolution(convolution(5, 7, kernel: (1, 1), seed: 3)),
        name: "a",
        inputs: [x]
      )
      let b = try graph.append(
        .convolution(convolution(5, 3, kernel: (1, 1), seed: 4)),
        name: "b",
        inputs: [x]
      )
      let first = try graph.append(.concat(Concat(axis: 3)), name: "ab", inputs: [a, b])
      return try graph.append(.concat(Concat(axis: 3)), name: "all", inputs: [a, b, x, first])
    },
    sample("concat with the image") { graph, x in
      let conv = try graph.append(
        .convolution(convolution(8, 8, kernel: (1, 1), seed: 3, scale: 60)),
        name: "conv",
        inputs: [x]
      )
      return try graph.append(
        .concat(Concat(axis: 3)),
        name: "all",
        inputs: [conv, graph.inputs[0]]
      )
    },
    sample("channel shuffle", channels: 6) { graph, x in
      let low = try graph.append(
        .slice(Slice(start: [0, 0, 0, 0], extent: [1, 12, 10, 3])),
        name: "low",
        inputs: [x]
      )
      let high = try graph.append(
        .slice(Slice(start: [0, 0, 0, 3], extent: [1, 12, 10, 3])),
        name: "high",
        inputs: [x]
      )
      let conv = try graph.append(
        .convolution(convolution(3, 5, kernel: (1, 1), seed: 3)),
        name: "branch",
        inputs: [high]
      )
      let joined = try graph.append(.concat(Concat(axis: 3)), name: "joined", inputs: [low, conv])
      return try graph.append(
        .gatherChannels(GatherChannels(shuffling: 8, groups: 2)),
        name: "shuffle",
        inputs: [joined]
      )
    },
    sample("strided slice and channel padding") { graph, x in
      let slice = try graph.append(
        .slice(Slice(start: [0, 0, 0, 0], extent: [1, 6, 5, 8], step: [1, 2, 2, 1])),
        name: "slice",
        inputs: [x]
      )
      return try graph.append(
        .pad(Pad(padding: Padding(), channels: (4, 3))),
        name: "pad",
        inputs: [slice]
      )
    },
    sample("crop") { graph, x in
      try graph.append(
        .slice(Slice(start: [0, 3, 2, 0], extent: [1, 4, 3, 8], step: [1, 2, 1, 1])),
        name: "crop",
        inputs: [x]
      )
    },
    sample("strides") { graph, x in
      try graph.append(
        .slice(Slice(start: [0, 0, 0, 0], extent: [1, 4, 5, 8], step: [1, 3, 2, 1])),
        name: "slice",
        inputs: [x]
      )
    },
    sample("pad") { graph, x in
      try graph.append(
        .pad(Pad(padding: Padding(top: 1, left: 2, bottom: 3, right: 0), value: 0.5)),
        name: "pad",
        inputs: [x]
      )
    },
    sample("reshape and transpose") { graph, x in
      let value = try graph.append(
        .transpose(Transpose(permutation: [0, 3, 1, 2])),
        name: "transpose",
        inputs: [x]
      )
      return try graph.append(
        .reshape(Reshape(shape: [1, 960])),
        name: "flat",
        inputs: [value]
      )
    },
    sample("nearest resize") { graph, x in
      try graph.append(
        .resize(Resize(height: 24, width: 5, isBilinear: false, coordinates: .asymmetric)),
        name: "resize",
        inputs: [x]
      )
    },
    sample("bilinear resize") { graph, x in
      try graph.append(
        .resize(Resize(height: 7, width: 15, isBilinear: true, coordinates: .halfPixel)),
        name: "resize",
        inputs: [x]
      )
    },
  ]

  static let functions: [GraphSample] =
    [
      ("leaky relu", UnaryFunction.leakyReLU(slope: 0.1)), ("sigmoid", .sigmoid),
      ("hard swish", .hardSwish), ("silu", .silu), ("gelu", .gelu), ("tanh", .tanh),
      ("elu", .elu(alpha: 1)), ("clip", .clamp(Clamp(low: -0.5, high: 0.7))),
      ("linear", .linear(scale: -2, bias: 0.3)),
    ].map { name, function in
      sample(name) { graph, x in
        try graph.append(.unary(function), name: "function", inputs: [x])
      }
    } + [
      sample("parametric relu") { graph, x in
        try graph.append(
          .parametricReLU(ParametricReLU(slope: [0, 0.1, 0.2, 0.3, 0.4, 0.5, -0.5, 1])),
          name: "prelu",
          inputs: [x]
        )
      },
      sample("squeeze and excitation") { graph, x in
        let mean = try graph.append(
          .mean(Mean(axes: [1, 2], keepsAxes: true)),
          name: "squeeze",
          inputs: [x]
        )
        let gate = try graph.append(
          .convolution(convolution(8, 8, kernel: (1, 1), seed: 6, scale: 4)),
          name: "excite",
          inputs: [mean]
        )
        let sigmoid = try graph.append(.unary(.sigmoid), name: "gate", inputs: [gate])
        return try graph.append(.binary(.multiply), name: "scale", inputs: [sigmoid, x])
      },
      sample("local response normalization", channels: 16) { graph, x in
        try graph.append(
          .localResponseNormalization(
            LocalResponseNormalization(size: 5, alpha: 0.1, beta: 0.75, bias: 1)
          ),
          name: "lrn",
          inputs: [x]
        )
      },
    ]
    + [BinaryFunction.add, .subtract, .multiply, .maximum, .minimum].map { function in
      sample("binary \(function.rawValue)") { graph, x in
        let other = try graph.append(.unary(.tanh), name: "other", inputs: [x])
        let value = try graph.append(.binary(function), name: "binary", inputs: [x, other])
        return try graph.append(.unary(.relu), name: "relu", inputs: [value])
      }
    }
}
