internal import Containers

/// Finds where the image enters a training graph and where the classification leaves it.
///
/// A training graph has more sources than the image (labels, flags, rates) and more ends than the logits (losses, updates,
/// summaries). Everything that depends on the labels is not inference; of what depends on the image alone, the result is
/// what nothing else of the inference consumes.
struct TensorFlowSearch {
  typealias Edge = TensorFlowNode.Edge

  /// An image input with a result that may be the network's.
  struct Candidate {
    var input: Edge
    var output: Edge
    /// Whether a loss reads the result, or the logits behind it.
    var feedsLoss: Bool
    /// The logits: the output without trailing softmax, identities and reshapes.
    var core: Int
  }

  private let network: TensorFlowNetwork
  /// Every node after its inputs.
  private let order: [Int]
  /// Outputs that are given from outside.
  let sources: [Edge]
  /// Those that do not stand in the way: rates, flags, batch sizes.
  let parameters: Set<Edge>

  init(_ network: TensorFlowNetwork) {
    self.network = network
    order = network.order(of: Array(network.nodes.indices)) { $0.inputs.map(\.node) }
    sources = Self.sources(network)
    parameters = Self.parameters(network, sources, order)
  }

  // MARK: Sources

  private static func isSource(_ node: TensorFlowNode) -> Bool {
    switch node.operation {
    case "Placeholder", "PlaceholderV2", "PlaceholderWithDefault", "IteratorGetNext",
      "QueueDequeue", "QueueDequeueV2", "QueueDequeueMany", "QueueDequeueManyV2",
      "QueueDequeueUpTo", "QueueDequeueUpToV2":
      true
    default: false
    }
  }

  private static func sources(_ network: TensorFlowNetwork) -> [Edge] {
    var found: [Edge] = []
    for (index, node) in network.nodes.enumerated() where isSource(node) {
      var outputs: Set<Int> = []
      for consumer in network.consumers[index] {
        for input in network.nodes[consumer].inputs where input.node == index {
          outputs.insert(input.output)
        }
      }
      found += outputs.sorted().map { Edge(node: index, output: $0) }
    }
    return found
  }

  private static func parameters(
    _ network: TensorFlowNetwork,
    _ sources: [Edge],
    _ order: [Int]
  ) -> Set<Edge> {
    var parameters: Set<Edge> = []
    let rates = dropoutRates(network, order)
    for source in sources {
      let node = network.nodes[source.node]
      let type = node.type("dtype")
      let isScalar = node.isRecordedScalar
      let isOpen = node.shape(ofOutput: source.output) == nil
      let sizes = network.consumers[source.node].contains { consumer in
        ["Pack", "ConcatV2", "Concat", "Fill"].contains(network.nodes[consumer].operation)
      }
      if type == .bool || type == .string || isScalar || rates.contains(source.node)
        || (isOpen && type?.isFloat == false && sizes)
      {
        parameters.insert(source)
      }
    }
    return parameters
  }

  /// Sources that are combined with random numbers: `floor(keep + random)`, `random >= rate`.
  private static func dropoutRates(_ network: TensorFlowNetwork, _ order: [Int]) -> Set<Int> {
    var isRandom = [Bool](repeating: false, count: network.nodes.count)
    var rates: Set<Int> = []
    for index in order {
      let node = network.nodes[index]
      if node.operation == "RandomUniform" { isRandom[index] = true }
      switch node.operation {
      case "Add", "AddV2", "Sub", "Mul", "Floor", "GreaterEqual", "Greater", "Less", "LessEqual",
        "Cast", "Identity":
        guard node.inputs.contains(where: { isRandom[$0.node] }) else { continue }
        isRandom[index] = true
        for input in node.inputs where !isRandom[input.node] {
          var current = input.node
          for _ in 0..<8 {
            let producer = network.nodes[current]
            if isSource(producer) { rates.insert(current) }
            guard let next = producer.inputs.last?.node else { break }
            current = next
          }
        }
      default: continue
      }
    }
    return rates
  }

  // MARK: Inputs

  private static let spatial: Set<String> = [
    "Conv2D", "DepthwiseConv2dNative", "MaxPool", "AvgPool", "SpaceToBatchND",
  ]

  /// Sources that can be the image, the most image-like only.
  func imageSources() -> [Edge] {
    let possible = sources.filter { source in
      guard !parameters.contains(source) else { return false }
      let type = network.nodes[source.node].type("dtype")
      return type == nil || type?.isFloat == true || type == .uint8
    }
    func rank(_ source: Edge) -> Int? {
      network.nodes[source.node].shape(ofOutput: source.output)?.count
    }
    // Each takes a walk over the graph; nothing that was trained has so many inputs.
    guard possible.count <= 64 else { return possible }
    let convolved = possible.filter { reaches(Self.spatial, from: $0) }
    let multiplied = possible.filter { reaches(["MatMul"], from: $0) }
    for group in [convolved, multiplied] where !group.isEmpty {
      let images = group.filter { rank($0) == 4 }
      if !images.isEmpty { return images }
      let known = group.filter { (rank($0) ?? 0) >= 2 }
      return known.isEmpty ? group : known
    }
    return []
  }

  /// Whether the data operand of one of the operators depends on `source` and on no other blocking source.
  private func reaches(_ operations: Set<String>, from source: Edge) -> Bool {
    let state = dependencies(on: source)
    return network.nodes.contains { node in
      guard operations.contains(node.operation), let operand = node.inputs.first else {
        return false
      }
      return state[operand.node].isForward || operand == source
    }
  }

  private struct Dependency {
    var onImage = false
    var onOthers = false
    /// Whether weights took part.
    var isWeighted = false
    var isForward: Bool { onImage && !onOthers }
  }

  private func dependencies(on image: Edge) -> [Dependency] {
    var state = [Dependency](repeating: Dependency(), count: network.nodes.count)
    let blocking = Set(sources.filter { $0 != image && !parameters.contains($0) })
    for index in order {
      let node = network.nodes[index]
      guard image.node != index else { continue }
      // A shape does not depend on values: that of one image is known.
      if ["Shape", "ShapeN", "Size", "Rank"].contains(node.operation) { continue }
      // Parts of a gradient need the logits alone: −log softmax, the sign of a ReLU.
      if Self.isGradient(node.name) { state[index].onOthers = true }
      for input in node.inputs {
        if input == image {
          state[index].onImage = true
        } else if blocking.contains(input) {
          state[index].onOthers = true
        } else {
          state[index].onImage = state[index].onImage || state[input.node].onImage
          state[index].onOthers = state[index].onOthers || state[input.node].onOthers
          state[index].isWeighted = state[index].isWeighted || state[input.node].isWeighted
        }
      }
      switch node.operation {
      case "Conv2D", "DepthwiseConv2dNative", "MatMul", "SeparableConv2d":
        state[index].isWeighted = state[index].isWeighted || state[index].onImage
      default: break
      }
    }
    return state
  }

  /// `tf.gradients` puts everything it adds into a scope of this name, numbered when there are several.
  private static func isGradient(_ name: String) -> Bool {
    name.split(separator: "/").dropLast().contains { scope in
      scope == "gradients" || scope.hasPrefix("gradients_")
    }
  }

  // MARK: Outputs

  /// Reads a result without being the network's next step: evaluation heads and what describes values.
  private static func isHead(_ operation: String) -> Bool {
    switch operation {
    case "ArgMax", "ArgMin", "TopK", "TopKV2", "InTopK", "InTopKV2", "Shape", "ShapeN", "Size",
      "Rank", "Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual", "ZerosLike",
      "OnesLike", "L2Loss", "Assert", "PrintV2", "IsNan", "IsInf", "IsFinite", "Round":
      true
    default: operation.hasSuffix("Summary") || operation.hasSuffix("SummaryV2")
    }
  }

  /// Changes state; what it reads is not a result.
  private static func isEffect(_ operation: String) -> Bool {
    ["Assign", "Apply", "ResourceApply", "Scatter", "Save", "Restore", "Queue", "Write"].contains {
      operation.hasPrefix($0)
    }
  }

  /// Nodes that read a node's result; the batch statistics of a normalization are not its result.
  private func readers(of index: Int) -> [Int] {
    guard network.nodes[index].operation.hasPrefix("FusedBatchNorm") else {
      return network.consumers[index]
    }
    return network.consumers[index].filter { consumer in
      network.nodes[consumer].inputs.contains(Edge(node: index, output: 0))
    }
  }

  /// For each node whether it is a step towards a result: on the way from the image, and not only to a change of state, as
  /// the update of a moving average is.
  private func steps(_ state: [Dependency]) -> [Bool] {
    var isStep = [Bool](repeating: false, count: network.nodes.count)
    for index in order.reversed() {
      let operation = network.nodes[index].operation
      guard state[index].isForward, !Self.isHead(operation), !Self.isEffect(operation) else {
        continue
      }
      let next = readers(of: index).filter {
        state[$0].isForward && !Self.isHead(network.nodes[$0].operation)
      }
      isStep[index] = next.isEmpty || next.contains { isStep[$0] }
    }
    return isStep
  }

  /// Results of `image` that no other step of the inference reads.
  func candidates(from image: Edge) -> [Candidate] {
    let state = dependencies(on: image)
    let isStep = steps(state)
    var feedsLoss = [Bool](repeating: false, count: network.nodes.count)
    for index in order.reversed() where state[index].isForward {
      feedsLoss[index] = network.consumers[index].contains {
        state[$0].onOthers || feedsLoss[$0]
      }
    }
    var found: [Candidate] = []
    for index in network.nodes.indices where isStep[index] && state[index].isWeighted {
      guard !readers(of: index).contains(where: { isStep[$0] }) else { continue }
      var core = index
      for _ in 0..<64 where Self.isTrailing(network.nodes[core].operation) {
        guard let previous = network.nodes[core].inputs.first?.node else { break }
        core = previous
      }
      found.append(
        Candidate(
          input: image,
          output: Edge(node: index, output: 0),
          feedsLoss: feedsLoss[core],
          core: core
        )
      )
    }
    return found
  }

  private static func isTrailing(_ operation: String) -> Bool {
    switch operation {
    case "Softmax", "LogSoftmax", "Sigmoid", "Identity", "Reshape", "Squeeze", "StopGradient":
      true
    default: false
    }
  }

  /// The most likely of the candidates; more than one where they cannot be told apart.
  func best(of candidates: [Candidate]) -> [Candidate] {
    var rest = candidates
    if rest.count > 1, rest.contains(where: \.feedsLoss) { rest = rest.filter(\.feedsLoss) }
    if rest.count > 1, Set(rest.map(\.core)).count == 1 {
      let softmax = rest.filter { network.nodes[$0.output.node].operation == "Softmax" }
      if softmax.count == 1 { return softmax }
      let plain = rest.filter { $0.output.node == $0.core }
      if plain.count == 1 { return plain }
    }
    return rest
  }
}
