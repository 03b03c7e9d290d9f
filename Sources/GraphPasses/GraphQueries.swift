internal import GraphIR

extension Graph {
  /// The node that computes `value`, if this node is its only reader and the caller does not want it.
  func soleProducer(of value: ValueID) -> Int? {
    guard !outputs.contains(value), consumers(of: value).count == 1 else { return nil }
    return producer(of: value)
  }

  /// The only node that reads `value`, if there is just one reading and the caller does not want it.
  func soleConsumer(of value: ValueID) -> Int? {
    guard !outputs.contains(value) else { return nil }
    let readers = consumers(of: value)
    guard readers.count == 1, nodes[readers[0]].inputs.filter({ $0 == value }).count == 1 else {
      return nil
    }
    return readers[0]
  }

  /// Gives `producer` the name and output of `consumer`, and removes `consumer`.
  ///
  /// The fused node stands where the consumer stood, so that all its operands exist by then.
  mutating func fuse(
    _ producer: Int,
    into consumer: Int,
    as operation: Operation,
    inputs: [ValueID]
  ) {
    nodes[consumer] = Node(
      name: nodes[consumer].name,
      operation: operation,
      inputs: inputs,
      output: nodes[consumer].output
    )
    nodes.remove(at: producer)
  }
}
