internal import Containers
internal import GraphIR

/// Walks a TensorFlow graph from the image to the result and writes it as a `Graph` for a batch of one.
///
/// Every node is evaluated as far as it is known: what depends on weights and shapes alone is folded, branches of `tf.cond`
/// that inference does not take are dead, dropout is seen through, and what is computed from the image becomes nodes. A
/// node that cannot be converted fails alone: only failures on the path to the result are reported, all of them.
struct TensorFlowLowering {
  typealias Edge = TensorFlowNode.Edge
  typealias Value = TensorFlowValue
  typealias Activation = TensorFlowValue.Activation

  let network: TensorFlowNetwork
  let variables: TensorFlowVariables
  let parameters: Set<Edge>
  var graph: Graph
  /// Results of each node that was visited.
  private(set) var results: [Int: [Value]] = [:]
  private(set) var problems: [Int: TensorFlowProblem] = [:]
  /// What was assumed, a line each.
  var notes: [String] = []
  /// Batch for which the graph was built, where it is fixed.
  private(set) var fixedBatch: Int?
  private var images: [Edge: Activation] = [:]
  /// Elements that folding may still produce.
  private var budget = 1 << 28

  init(
    _ network: TensorFlowNetwork,
    variables: TensorFlowVariables,
    parameters: Set<Edge>,
    name: String
  ) {
    self.network = network
    self.variables = variables
    self.parameters = parameters
    graph = Graph(name: name)
  }

  // MARK: Input

  /// Declares `edge` to be the image with the given shape in TensorFlow's order.
  ///
  /// The graph's input is always `[1, H, W, C]`: a flat or single-channel placeholder is a reshape of it.
  mutating func addImage(_ edge: Edge, shape: [Int], isChannelsFirst: Bool, batch: Int?)
    throws(GraphError)
  {
    fixedBatch = batch
    let name = network.nodes[edge.node].name
    var image = Activation(id: ValueID(0), shape: shape, isChannelsFirst: isChannelsFirst)
    if shape.count == 4 {
      image.id = graph.addInput(name: name, shape: image.stored(shape))
    } else {
      let inner = Array(shape.dropFirst())
      let stored: [Int] =
        switch inner.count {
        case 2: [1, inner[0], inner[1], 1]
        case 3: [1] + inner
        default: [1] + imageShape(of: inner.reduce(1, *), edge)
        }
      let id = graph.addInput(name: name, shape: stored)
      image.id = try graph.append(
        .reshape(Reshape(shape: shape)),
        name: name + "/flat",
        inputs: [id]
      )
    }
    images[edge] = image
  }

  /// Height, width and channels of a flat input: what the graph reshapes it to, or a square.
  private func imageShape(of count: Int, _ edge: Edge) -> [Int] {
    for consumer in network.consumers[edge.node] {
      let node = network.nodes[consumer]
      guard node.operation == "Reshape", node.inputs.count == 2,
        let record = network.nodes[node.inputs[1].node].constant,
        case .success(let target) = TensorFlowTensor.decode(record),
        let shape = TensorFlowFolding.integers(target), shape.count == 4,
        shape[1...].allSatisfy({ $0 > 0 }), TensorFlowTensor.count(of: Array(shape[1...])) == count
      else { continue }
      return Array(shape[1...])
    }
    for channels in [1, 3] where count % channels == 0 {
      let side = Int(Double(count / channels).squareRoot())
      if side * side * channels == count { return [side, side, channels] }
    }
    return [1, 1, count]
  }

  // MARK: Walk

  /// What `edge` is at inference; visits everything it needs.
  mutating func value(of edge: Edge) -> Value {
    let order = network.order(of: [edge.node]) { node in
      node.inputs.map(\.node) + node.controls.filter { isBranchMark($0) }
    }
    for index in order where results[index] == nil {
      do throws(TensorFlowProblem) {
        results[index] = try evaluate(index)
      } catch {
        problems[index] = error
        results[index] = [.failed]
      }
    }
    return result(edge)
  }

  private func isBranchMark(_ index: Int) -> Bool {
    let node = network.nodes[index]
    guard node.operation == "Identity", let input = node.inputs.first else {
      return node.operation == "Switch"
    }
    return network.nodes[input.node].operation == "Switch"
  }

  func result(_ edge: Edge) -> Value {
    guard let values = results[edge.node] else { return .failed }
    if edge.output < values.count { return values[edge.output] }
    if case .dead? = values.first { return .dead }
    if case .random? = values.first { return .random }
    return .failed
  }

  private mutating func evaluate(_ index: Int) throws(TensorFlowProblem) -> [Value] {
    let node = network.nodes[index]
    var inputs = node.inputs.map { result($0) }
    if let image = images[Edge(node: index, output: 0)] { return [.activation(image)] }
    for (edge, image) in images where edge.node == index {
      return (0...edge.output).map { $0 == edge.output ? .activation(image) : .failed }
    }
    if let values = try source(index, node, inputs) { return values }
    if let values = try branch(node, inputs) { return values }
    if inputs.contains(where: \.isDead) || node.controls.contains(where: { isDead($0) }) {
      return [.dead]
    }
    if TensorFlowOperators.isIdentity(node.operation), !inputs.isEmpty { return inputs }
    if let value = Self.dropout(self, node, inputs) { return [value] }
    if inputs.contains(where: \.isFailed) {
      // An operator that is unknown anyway is reported together with what stands before it.
      if !TensorFlowOperators.knows(node.operation) { problems[index] = .unsupported("") }
      return [.failed]
    }
    if inputs.contains(where: \.isRandom) {
      guard Self.keepsRandomness(node.operation), !inputs.contains(where: \.isActivation) else {
        throw .unsupported("of random numbers, not a dropout that is known")
      }
      return [.random]
    }
    if node.operation == "RandomUniform" { return [.random] }
    if !inputs.isEmpty, inputs.contains(where: \.isUnresolved) {
      if inputs.contains(where: \.isActivation) {
        throw .unsupported("needs a number that the caller gives")
      }
      return [.unresolved]
    }
    if !inputs.isEmpty, let constants = Self.constants(inputs) {
      if let folded = TensorFlowFolding.fold(node, constants) {
        budget -= folded.reduce(0) { $0 + $1.values.count }
        guard budget >= 0 else { throw .unsupported("computed constants are too large") }
        return folded.map { .constant($0) }
      }
      if !TensorFlowOperators.knows(node.operation) { throw .unsupported("") }
      throw .unsupported("of constants \(constants.map(\.shape))")
    }
    if case .constant(let shape)? = inputs.last, node.operation == "Reshape", let fixedBatch,
      case .integers(var target) = shape.values, target.first == fixedBatch
    {
      // A shape written for the batch of training.
      target[0] = 1
      inputs[inputs.count - 1] = .constant(TensorFlowShapeFolding.vector(target))
    }
    return try TensorFlowOperators.lower(index, node, inputs, &self)
  }

  private func isDead(_ index: Int) -> Bool { results[index]?.first?.isDead ?? false }

  private static func constants(_ values: [Value]) -> [TensorFlowTensor]? {
    var constants: [TensorFlowTensor] = []
    for value in values {
      guard case .constant(let tensor) = value else { return nil }
      constants.append(tensor)
    }
    return constants
  }

  private static func keepsRandomness(_ operation: String) -> Bool {
    switch operation {
    case "RandomUniform", "Add", "AddV2", "Sub", "Mul", "Floor", "GreaterEqual", "Greater", "Less",
      "LessEqual", "Cast", "Identity", "Shape":
      true
    default: false
    }
  }

  // MARK: Sources

  private mutating func source(
    _ index: Int,
    _ node: TensorFlowNode,
    _ inputs: [Value]
  ) throws(TensorFlowProblem) -> [Value]? {
    switch node.operation {
    case "Const", "HostConst":
      if node.controls.contains(where: { isDead($0) }) { return [.dead] }
      guard let record = node.constant else { throw .unsupported("without a value") }
      switch TensorFlowTensor.decode(record) {
      case .success(let tensor):
        if record.tensorContent.isEmpty { budget -= tensor.values.count }
        guard budget >= 0 else { throw .unsupported("constants are too large") }
        return [.constant(tensor)]
      case .failure(let problem): throw .unsupported(problem.text)
      }
    case "Variable", "VariableV2", "VarHandleOp", "TemporaryVariable":
      return [.constant(try variables.tensor(node, index))]
    case "Placeholder", "PlaceholderV2", "PlaceholderWithDefault":
      if node.type("dtype") == .bool {
        let isTraining = Self.flag(node, default: inputs.first)
        notes.append("placeholder \"\(node.name)\" is \(isTraining) at inference")
        let value = TensorFlowTensor(type: .bool, shape: [], values: .booleans([isTraining]))
        return [.constant(value)]
      }
      if case .constant(let value)? = inputs.first { return [.constant(value)] }
      if parameters.contains(Edge(node: index, output: 0)) {
        let isSize = node.type("dtype")?.isFloat == false
        return isSize ? [.constant(TensorFlowShapeFolding.scalar(1))] : [.unresolved]
      }
      throw .unsupported("needs a value that is not the image")
    default: return nil
    }
  }

  /// A flag at inference: a name that speaks of testing is true, one of training false, otherwise its default.
  private static func flag(_ node: TensorFlowNode, default value: Value?) -> Bool {
    let name = node.name.lowercased()
    if ["train", "phase", "learning", "drop"].contains(where: { name.contains($0) }) {
      return false
    }
    if ["test", "infer", "eval", "predict", "deploy"].contains(where: { name.contains($0) }) {
      return true
    }
    if case .constant(let tensor)? = value, case .booleans(let flags) = tensor.values {
      return flags.first ?? false
    }
    return false
  }

  // MARK: Branches

  private func branch(
    _ node: TensorFlowNode,
    _ inputs: [Value]
  ) throws(TensorFlowProblem) -> [Value]? {
    switch node.operation {
    case "Switch", "RefSwitch":
      guard inputs.count == 2 else { throw .unsupported("with \(inputs.count) inputs") }
      if inputs[0].isDead || inputs[1].isDead { return [.dead, .dead] }
      guard let flag = Self.truth(inputs[1]) else {
        throw .unsupported("condition is not known at inference")
      }
      return flag ? [.dead, inputs[0]] : [inputs[0], .dead]
    case "Merge", "RefMerge":
      let live = inputs.indices.filter { !inputs[$0].isDead }
      guard let taken = live.first(where: { !inputs[$0].isFailed }) ?? live.first else {
        return [.dead, .dead]
      }
      return [inputs[taken], .constant(TensorFlowShapeFolding.scalar(taken))]
    case "Select", "SelectV2":
      guard inputs.count == 3, let flag = Self.truth(inputs[0]) else { return nil }
      return [flag ? inputs[1] : inputs[2]]
    default: return nil
    }
  }

  /// The one truth value of a scalar that is known.
  private static func truth(_ value: Value) -> Bool? {
    guard case .constant(let tensor) = value, case .booleans(let flags) = tensor.values,
      flags.count == 1
    else { return nil }
    return flags[0]
  }

  // MARK: Dropout

  /// The value that a dropout lets through, where `node` is the last step of one: scaled values times a random mask.
  private static func dropout(
    _ lowering: TensorFlowLowering,
    _ node: TensorFlowNode,
    _ inputs: [Value]
  ) -> Value? {
    switch node.operation {
    case "Mul":
      guard inputs.count == 2, let mask = inputs.firstIndex(where: \.isRandom) else { return nil }
      return lowering.unscaled(node.inputs[1 - mask])
    case "Select", "SelectV2":
      guard inputs.count == 3, inputs[0].isRandom else { return nil }
      return lowering.unscaled(node.inputs[1])
    default: return nil
    }
  }

  /// The value before a division by the kept share, or a multiplication by its inverse.
  private func unscaled(_ edge: Edge) -> Value? {
    let node = network.nodes[edge.node]
    guard ["Div", "RealDiv", "Mul"].contains(node.operation), node.inputs.count == 2 else {
      return nil
    }
    let operands = node.inputs.map { result($0) }
    let positions = node.operation == "Mul" ? [0, 1] : [0]
    for position in positions where operands[position].isActivation {
      switch operands[1 - position] {
      case .unresolved: return operands[position]
      case .constant(let scale) where scale.values.count == 1: return operands[position]
      default: continue
      }
    }
    return nil
  }

  // MARK: Reports

  /// Problems on the way to `edge`, in the graph's order.
  func problems(behind edge: Edge) -> [(node: Int, problem: TensorFlowProblem)] {
    var seen: Set<Int> = [edge.node]
    var pending = [edge.node]
    var found: [Int] = []
    while let index = pending.popLast() {
      if problems[index] != nil { found.append(index) }
      for input in network.nodes[index].inputs where result(input).isFailed {
        if seen.insert(input.node).inserted { pending.append(input.node) }
      }
    }
    return found.sorted().compactMap { index in problems[index].map { (index, $0) } }
  }
}

extension TensorFlowValue {
  var isDead: Bool { if case .dead = self { true } else { false } }
  var isFailed: Bool { if case .failed = self { true } else { false } }
  var isRandom: Bool { if case .random = self { true } else { false } }
  var isUnresolved: Bool { if case .unresolved = self { true } else { false } }
  var isActivation: Bool {
    switch self {
    case .activation, .phases, .convolvedPhases: true
    default: false
    }
  }
}
