/// Names a value inside one graph.
public struct ValueID: Hashable, Sendable, Comparable {
  /// Position in `Graph.values`.
  public let index: Int

  /// The value at `index`.
  public init(_ index: Int) { self.index = index }

  /// Order of creation.
  public static func < (a: ValueID, b: ValueID) -> Bool { a.index < b.index }
}

/// One operator applied to values; every node has exactly one output.
public struct Node: Sendable, Equatable {
  /// Unique among nodes, as close to the framework's name as possible.
  public var name: String
  /// What it computes.
  public var operation: Operation
  /// Operands in order.
  public var inputs: [ValueID]
  /// The result.
  public var output: ValueID

  /// An operator applied to values.
  public init(name: String, operation: Operation, inputs: [ValueID], output: ValueID) {
    self.name = name
    self.operation = operation
    self.inputs = inputs
    self.output = output
  }
}

/// A convolutional network as a list of operators over named values, in topological order.
///
/// Batch is always 1 and the layout channels-last; importers see to both.
public struct Graph: Sendable, Equatable {
  /// A value: an input, a constant or a node's result.
  public struct Value: Sendable, Equatable {
    /// Unique among values.
    public var name: String
    /// Extents, outermost first, with the leading batch of 1.
    public var shape: [Int]
  }

  /// Name of the network, for reports.
  public var name: String
  /// All values ever created; those that nothing refers to any more are harmless.
  public private(set) var values: [Value] = []
  /// Operators in topological order.
  public var nodes: [Node] = []
  /// Values known before the run.
  public var constants: [ValueID: Tensor] = [:]
  /// Values given by the caller.
  public var inputs: [ValueID] = []
  /// Values that the caller wants.
  public var outputs: [ValueID] = []
  private var valueNames: Set<String> = []

  /// A graph without nodes.
  public init(name: String) { self.name = name }

  /// The value that `id` names.
  public subscript(id: ValueID) -> Value { values[id.index] }

  /// Shape of a value.
  public func shape(of id: ValueID) -> [Int] { values[id.index].shape }

  /// Creates a value; a name already taken gets a numbered suffix.
  public mutating func addValue(name: String, shape: [Int]) -> ValueID {
    var unique = name
    var suffix = 1
    while !valueNames.insert(unique).inserted {
      unique = "\(name)#\(suffix)"
      suffix += 1
    }
    values.append(Value(name: unique, shape: shape))
    return ValueID(values.count - 1)
  }

  /// Creates an input of the whole graph.
  public mutating func addInput(name: String, shape: [Int]) -> ValueID {
    let id = addValue(name: name, shape: shape)
    inputs.append(id)
    return id
  }

  /// Creates a value that is known before the run.
  public mutating func addConstant(name: String, _ tensor: Tensor) -> ValueID {
    let id = addValue(name: name, shape: tensor.shape)
    constants[id] = tensor
    return id
  }

  /// Appends a node and returns its output, whose shape follows from the operator's shape rule.
  ///
  /// - Throws: `GraphError` naming the node when the inputs do not fit.
  @discardableResult
  public mutating func append(
    _ operation: Operation,
    name: String,
    inputs: [ValueID]
  ) throws(GraphError) -> ValueID {
    let output = addValue(name: name, shape: try outputShape(of: operation, name: name, inputs))
    nodes.append(
      Node(name: values[output.index].name, operation: operation, inputs: inputs, output: output)
    )
    return output
  }

  /// Shape that `operation` would give `inputs`.
  ///
  /// - Throws: `GraphError` naming the node when the inputs do not fit.
  public func outputShape(
    of operation: Operation,
    name: String,
    _ inputs: [ValueID]
  ) throws(GraphError) -> [Int] {
    do throws(GraphError) {
      let shape = try operation.definition.outputShape(inputs.map { self.shape(of: $0) })
      guard shape.allSatisfy({ $0 > 0 }), shape.reduce(1, { $0.multipliedSaturating($1) }) < 1 << 31
      else {
        throw GraphError("output shape \(shape), expected positive extents below 2^31 elements")
      }
      return shape
    } catch {
      throw GraphError(error.problem, node: name)
    }
  }

  /// Recomputes every node's output shape and checks names, order and shapes.
  ///
  /// - Throws: `GraphError` at the first node that reads a value before it exists or does not fit.
  public mutating func verify() throws(GraphError) {
    var known = Set(inputs).union(constants.keys)
    for node in nodes {
      for input in node.inputs where !known.contains(input) {
        throw GraphError("reads \"\(self[input].name)\" before it is computed", node: node.name)
      }
      guard known.insert(node.output).inserted else {
        throw GraphError("\"\(self[node.output].name)\" is computed twice", node: node.name)
      }
      values[node.output.index].shape = try outputShape(
        of: node.operation,
        name: node.name,
        node.inputs
      )
    }
    for output in outputs where !known.contains(output) {
      throw GraphError("output \"\(self[output].name)\" is never computed")
    }
  }

  /// Index of the node that computes `id`, or nil for inputs and constants.
  public func producer(of id: ValueID) -> Int? { nodes.firstIndex { $0.output == id } }

  /// Indices of the nodes that read `id`, ascending.
  public func consumers(of id: ValueID) -> [Int] {
    nodes.indices.filter { nodes[$0].inputs.contains(id) }
  }

  /// Makes every reader of `old`, and the graph's outputs, read `new` instead.
  public mutating func replaceUses(of old: ValueID, with new: ValueID) {
    for index in nodes.indices {
      for position in nodes[index].inputs.indices where nodes[index].inputs[position] == old {
        nodes[index].inputs[position] = new
      }
    }
    for index in outputs.indices where outputs[index] == old { outputs[index] = new }
  }

  /// Drops nodes and constants whose results nobody reads; returns how many nodes.
  @discardableResult
  public mutating func removeDeadNodes() -> Int {
    var live = Set(outputs)
    var kept: [Node] = []
    for node in nodes.reversed() where live.contains(node.output) {
      live.formUnion(node.inputs)
      kept.append(node)
    }
    let removed = nodes.count - kept.count
    nodes = kept.reversed()
    constants = constants.filter { live.contains($0.key) }
    return removed
  }
}

extension Int {
  /// Product, or the largest Int where it does not fit.
  func multipliedSaturating(_ other: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? .max : product
  }
}
