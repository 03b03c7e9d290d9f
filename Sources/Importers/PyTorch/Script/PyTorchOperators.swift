internal import GraphIR

/// PyTorch's functions and tensor methods, by the last part of their name.
extension PyTorchInterpreter {
  /// Names of the arguments, in order, so that keywords find their place.
  private static let signatures: [String: [String]] = [
    "conv2d": ["input", "weight", "bias", "stride", "padding", "dilation", "groups"],
    "batch_norm": [
      "input", "weight", "bias", "running_mean", "running_var", "training", "momentum", "eps",
    ],
    "linear": ["input", "weight", "bias"],
    "max_pool2d": ["input", "kernel_size", "stride", "padding", "dilation", "ceil_mode"],
    "avg_pool2d": [
      "input", "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad",
      "divisor_override",
    ],
    "adaptive_avg_pool2d": ["input", "output_size"],
    "softmax": ["input", "dim"], "log_softmax": ["input", "dim"],
    "leaky_relu": ["input", "negative_slope"], "elu": ["input", "alpha"],
    "hardtanh": ["input", "min_val", "max_val"], "clamp": ["input", "min", "max"],
    "flatten": ["input", "start_dim", "end_dim"], "mean": ["input", "dim", "keepdim"],
    "cat": ["tensors", "dim"], "slice": ["input", "dim", "start", "end", "step"],
    "pad": ["input", "pad", "mode", "value"], "chunk": ["input", "chunks", "dim"],
    "transpose": ["input", "dim0", "dim1"], "squeeze": ["input", "dim"],
    "unsqueeze": ["input", "dim"], "size": ["input", "dim"],
    "addmm": ["input", "mat1", "mat2", "beta", "alpha"], "split": ["input", "size", "dim"],
  ]

  /// The result of a function or method.
  mutating func operate(
    _ name: String,
    _ positional: [PyTorchScriptValue],
    _ named: Scope
  ) throws(ImportError) -> PyTorchScriptValue {
    var name = name
    if name.hasSuffix("_"), !name.hasPrefix("__") { name.removeLast() }
    let arguments = PyTorchArguments(
      names: Self.signatures[name] ?? [],
      positional: positional,
      named: named
    )
    if let result = try plain(name, positional, arguments) { return result }
    if let result = try layer(name, arguments) { return result }
    if let result = try shaping(name, positional, arguments) { return result }
    if let function = elementwise(name, arguments) { return try map(arguments[0], function, name) }
    if let symbol = Self.arithmetic[name], positional.count >= 2 {
      return try arithmetic(symbol, positional[0], positional[1])
    }
    unsupported.append(UnsupportedOperator(type: name, node: place))
    return positional.first ?? .none
  }

  private static let arithmetic = [
    "add": "+", "sub": "-", "mul": "*", "div": "/", "floordiv": "//", "floor_divide": "//",
    "eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">=", "__is__": "is",
    "remainder": "%",
  ]

  // MARK: Python and bookkeeping

  /// Functions of Python and TorchScript, and those that change nothing at inference.
  private mutating func plain(
    _ name: String,
    _ values: [PyTorchScriptValue],
    _ arguments: PyTorchArguments
  ) throws(ImportError) -> PyTorchScriptValue? {
    let first = values.first ?? .none
    switch name {
    case "dropout", "dropout2d", "feature_dropout", "alpha_dropout", "contiguous", "clone",
      "detach", "to", "float",
      "cpu", "cuda", "type_as", "alias", "identity", "requires_grad", "type":
      // float(x) and int(x) of numbers are conversions.
      return first
    case "NumToTensor", "ImplicitTensorToNum", "item", "IntImplicit", "FloatImplicit", "Int", "int":
      return first.int.map { .int($0) } ?? first
    case "bool", "Bool": return .bool(first.isTrue)
    case "annotate", "unchecked_cast": return values.count > 1 ? values[1] : first
    case "unchecked_unwrap_optional", "_unwrap_optional", "tuple", "list", "print", "str", "warn":
      return first
    case "__isnot__":
      return .bool(!(try arithmetic("is", first, values.count > 1 ? values[1] : .none)).isTrue)
    case "__not__": return .bool(!first.isTrue)
    case "isinstance", "hasattr": return .bool(false)
    case "is_scripting", "is_tracing", "has_torch_function_unary", "has_torch_function":
      return .bool(false)
    case "len": return first.elements.map { .int($0.count) }
    case "dim", "ndimension":
      if case .tensor(let value) = first { return .int(value.shape.count) }
      return nil
    case "range":
      guard let numbers = PyTorchScriptValue.list(values).integers, let last = numbers.last else {
        return nil
      }
      let start = numbers.count > 1 ? numbers[0] : 0
      let end = numbers.count > 1 ? numbers[1] : last
      guard numbers.count < 3, start <= end, end - start < 1 << 14 else { return nil }
      return .list((start..<end).map { .int($0) })
    case "getattr":
      guard case .module(let module) = first, values.count > 1, case .string(let name) = values[1]
      else { return nil }
      return try attribute(name, of: module)
    default: return nil
    }
  }

  // MARK: Layers

  private mutating func layer(
    _ name: String,
    _ arguments: PyTorchArguments
  ) throws(ImportError) -> PyTorchScriptValue? {
    switch name {
    case "conv2d": return try convolution(arguments, offset: 0)
    case "_convolution", "convolution": return try convolution(arguments, offset: 2)
    case "linear":
      guard let weight = tensor(arguments[1]) else { return nil }
      return try linear(arguments[0], weight, bias: tensor(arguments[2])?.values)
    case "addmm":
      guard let weight = tensor(arguments[2]), weight.shape.count == 2,
        (arguments[3].double ?? 1) == 1, (arguments[4].double ?? 1) == 1
      else { return nil }
      return try linear(
        arguments[1],
        weight.transposed([1, 0]),
        bias: tensor(arguments[0])?.values
      )
    case "matmul", "mm":
      guard let weight = tensor(arguments[1]), weight.shape.count == 2 else { return nil }
      return try linear(arguments[0], weight.transposed([1, 0]), bias: nil)
    case "batch_norm":
      guard let mean = tensor(arguments[3]), let variance = tensor(arguments[4]) else { return nil }
      return try normalization(
        arguments[0],
        gamma: tensor(arguments[1])?.values,
        beta: tensor(arguments[2])?.values,
        mean: mean.values,
        variance: variance.values,
        epsilon: arguments[7].double ?? 1e-5
      )
    case "max_pool2d", "max_pool2d_with_indices", "_max_pool2d", "avg_pool2d":
      return try pool(name, arguments)
    case "adaptive_avg_pool2d", "_adaptive_avg_pool2d":
      let size = arguments[1].elements ?? [arguments[1], arguments[1]]
      guard case .tensor(let input) = arguments[0], input.shape.count == 4, size.count == 2 else {
        return nil
      }
      return .tensor(
        try network.adaptiveAveragePool(
          input,
          label("avgpool"),
          height: size[0].int ?? input.shape[2],
          width: size[1].int ?? input.shape[3]
        )
      )
    case "softmax", "log_softmax":
      guard case .tensor(let input) = arguments[0] else { return nil }
      let axis = arguments[1].int ?? (input.shape.count == 3 ? 0 : 1)
      let name = label(name)
      let isLogarithmic = name.hasSuffix("log_softmax")
      return .tensor(
        try network.build { builder throws(GraphError) in
          try builder.softmax(
            input,
            axis: axis < 0 ? axis + input.shape.count : axis,
            isLogarithmic: isLogarithmic,
            name: name
          )
        }
      )
    case "prelu":
      guard case .tensor(let input) = arguments[0], let slope = tensor(arguments[1]),
        input.shape.count > 1
      else { return nil }
      let slopes =
        slope.count == 1
        ? [Float](repeating: slope.values[0], count: input.shape[1]) : slope.values
      let name = label(name)
      return .tensor(
        try network.build { builder throws(GraphError) in
          try builder.apply(
            .parametricReLU(ParametricReLU(slope: slopes)),
            name: name,
            to: [input]
          )
        }
      )
    default: return nil
    }
  }

  /// A name for a node: that of the module at hand, or the operator beside it.
  func label(_ operation: String) -> String { place.isEmpty ? operation : "\(place).\(operation)" }

  /// A parameter.
  private func tensor(_ value: PyTorchScriptValue) -> Tensor? {
    if case .constant(let tensor, _) = value { tensor } else { nil }
  }

  /// Two numbers, y and x, from a number or a list.
  func pair(_ value: PyTorchScriptValue, _ standard: Int) -> (y: Int, x: Int)? {
    if case .none = value { return (standard, standard) }
    guard let numbers = value.integers, !numbers.isEmpty, numbers.count <= 2,
      numbers.allSatisfy({ (0...1 << 16).contains($0) })
    else { return numbersAreAbsent(value) ? (standard, standard) : nil }
    return (numbers[0], numbers[numbers.count - 1])
  }

  private func numbersAreAbsent(_ value: PyTorchScriptValue) -> Bool {
    value.elements?.isEmpty ?? false
  }

  private mutating func convolution(
    _ arguments: PyTorchArguments,
    offset: Int
  ) throws(ImportError) -> PyTorchScriptValue? {
    // aten::_convolution has `transposed` and `output_padding` before the groups.
    guard case .tensor(let input) = arguments[0], let weights = tensor(arguments[1]),
      offset == 0 || !arguments[6].isTrue, let stride = pair(arguments[3], 1),
      let dilation = pair(arguments[5], 1)
    else { return nil }
    var padding = Padding()
    if case .string(let kind) = arguments[4] {
      guard kind == "valid" || kind == "same", weights.shape.count == 4 else { return nil }
      if kind == "same" {
        let y = dilation.y * (weights.shape[2] - 1)
        let x = dilation.x * (weights.shape[3] - 1)
        padding = Padding(top: y / 2, left: x / 2, bottom: y - y / 2, right: x - x / 2)
      }
    } else {
      guard let (y, x) = pair(arguments[4], 0) else { return nil }
      padding = Padding(top: y, left: x, bottom: y, right: x)
    }
    let bias = tensor(arguments[2])?.values
    let groups = arguments[6 + offset].int ?? 1
    let name = label("conv")
    return .tensor(
      try network.build { builder throws(GraphError) in
        guard groups > 0 else { throw GraphError("\(groups) groups", node: name) }
        return try builder.convolution(
          input,
          name: name,
          weights: weights,
          bias: bias,
          stride: stride,
          padding: padding,
          dilation: dilation,
          groups: groups
        )
      }
    )
  }

  private mutating func linear(
    _ input: PyTorchScriptValue,
    _ weights: Tensor,
    bias: [Float]?
  ) throws(ImportError) -> PyTorchScriptValue? {
    guard case .tensor(let input) = input else { return nil }
    let name = label("linear")
    return .tensor(
      try network.build { builder throws(GraphError) in
        guard input.shape.count == 2, weights.shape.count == 2, input.shape[1] == weights.shape[1]
        else {
          throw GraphError("input \(input.shape) for weights \(weights.shape)", node: name)
        }
        return try builder.linear(input, name: name, weights: weights, bias: bias)
      }
    )
  }

  private mutating func normalization(
    _ input: PyTorchScriptValue,
    gamma: [Float]?,
    beta: [Float]?,
    mean: [Float],
    variance: [Float],
    epsilon: Double
  ) throws(ImportError) -> PyTorchScriptValue? {
    guard case .tensor(let input) = input else { return nil }
    let name = label("bn")
    return .tensor(
      try network.build { builder throws(GraphError) in
        try builder.batchNormalization(
          input,
          name: name,
          gamma: gamma,
          beta: beta,
          mean: mean,
          variance: variance,
          epsilon: Float(epsilon)
        )
      }
    )
  }

  private mutating func pool(
    _ name: String,
    _ arguments: PyTorchArguments
  ) throws(ImportError) -> PyTorchScriptValue? {
    let isAverage = name == "avg_pool2d"
    guard case .tensor(let input) = arguments[0], let kernel = pair(arguments[1], 1),
      let padding = pair(arguments[3], 0),
      let dilation = isAverage ? (1, 1) : pair(arguments[4], 1)
    else { return nil }
    var stride = kernel
    if case .none = arguments[2] {
    } else if !numbersAreAbsent(arguments[2]) {
      guard let given = pair(arguments[2], 1) else { return nil }
      stride = given
    }
    if isAverage, arguments[6].int != nil { return nil }
    let window = Window(
      kernel: kernel,
      stride: stride,
      dilation: dilation,
      padding: Padding(top: padding.y, left: padding.x, bottom: padding.y, right: padding.x),
      ceilMode: arguments[isAverage ? 4 : 5].isTrue
    )
    let countsPadding = arguments[5].int.map { $0 != 0 } ?? true
    let name = label(isAverage ? "avg_pool" : "max_pool")
    return .tensor(
      try network.build { builder throws(GraphError) in
        try isAverage
          ? builder.averagePool(
            input,
            name: name,
            window: window,
            countIncludesPadding: countsPadding
          )
          : builder.maxPool(input, name: name, window: window)
      }
    )
  }

  // MARK: Functions of one value and arithmetic

  private func elementwise(_ name: String, _ arguments: PyTorchArguments) -> UnaryFunction? {
    func number(_ index: Int, _ standard: Double) -> Float {
      Float(arguments[index].double ?? standard)
    }
    switch name {
    case "relu": return .relu
    case "relu6": return .relu6
    case "hardtanh": return .clamp(Clamp(low: number(1, -1), high: number(2, 1)))
    case "clamp", "clip":
      return .clamp(Clamp(low: number(1, -.infinity), high: number(2, .infinity)))
    case "leaky_relu": return .leakyReLU(slope: number(1, 0.01))
    case "elu": return .elu(alpha: number(1, 1))
    case "selu": return .selu(alpha: 1.673_263_2, scale: 1.050_701)
    case "sigmoid": return .sigmoid
    case "hardsigmoid": return .hardSigmoid(alpha: 1 / 6, beta: 0.5)
    case "hardswish": return .hardSwish
    case "silu": return .silu
    case "gelu": return .gelu
    case "mish": return .mish
    case "tanh": return .tanh
    case "softplus": return .softplus
    case "softsign": return .softsign
    case "exp": return .exp
    case "sqrt": return .sqrt
    case "abs": return .abs
    case "neg": return .negate
    case "square": return .square
    default: return nil
    }
  }

  /// Applies a function of one value.
  mutating func map(
    _ value: PyTorchScriptValue,
    _ function: UnaryFunction,
    _ name: String
  ) throws(ImportError) -> PyTorchScriptValue {
    switch value {
    case .tensor(let input): return .tensor(try network.unary(input, function, label(name)))
    case .constant(let tensor, let name):
      try step(tensor.count)
      return .constant(
        Tensor(shape: tensor.shape, values: tensor.values.map { function($0) }),
        name: name
      )
    default: throw failure("\(name) of \(value.kind)")
    }
  }

  /// `a + b` and its like, of numbers, parameters and activations.
  mutating func arithmetic(
    _ symbol: String,
    _ a: PyTorchScriptValue,
    _ b: PyTorchScriptValue
  ) throws(ImportError) -> PyTorchScriptValue {
    if let result = Self.numbers(symbol, a, b) { return result }
    if symbol == "+", let left = a.elements, let right = b.elements {
      return try list(of: left + right)
    }
    let functions: [String: BinaryFunction] = [
      "+": .add, "-": .subtract, "*": .multiply, "/": .divide,
    ]
    if symbol == "@", let weight = tensor(b), weight.shape.count == 2,
      let result = try linear(a, weight.transposed([1, 0]), bias: nil)
    {
      return result
    }
    guard let function = functions[symbol], let left = try operand(a), let right = try operand(b)
    else { throw failure("\(a.kind) \(symbol) \(b.kind)") }
    let name = label(function.rawValue)
    return .tensor(
      try network.build { builder throws(GraphError) in
        try builder.binary(function, left, right, name: name)
      }
    )
  }

  private mutating func operand(
    _ value: PyTorchScriptValue
  ) throws(ImportError) -> PyTorchNetwork.Value? {
    switch value {
    case .tensor(let value): return value
    case .constant(let tensor, let name): return network.builder.constant(name: name, tensor)
    case .int, .float, .bool:
      let number = Float(value.double ?? 0)
      return network.builder.constant(
        name: label("constant"),
        Tensor(shape: [1], values: [number])
      )
    default: return nil
    }
  }

  private static func numbers(
    _ symbol: String,
    _ a: PyTorchScriptValue,
    _ b: PyTorchScriptValue
  ) -> PyTorchScriptValue? {
    if symbol == "is" {
      if case .none = b {
        guard case .none = a else { return .bool(false) }
        return .bool(true)
      }
      return .bool(a.isTrue == b.isTrue)
    }
    if symbol == "==" || symbol == "!=", case .string(let left) = a, case .string(let right) = b {
      return .bool((left == right) == (symbol == "=="))
    }
    guard a.isNumber, b.isNumber, let x = a.double, let y = b.double else { return nil }
    switch symbol {
    case "==": return .bool(x == y)
    case "!=": return .bool(x != y)
    case "<": return .bool(x < y)
    case ">": return .bool(x > y)
    case "<=": return .bool(x <= y)
    case ">=": return .bool(x >= y)
    case "/": return .float(x / y)
    default: break
    }
    if let i = a.int, let j = b.int {
      let result: (Int, Bool)
      switch symbol {
      case "+": result = i.addingReportingOverflow(j)
      case "-": result = i.subtractingReportingOverflow(j)
      case "*": result = i.multipliedReportingOverflow(by: j)
      case "//", "%":
        guard j != 0, i >= 0, j > 0 else { return nil }
        result = (symbol == "//" ? i / j : i % j, false)
      case "**":
        guard (0...4).contains(j), abs(i) < 1 << 15 else { return nil }
        result = ((0..<j).reduce(1) { product, _ in product * i }, false)
      default: return nil
      }
      return result.1 ? nil : .int(result.0)
    }
    switch symbol {
    case "+": return .float(x + y)
    case "-": return .float(x - y)
    case "*": return .float(x * y)
    default: return nil
    }
  }
}

extension PyTorchScriptValue {
  /// Whether it is a Python number rather than a tensor.
  fileprivate var isNumber: Bool {
    switch self {
    case .int, .float, .bool: true
    default: false
    }
  }
}

/// Arguments of a call by position; those given by keyword stand where their names say.
struct PyTorchArguments {
  private let values: [PyTorchScriptValue]

  init(names: [String], positional: [PyTorchScriptValue], named: [String: PyTorchScriptValue]) {
    var values = positional
    for (name, value) in named {
      let aliases = ["dim": "axis", "axis": "dim", "kernel_size": "kernel", "inplace": ""]
      guard let index = names.firstIndex(of: name) ?? names.firstIndex(of: aliases[name] ?? "")
      else { continue }
      while values.count <= index { values.append(.none) }
      values[index] = value
    }
    self.values = values
  }

  /// The argument, or None.
  subscript(_ index: Int) -> PyTorchScriptValue { index < values.count ? values[index] : .none }
}
