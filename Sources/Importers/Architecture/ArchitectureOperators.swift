internal import GraphIR

extension ArchitectureAssembly {
  /// Every operator of a network text; a new one is one entry here.
  static let operators: [String: Operator] = layers.merging(moves) { a, _ in a }
    .merging(functions) { a, _ in a }.merging(pairs) { a, _ in a }

  private static let windowOptions = ["kernel", "stride", "pad", "dilation"]

  /// Layers with parameters, pooling, normalization.
  private static let layers: [String: Operator] = [
    "conv": Operator(
      operands: 1...2,
      options: ["out", "groups", "bias", "clamp"] + windowOptions,
      parameters: ["weight"],
      optional: ["bias", "padding"],
      build: { try $0.convolution($1, $2) }
    ),
    "linear": Operator(
      options: ["out", "bias", "clamp"],
      parameters: ["weight"],
      optional: ["bias"],
      build: { try $0.linear($1, $2[0]) }
    ),
    "batchnorm": Operator(
      options: ["eps"],
      parameters: ["running_mean", "running_var"],
      optional: ["weight", "bias"],
      build: { try $0.batchNormalization($1, $2[0]) }
    ),
    "affine": Operator(
      parameters: ["weight", "bias"],
      build: { try $0.affine($1, $2[0]) }
    ),
    "prelu": Operator(
      parameters: ["weight"],
      build: { try $0.parametricReLU($1, $2[0]) }
    ),
    "constant": Operator(
      operands: 0...0,
      options: ["shape"],
      parameters: ["value"],
      build: { assembly, call, _ in
        guard let tensor = assembly.parameter(call, "value") else {
          throw ArchitectureError(line: call.number, problem: "no parameter for \"\(call.name)\"")
        }
        return assembly.builder.constant(name: call.name, tensor)
      }
    ),
    "maxpool": Operator(
      options: windowOptions + ["ceil"],
      build: { assembly, call, operands in
        let window = try assembly.window(call, operands[0])
        return try assembly.builder.maxPool(operands[0], name: call.name, window: window)
      }
    ),
    "avgpool": Operator(
      options: windowOptions + ["ceil", "count_include_pad"],
      build: { assembly, call, operands in
        let window = try assembly.window(call, operands[0])
        let counts = try assembly.flag(call, "count_include_pad") ?? true
        return try assembly.builder.averagePool(
          operands[0],
          name: call.name,
          window: window,
          countIncludesPadding: counts
        )
      }
    ),
    "global_avgpool": Operator(build: { assembly, call, operands in
      try assembly.builder.mean(operands[0], axes: [2, 3], keepsAxes: true, name: call.name)
    }),
    "global_maxpool": Operator(build: { assembly, call, operands in
      guard operands[0].shape.count == 4 else {
        throw GraphError("input \(operands[0].shape), expected an image")
      }
      let window = Window(kernel: (operands[0].shape[2], operands[0].shape[3]))
      return try assembly.builder.maxPool(operands[0], name: call.name, window: window)
    }),
    "mean": Operator(
      options: ["axes", "keep"],
      build: { assembly, call, operands in
        let axes = try assembly.list(call, "axes") ?? [2, 3]
        let keeps = try assembly.flag(call, "keep") ?? true
        guard Set(axes).count == axes.count,
          axes.allSatisfy({ operands[0].shape.indices.contains($0) })
        else { throw GraphError("axes \(axes) of \(operands[0].shape)") }
        return try assembly.builder.mean(
          operands[0],
          axes: axes,
          keepsAxes: keeps,
          name: call.name
        )
      }
    ),
    "lrn": Operator(
      options: ["size", "alpha", "beta", "k"],
      build: { assembly, call, operands in
        let size = try assembly.integer(call, "size", 1...65536) ?? 5
        let operation = LocalResponseNormalization(
          size: size,
          alpha: (try assembly.float(call, "alpha") ?? 1e-4) / Float(size),
          beta: try assembly.float(call, "beta") ?? 0.75,
          bias: try assembly.float(call, "k") ?? 1
        )
        return try assembly.builder.apply(
          .localResponseNormalization(operation),
          name: call.name,
          to: operands
        )
      }
    ),
    "softmax": Operator(
      options: ["axis"],
      build: { try $0.softmax($1, $2[0], isLogarithmic: false) }
    ),
    "log_softmax": Operator(
      options: ["axis"],
      build: { try $0.softmax($1, $2[0], isLogarithmic: true) }
    ),
  ]

  /// What moves values.
  private static let moves: [String: Operator] = [
    "flatten": Operator(build: { assembly, call, operands in
      try assembly.builder.flatten(operands[0], name: call.name)
    }),
    "dropout": Operator(options: ["p"], build: { _, _, operands in operands[0] }),
    "identity": Operator(build: { _, _, operands in operands[0] }),
    "reshape": Operator(
      options: ["shape"],
      build: { assembly, call, operands in
        guard let extents = call["shape"].flatMap(ArchitectureGrammar.extents) else {
          throw GraphError("expected shape=CxHxW")
        }
        return try assembly.builder.reshape(operands[0], to: [1] + extents, name: call.name)
      }
    ),
    "stored_reshape": Operator(
      options: ["shape"],
      build: { assembly, call, operands in
        let extents =
          call["shape"] == "scalar" ? [] : call["shape"].flatMap(ArchitectureGrammar.extents)
        guard let extents else { throw GraphError("expected shape=NxHxWxC") }
        return try assembly.stored(.reshape(Reshape(shape: extents)), call, operands)
      }
    ),
    "stored_transpose": Operator(
      options: ["order"],
      build: { assembly, call, operands in
        let order = try assembly.list(call, "order") ?? []
        return try assembly.stored(.transpose(Transpose(permutation: order)), call, operands)
      }
    ),
    "concat": Operator(
      operands: 1...1024,
      options: ["axis"],
      build: { assembly, call, operands in
        let axis = try assembly.integer(call, "axis", 0...8) ?? 1
        return try assembly.builder.concat(operands, axis: axis, name: call.name)
      }
    ),
    "slice": Operator(
      options: ["axis", "start", "size", "step"],
      build: { try $0.slice($1, $2[0]) }
    ),
    "pad": Operator(
      options: ["pad", "channels", "value"],
      build: { assembly, call, operands in
        let channels = try assembly.list(call, "channels") ?? [0, 0]
        guard channels.count == 2, channels.allSatisfy({ $0 <= 65536 }) else {
          throw GraphError("channels=\(call["channels"] ?? ""), expected BEFORE:AFTER")
        }
        let window = Window(kernel: (1, 1))
        let operation = Pad(
          padding: try assembly.padding(call, window: window, input: operands[0].shape),
          channels: (channels[0], channels[1]),
          value: try assembly.float(call, "value") ?? 0
        )
        return try assembly.builder.apply(.pad(operation), name: call.name, to: operands)
      }
    ),
    "shuffle": Operator(
      options: ["groups"],
      build: { assembly, call, operands in
        let groups = try assembly.integer(call, "groups", 1...65536) ?? 2
        return try assembly.builder.channelShuffle(operands[0], groups: groups, name: call.name)
      }
    ),
    "gather_channels": Operator(
      options: ["indices"],
      build: { assembly, call, operands in
        let indices = try assembly.list(call, "indices") ?? []
        return try assembly.builder.apply(
          .gatherChannels(GatherChannels(indices: indices)),
          name: call.name,
          to: operands
        )
      }
    ),
    "resize": Operator(
      options: ["size", "scale", "mode", "coordinates"],
      build: { try $0.resize($1, $2[0]) }
    ),
  ]

  /// Functions of one value.
  private static let functions: [String: Operator] = {
    func plain(_ function: UnaryFunction) -> Operator {
      Operator(build: { assembly, call, operands in
        try assembly.builder.unary(operands[0], function, name: call.name)
      })
    }
    func options(
      _ names: [String],
      _ defaults: [Float],
      _ make: @escaping @Sendable ([Float]) -> UnaryFunction
    ) -> Operator {
      Operator(
        options: names,
        build: { assembly, call, operands in
          let values = try zip(names, defaults).map { try assembly.float(call, $0) ?? $1 }
          return try assembly.builder.unary(operands[0], make(values), name: call.name)
        }
      )
    }
    return [
      "relu": plain(.relu), "relu6": plain(.relu6), "sigmoid": plain(.sigmoid),
      "hard_swish": plain(.hardSwish), "silu": plain(.silu), "gelu": plain(.gelu),
      "mish": plain(.mish), "tanh": plain(.tanh), "softplus": plain(.softplus),
      "softsign": plain(.softsign), "exp": plain(.exp), "log": plain(.log), "sqrt": plain(.sqrt),
      "rsqrt": plain(.reciprocalSqrt), "reciprocal": plain(.reciprocal),
      "square": plain(.square), "abs": plain(.abs), "negate": plain(.negate),
      "clamp": options(["min", "max"], [-.infinity, .infinity]) {
        .clamp(Clamp(low: min($0[0], $0[1]), high: max($0[0], $0[1])))
      },
      "leaky_relu": options(["slope"], [0.01]) { .leakyReLU(slope: $0[0]) },
      "elu": options(["alpha"], [1]) { .elu(alpha: $0[0]) },
      "selu": options(["alpha", "scale"], [1.673_263_2, 1.050_701]) {
        .selu(alpha: $0[0], scale: $0[1])
      },
      "hard_sigmoid": options(["alpha", "beta"], [1 / 6, 0.5]) {
        .hardSigmoid(alpha: $0[0], beta: $0[1])
      },
      "power": options(["exponent"], [2]) { .power(exponent: $0[0]) },
      "scale": options(["by", "plus"], [1, 0]) { .linear(scale: $0[0], bias: $0[1]) },
    ]
  }()

  /// Functions of two values and more.
  private static let pairs: [String: Operator] = {
    var operators: [String: Operator] = [:]
    for (function, short) in [
      (BinaryFunction.add, "add"), (.subtract, "sub"), (.multiply, "mul"), (.divide, "div"),
      (.maximum, "max"), (.minimum, "min"),
    ] {
      let definition = Operator(
        operands: 2...1024,
        build: { assembly, call, operands in
          var result = operands[0]
          for (index, operand) in operands.enumerated().dropFirst() {
            let name = index == operands.count - 1 ? call.name : "\(call.name)/\(index)"
            result = try assembly.builder.binary(function, result, operand, name: name)
          }
          return result
        }
      )
      operators[short] = definition
      operators[function.mnemonic] = definition
    }
    return operators
  }()
}
