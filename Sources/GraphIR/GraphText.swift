/// A graph as text: one line a node, in the grammar of the module's README.
///
/// Axes and extents are written channels first, as the frameworks' users write them. Parameters are not in the text: a line
/// called `conv1` takes them by name, `conv1.weight` and `conv1.bias`; `parameters` gives them under these names.
public struct GraphText: Sendable {
  let graph: Graph
  /// A name for every value, without spaces, commas and brackets.
  let names: [ValueID: String]

  /// The text of `graph`.
  public init(_ graph: Graph) {
    self.graph = graph
    var names: [ValueID: String] = [:]
    var taken: Set<String> = []
    let values = graph.inputs + graph.constants.keys.sorted() + graph.nodes.map(\.output)
    for id in values where names[id] == nil {
      let plain = Self.plainName(graph[id].name)
      var name = plain
      var suffix = 1
      while !taken.insert(name).inserted {
        name = "\(plain)_\(suffix)"
        suffix += 1
      }
      names[id] = name
    }
    self.names = names
  }

  /// All lines, each ended.
  public var text: String { lines.map { $0 + "\n" }.joined() }

  /// Inputs, constants, nodes in order, outputs; each node's line ends with its result's extents as a comment.
  public var lines: [String] {
    var lines: [String] = []
    for input in graph.inputs {
      lines.append("input \(name(input)) \(extents(input))")
    }
    for constant in graph.constants.keys.sorted() {
      lines.append("\(name(constant)) = constant(shape=\(extents(constant)))")
    }
    for node in graph.nodes {
      let call = call(node)
      let arguments = node.inputs.map(name) + call.options.map { "\($0)=\($1)" }
      lines.append(
        "\(name(node.output)) = \(call.name)(\(arguments.joined(separator: ", ")))  # \(extents(node.output))"
      )
    }
    if !graph.outputs.isEmpty {
      lines.append("output \(graph.outputs.map(name).joined(separator: " "))")
    }
    return lines
  }

  func name(_ id: ValueID) -> String { names[id] ?? Self.plainName(graph[id].name) }

  /// `CxHxW` for images, the extents after the batch for the rest.
  private func extents(_ id: ValueID) -> String {
    let shape = graph.shape(of: id)
    if shape.count == 4, shape[0] == 1 { return Self.joined([shape[3], shape[1], shape[2]]) }
    let rest = shape.first == 1 && shape.count > 1 ? Array(shape.dropFirst()) : shape
    return rest.isEmpty ? "1" : Self.joined(rest)
  }

  private static func joined(_ extents: [Int]) -> String {
    extents.isEmpty ? "scalar" : extents.map(String.init).joined(separator: "x")
  }

  /// `name` with everything but letters, digits and `_./:-` replaced.
  private static func plainName(_ name: String) -> String {
    let plain = name.unicodeScalars.map { scalar -> Character in
      let isPlain =
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
        || ("0"..."9").contains(scalar) || "_./:-".unicodeScalars.contains(scalar)
      return isPlain ? Character(scalar) : "_"
    }
    return plain.isEmpty ? "_" : String(plain)
  }

  // MARK: Calls

  private typealias Options = [(String, String)]

  private func call(_ node: Node) -> (name: String, options: [(String, String)]) {
    let isImage = node.inputs.first.map { graph.shape(of: $0).count == 4 } ?? false
    switch node.operation {
    case .convolution(let op):
      var options: Options = [("out", "\(op.outputChannels)")]
      options += Self.window(
        (op.kernelHeight, op.kernelWidth),
        op.stride,
        op.dilation,
        op.padding
      )
      if op.groups != 1 { options.append(("groups", "\(op.groups)")) }
      return ("conv", options + Self.clamp(op.clamp))
    case .fullyConnected(let op):
      return ("linear", [("out", "\(op.weights.shape[0])")] + Self.clamp(op.clamp))
    case .maxPool(let op): return ("maxpool", Self.pool(op))
    case .averagePool(let op):
      let counts = op.countIncludesPadding ? "yes" : "no"
      return ("avgpool", Self.pool(op) + [("count_include_pad", counts)])
    case .mean(let op):
      let axes = op.axes.map { isImage ? [0, 2, 3, 1][$0] : $0 }.sorted()
      return ("mean", [("axes", Self.list(axes)), ("keep", op.keepsAxes ? "yes" : "no")])
    case .unary(let function): return Self.unary(function)
    case .concat(let op):
      return ("concat", [("axis", "\(isImage ? [0, 2, 3, 1][op.axis] : op.axis)")])
    case .slice(let op):
      func ordered(_ list: [Int]) -> String {
        Self.list(isImage ? [list[0], list[3], list[1], list[2]] : list)
      }
      return (
        "slice",
        [("start", ordered(op.start)), ("size", ordered(op.extent)), ("step", ordered(op.step))]
      )
    case .pad(let op):
      return (
        "pad",
        [
          ("pad", Self.padding(op.padding)),
          ("channels", "\(op.channels.before):\(op.channels.after)"), ("value", "\(op.value)"),
        ]
      )
    case .reshape(let op): return ("stored_reshape", [("shape", Self.joined(op.shape))])
    case .transpose(let op): return ("stored_transpose", [("order", Self.list(op.permutation))])
    case .localResponseNormalization(let op):
      return (
        "lrn",
        [
          ("size", "\(op.size)"), ("alpha", "\(op.alpha * Float(op.size))"), ("beta", "\(op.beta)"),
          ("k", "\(op.bias)"),
        ]
      )
    case .resize(let op):
      let coordinates =
        switch op.coordinates {
        case .halfPixel: "half_pixel"
        case .asymmetric: "asymmetric"
        case .alignCorners: "align_corners"
        }
      return (
        "resize",
        [
          ("size", "\(op.height)x\(op.width)"), ("mode", op.isBilinear ? "bilinear" : "nearest"),
          ("coordinates", coordinates),
        ]
      )
    case .gatherChannels(let op): return ("gather_channels", [("indices", Self.list(op.indices))])
    case .channelAffine, .parametricReLU, .binary, .softmax:
      return (node.operation.definition.mnemonic, [])
    }
  }

  private static func unary(_ function: UnaryFunction) -> (String, Options) {
    switch function {
    case .relu: ("relu", [])
    case .relu6: ("relu6", [])
    case .clamp(let clamp): ("clamp", [("min", "\(clamp.low)"), ("max", "\(clamp.high)")])
    case .leakyReLU(let slope): ("leaky_relu", [("slope", "\(slope)")])
    case .elu(let alpha): ("elu", [("alpha", "\(alpha)")])
    case .selu(let alpha, let scale): ("selu", [("alpha", "\(alpha)"), ("scale", "\(scale)")])
    case .hardSigmoid(let alpha, let beta):
      ("hard_sigmoid", [("alpha", "\(alpha)"), ("beta", "\(beta)")])
    case .power(let exponent): ("power", [("exponent", "\(exponent)")])
    case .linear(let scale, let bias): ("scale", [("by", "\(scale)"), ("plus", "\(bias)")])
    default: (function.mnemonic, [])
    }
  }

  private static func pool(_ pooling: Pooling) -> Options {
    let window = pooling.window
    let options = Self.window(window.kernel, window.stride, window.dilation, window.padding)
    return options + (window.ceilMode ? [("ceil", "yes")] : [])
  }

  private static func window(
    _ kernel: (y: Int, x: Int),
    _ stride: (y: Int, x: Int),
    _ dilation: (y: Int, x: Int),
    _ padding: Padding
  ) -> Options {
    var options: Options = [("kernel", pair(kernel)), ("stride", pair(stride))]
    if padding != Padding() { options.append(("pad", self.padding(padding))) }
    if dilation != (1, 1) { options.append(("dilation", pair(dilation))) }
    return options
  }

  private static func clamp(_ clamp: Clamp) -> Options {
    clamp == .none ? [] : [("clamp", "\(clamp.low):\(clamp.high)")]
  }

  private static func pair(_ pair: (y: Int, x: Int)) -> String {
    pair.y == pair.x ? "\(pair.y)" : "\(pair.y)x\(pair.x)"
  }

  private static func padding(_ padding: Padding) -> String {
    let sides = [padding.top, padding.left, padding.bottom, padding.right]
    return sides.allSatisfy { $0 == sides[0] } ? "\(sides[0])" : list(sides)
  }

  private static func list(_ values: [Int]) -> String {
    values.map(String.init).joined(separator: ":")
  }
}

extension Graph {
  /// The graph as text, a line a node.
  public var text: String { GraphText(self).text }
}
