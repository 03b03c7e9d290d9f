internal import Containers

/// Gives variable nodes their values: the checkpoint knows names, and the graph's own restore operators know which of them
/// belongs to which node, also when it is a slice of a partitioned one.
struct TensorFlowVariables {
  private let checkpoint: (any TensorFlowCheckpoint)?
  /// For a variable's node: name in the checkpoint, and the slice as `RestoreV2` spells it.
  private let sources: [Int: (name: String, slice: String)]

  init(_ network: TensorFlowNetwork, checkpoint: (any TensorFlowCheckpoint)?) {
    self.checkpoint = checkpoint
    sources = checkpoint == nil ? [:] : Self.sources(network)
  }

  /// Name under which the variable is saved.
  func savedName(_ node: TensorFlowNode, _ index: Int) -> String {
    if let source = sources[index], checkpoint?.variables[source.name] != nil {
      return source.name
    }
    if let shared = node.text("shared_name"), checkpoint?.variables[shared] != nil {
      return shared
    }
    return node.name
  }

  func tensor(
    _ node: TensorFlowNode,
    _ index: Int
  ) throws(TensorFlowProblem) -> TensorFlowTensor {
    let name = savedName(node, index)
    guard let checkpoint, checkpoint.variables[name] != nil else { throw .missingVariable(name) }
    let tensor: TensorFlowTensor
    do throws(TensorFlowFileError) {
      tensor = try checkpoint.tensor(name)
    } catch {
      throw .file(error)
    }
    guard let slice = sources[index]?.slice, !slice.isEmpty, sources[index]?.name == name else {
      return tensor
    }
    guard let part = Self.cut(tensor, slice) else {
      throw .unsupported("slice \"\(slice)\" of \(tensor.shape)")
    }
    return part
  }

  /// A part written as `full shape, then start,length or - a axis`: `10 20 0,5:-`.
  private static func cut(_ tensor: TensorFlowTensor, _ slice: String) -> TensorFlowTensor? {
    guard let extents = slice.split(separator: " ").last?.split(separator: ":"),
      extents.count == tensor.shape.count
    else { return nil }
    var flat = [0]
    var shape: [Int] = []
    for (extent, size) in zip(extents, tensor.shape) {
      var range = 0..<size
      if extent != "-" {
        let numbers = extent.split(separator: ",").compactMap { Int($0) }
        guard numbers.count == 2, numbers[0] >= 0, numbers[0] <= size, numbers[1] >= 0,
          numbers[1] <= size - numbers[0]
        else { return nil }
        range = numbers[0]..<numbers[0] + numbers[1]
      }
      shape.append(range.count)
      flat = flat.flatMap { prefix in range.map { prefix * size + $0 } }
    }
    return tensor.gathered(flat, shape: shape)
  }

  /// Follows `Assign(variable, [Identity](Restore…))` back to the constants that name the saved tensor.
  private static func sources(
    _ network: TensorFlowNetwork
  ) -> [Int: (name: String, slice: String)] {
    var sources: [Int: (name: String, slice: String)] = [:]
    var lists: [Int: [String]] = [:]
    func strings(_ index: Int) -> [String] {
      if let known = lists[index] { return known }
      var list: [String] = []
      if let record = network.nodes[index].constant,
        case .success(let tensor) = TensorFlowTensor.decode(record),
        case .strings(let values) = tensor.values
      {
        list = values.map { String(decoding: $0, as: UTF8.self) }
      }
      lists[index] = list
      return list
    }
    for node in network.nodes {
      guard ["Assign", "AssignVariableOp"].contains(node.operation), node.inputs.count == 2 else {
        continue
      }
      var edge = node.inputs[1]
      for _ in 0..<4 where ["Identity", "Reshape"].contains(network.nodes[edge.node].operation) {
        guard let next = network.nodes[edge.node].inputs.first else { break }
        edge = next
      }
      let restore = network.nodes[edge.node]
      guard ["RestoreV2", "Restore", "RestoreSlice"].contains(restore.operation),
        restore.inputs.count >= 2
      else { continue }
      let names = strings(restore.inputs[1].node)
      let slices = restore.inputs.count > 2 ? strings(restore.inputs[2].node) : []
      guard edge.output < names.count else { continue }
      let slice = edge.output < slices.count ? slices[edge.output] : ""
      sources[node.inputs[0].node] = (names[edge.output], slice)
    }
    return sources
  }
}
