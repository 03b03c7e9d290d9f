internal import Containers

/// One operator of a TensorFlow graph with its references resolved.
struct TensorFlowNode {
  /// One output of a node.
  struct Edge: Hashable {
    var node: Int
    var output: Int
  }

  let name: String
  let operation: String
  /// Data inputs in order.
  var inputs: [Edge] = []
  /// Nodes that must run before.
  var controls: [Int] = []
  let attributes: [String: TFAttribute]

  func text(_ name: String) -> String? {
    guard case .s(let bytes)? = attributes[name]?.value else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  func integer(_ name: String) -> Int? {
    guard case .i(let value)? = attributes[name]?.value else { return nil }
    return Int(value)
  }

  func number(_ name: String) -> Float? {
    guard case .f(let value)? = attributes[name]?.value else { return nil }
    return value
  }

  func flag(_ name: String) -> Bool? {
    guard case .b(let value)? = attributes[name]?.value else { return nil }
    return value
  }

  func integers(_ name: String) -> [Int]? {
    guard case .list(let list)? = attributes[name]?.value else { return nil }
    return list.i.map { Int($0) }
  }

  func type(_ name: String) -> TensorFlowDataType? {
    guard case .type(let number)? = attributes[name]?.value else { return nil }
    return TensorFlowDataType(record: number)
  }

  var constant: TFTensorValue? {
    guard case .tensor(let record)? = attributes["value"]?.value else { return nil }
    return record
  }

  /// Recorded shape of an output, −1 for extents left open; nil where the rank is unknown.
  func shape(ofOutput output: Int = 0) -> [Int]? {
    if case .list(let list)? = attributes["_output_shapes"]?.value, output < list.shape.count {
      let shape = list.shape[output]
      if !shape.unknownRank { return shape.dim.map { Int($0.size) } }
    }
    for key in ["output_shapes", "shapes"] {
      guard case .list(let list)? = attributes[key]?.value, output < list.shape.count else {
        continue
      }
      let shape = list.shape[output]
      return shape.unknownRank ? nil : shape.dim.map { Int($0.size) }
    }
    // TensorFlow before 1.0 writes a shape without extents where it means an unknown one.
    guard output == 0, case .shape(let shape)? = attributes["shape"]?.value, !shape.unknownRank,
      !shape.dim.isEmpty
    else { return nil }
    return shape.dim.map { Int($0.size) }
  }

  /// Whether the graph says that output 0 is a scalar.
  var isRecordedScalar: Bool {
    guard case .list(let list)? = attributes["_output_shapes"]?.value, let shape = list.shape.first
    else { return false }
    return !shape.unknownRank && shape.dim.isEmpty
  }
}

/// A GraphDef with names resolved to indices.
struct TensorFlowNetwork {
  let nodes: [TensorFlowNode]
  private let indices: [String: Int]
  /// For each node, the nodes that read one of its outputs as data.
  let consumers: [[Int]]

  /// What about a graph's records does not fit together.
  struct Problem: Error {
    var node: String
    var text: String
  }

  /// - Throws: `Problem` for a name used twice or an input that is no node.
  init(_ graph: TFGraphRecord) throws(Problem) {
    var nodes: [TensorFlowNode] = []
    var indices: [String: Int] = [:]
    for record in graph.node {
      guard indices.updateValue(nodes.count, forKey: record.name) == nil else {
        throw Problem(node: record.name, text: "two nodes have this name")
      }
      nodes.append(
        TensorFlowNode(name: record.name, operation: record.op, attributes: record.attr)
      )
    }
    var consumers = [[Int]](repeating: [], count: nodes.count)
    for (index, record) in graph.node.enumerated() {
      for input in record.input {
        let isControl = input.hasPrefix("^")
        let (name, output) = Self.parse(isControl ? String(input.dropFirst()) : input)
        guard let producer = indices[name] else {
          throw Problem(node: record.name, text: "input \"\(input)\" is not in the graph")
        }
        if isControl {
          nodes[index].controls.append(producer)
        } else {
          nodes[index].inputs.append(.init(node: producer, output: output))
          if consumers[producer].last != index { consumers[producer].append(index) }
        }
      }
    }
    self.nodes = nodes
    self.indices = indices
    self.consumers = consumers
  }

  /// The node named `name`, which may end in an output number after a colon.
  func edge(named name: String) -> TensorFlowNode.Edge? {
    let (node, output) = Self.parse(name)
    return indices[node].map { .init(node: $0, output: output) }
  }

  func node(named name: String) -> Int? { indices[name] }

  /// `name:0` is the node itself; other outputs keep their number.
  func name(of edge: TensorFlowNode.Edge) -> String {
    edge.output == 0 ? nodes[edge.node].name : "\(nodes[edge.node].name):\(edge.output)"
  }

  private static func parse(_ reference: String) -> (name: String, output: Int) {
    guard let colon = reference.lastIndex(of: ":"),
      let output = Int(reference[reference.index(after: colon)...]), (0..<1 << 16).contains(output)
    else { return (reference, 0) }
    return (String(reference[..<colon]), output)
  }

  /// Nodes that `roots` need, each after its inputs; `follows` says which inputs of a node count.
  ///
  /// Nodes on a cycle come in some order.
  func order(of roots: [Int], _ follows: (TensorFlowNode) -> [Int]) -> [Int] {
    var order: [Int] = []
    var seen = [Bool](repeating: false, count: nodes.count)
    for root in roots where !seen[root] {
      seen[root] = true
      var stack = [(node: root, inputs: follows(nodes[root]), next: 0)]
      while let top = stack.last {
        guard top.next < top.inputs.count else {
          order.append(top.node)
          stack.removeLast()
          continue
        }
        stack[stack.count - 1].next += 1
        let input = top.inputs[top.next]
        if !seen[input] {
          seen[input] = true
          stack.append((input, follows(nodes[input]), 0))
        }
      }
    }
    return order
  }
}
