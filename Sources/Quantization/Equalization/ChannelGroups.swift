internal import GraphIR

/// Channels of values that have to be scaled alike for the graph to keep its function.
///
/// Layers with weights take any scale into their rows and columns. What lies between them passes a scale on: positively homogeneous
/// functions, pools, sums, movements. Where an operator cannot, and at the graph's inputs, outputs and constants, channels are
/// pinned to a scale of 1.
struct ChannelGroups {
  private var parents: [Int]
  private var pinned: [Bool]
  private var least: [Float]
  private let offsets: [Int]
  private let channels: [Int]

  /// Standard deviations beyond which nothing is expected.
  static let reach: Float = 6

  /// Groups of a verified graph.
  init(_ graph: Graph) {
    channels = graph.values.map { max(1, $0.shape.last ?? 1) }
    var total = 0
    offsets = channels.map { count in
      defer { total += count }
      return total
    }
    parents = Array(0..<total)
    pinned = [Bool](repeating: false, count: total)
    least = [Float](repeating: 0, count: total)
    for value in graph.inputs + graph.outputs + graph.constants.keys { pin(value) }
    for node in graph.nodes { visit(node, graph) }
  }

  /// The group of a channel (last axis) of a value.
  func root(_ value: ValueID, _ channel: Int) -> Int {
    var index = offsets[value.index] + channel
    while parents[index] != index { index = parents[index] }
    return index
  }

  /// The groups of all channels of a value.
  func roots(_ value: ValueID) -> [Int] { (0..<channels[value.index]).map { root(value, $0) } }

  /// Whether a group keeps the scale 1.
  func isPinned(_ root: Int) -> Bool { pinned[root] }

  /// What a group can at least be divided by without a clamp cutting more than before.
  func leastScale(_ root: Int) -> Float { least[root] }

  private mutating func visit(_ node: Node, _ graph: Graph) {
    let output = node.output
    switch node.operation {
    case .convolution(let op):
      if node.inputs.count > 1 { join(output, node.inputs[1]) }
      let statistics = node.inputs.count == 1 ? op.statistics : nil
      restrict(output, op.clamp, statistics)
    case .fullyConnected(let op): restrict(output, op.clamp, nil)
    case .channelAffine: break
    case .maxPool, .averagePool, .resize, .parametricReLU: join(output, node.inputs[0])
    case .mean(let op):
      if op.axes.contains(graph.shape(of: node.inputs[0]).count - 1) {
        pin(node)
      } else {
        join(output, node.inputs[0])
      }
    case .unary(let function):
      if function.isPositivelyHomogeneous { join(output, node.inputs[0]) } else { pin(node) }
    case .binary(let function): visit(function, node)
    case .pad(let op):
      if op.value == 0 { follow(node, graph) } else { pin(node) }
    case .concat, .slice, .reshape, .transpose, .gatherChannels: follow(node, graph)
    case .softmax, .localResponseNormalization: pin(node)
    }
  }

  private mutating func visit(_ function: BinaryFunction, _ node: Node) {
    let (a, b) = (node.inputs[0], node.inputs[1])
    switch function {
    case .add, .subtract, .maximum, .minimum:
      join(node.output, a)
      join(node.output, b)
    case .multiply where isPinned(b): join(node.output, a)
    case .divide where isPinned(b): join(node.output, a)
    case .multiply where isPinned(a): join(node.output, b)
    case .multiply, .divide: pin(node)
    }
  }

  /// Joins the channels between which an operator moves values: it shows where by moving their numbers.
  private mutating func follow(_ node: Node, _ graph: Graph) {
    var numbers: [Int] = []
    let inputs = node.inputs.map { value in
      let shape = graph.shape(of: value)
      let first = numbers.count + 1
      numbers += (0..<channels[value.index]).map { offsets[value.index] + $0 }
      let count = shape.reduce(1, *)
      return Tensor(
        shape: shape,
        values: (0..<count).map { Float(first + $0 % channels[value.index]) }
      )
    }
    // Beyond, numbers are no longer exact as floats.
    guard numbers.count < 1 << 24 else { return pin(node) }
    let moved = node.operation.definition.evaluate(inputs)
    let count = channels[node.output.index]
    for (index, number) in moved.values.enumerated() where number > 0 {
      join(offsets[node.output.index] + index % count, numbers[Int(number) - 1])
    }
  }

  /// What a clamp demands of the scales: none where it cuts at 0 alone.
  ///
  /// A bound above 0 cannot be scaled a channel. Where statistics say that a channel stays below it, the channel may have any scale that
  /// leaves it there.
  private mutating func restrict(
    _ value: ValueID,
    _ clamp: Clamp,
    _ statistics: ChannelStatistics?
  ) {
    guard !clamp.isPositivelyHomogeneous else { return }
    for channel in 0..<channels[value.index] {
      let root = root(value, channel)
      guard clamp.low == 0 || clamp.low == -.infinity, clamp.high > 0, let statistics,
        case let reach = statistics.mean[channel]
          + Self.reach * statistics.deviation[channel],
        reach <= clamp.high
      else {
        pinned[root] = true
        continue
      }
      least[root] = max(least[root], reach / clamp.high)
    }
  }

  private mutating func pin(_ node: Node) {
    for value in node.inputs + [node.output] { pin(value) }
  }

  private mutating func pin(_ value: ValueID) { for root in roots(value) { pinned[root] = true } }

  private func isPinned(_ value: ValueID) -> Bool { roots(value).allSatisfy { pinned[$0] } }

  /// Joins channel by channel; values that are broadcast along the channels are pinned.
  private mutating func join(_ a: ValueID, _ b: ValueID) {
    guard channels[a.index] == channels[b.index] else {
      pin(a)
      return pin(b)
    }
    for channel in 0..<channels[a.index] {
      join(offsets[a.index] + channel, offsets[b.index] + channel)
    }
  }

  private mutating func join(_ a: Int, _ b: Int) {
    var (a, b) = (a, b)
    while parents[a] != a { a = parents[a] }
    while parents[b] != b { b = parents[b] }
    guard a != b else { return }
    let (root, child) = (min(a, b), max(a, b))
    parents[child] = root
    pinned[root] = pinned[root] || pinned[child]
    least[root] = max(least[root], least[child])
  }
}

extension UnaryFunction {
  /// Whether `f(s x) = s f(x)` for every s > 0.
  fileprivate var isPositivelyHomogeneous: Bool {
    switch self {
    case .clamp(let clamp): clamp.isPositivelyHomogeneous
    case .leakyReLU, .abs, .negate: true
    case .linear(_, let bias): bias == 0
    default: false
    }
  }
}

extension Clamp {
  fileprivate var isPositivelyHomogeneous: Bool {
    (low == 0 || low == -.infinity) && (high == .infinity || high == 0)
  }
}
