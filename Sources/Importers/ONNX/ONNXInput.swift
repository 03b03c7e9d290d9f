internal import GraphIR

/// The input of a network: which value it is, and how its axes are to be read.
struct ONNXInput {
  /// Name of the value.
  let name: String
  /// Extents in the file's order, with a batch of 1.
  let shape: [Int]
  /// Batch extent in the file where it is a number above 1, else 1.
  let declaredBatch: Int
  /// Whether the last axis of four is the channels.
  let isChannelsLast: Bool

  /// Most elements of an input: an image of 4096 × 4096 with one channel, or of 2048 × 2048 with four.
  static let largestCount = 1 << 24

  /// The input that the user asked for, or the only one there is.
  ///
  /// - Throws: `ImportError` when there is none or a choice, or its extents are open or absurd.
  init(
    _ file: ONNXFile,
    request: ImportRequest,
    nodes: [ONNXNode]
  ) throws(ImportError) {
    let info = try Self.choose(file, request: request, nodes: nodes)
    name = info.name
    func malformed(_ problem: String) -> ImportError {
      .malformed(path: file.path, place: "input \"\(info.name)\"", problem: problem)
    }
    guard info.hasType, info.type.hasTensorType, info.type.tensorType.hasShape else {
      throw malformed("no shape, expected that of an image")
    }
    let dimensions = info.type.tensorType.shape.dim
    var extents = dimensions.map { Int($0.dimValue) }
    guard (1...4).contains(extents.count) else {
      throw malformed("\(extents.count) axes, expected an image [1, C, H, W]")
    }
    declaredBatch = extents.count > 1 ? max(extents[0], 1) : 1
    if extents.count > 1 { extents[0] = 1 }
    isChannelsLast =
      extents.count == 4 && Self.readsChannelsLast(extents, from: info.name, nodes: nodes)
    if extents.count == 4 {
      let (y, x) = isChannelsLast ? (1, 2) : (2, 3)
      if let size = request.inputSize, extents[y] <= 0 || extents[x] <= 0 {
        (extents[y], extents[x]) = (size.height, size.width)
      }
    }
    guard extents.allSatisfy({ $0 > 0 }) else {
      let shown = dimensions.map { $0.dimValue > 0 ? "\($0.dimValue)" : "?" }
      throw malformed(
        "shape [\(shown.joined(separator: ", "))] leaves its size open; give it with --input-size HxW"
      )
    }
    guard extents.reduce(1, { $0.saturatingProduct($1) }) <= Self.largestCount else {
      throw malformed("shape \(extents), expected at most 2^24 elements")
    }
    shape = extents
  }

  private static func choose(
    _ file: ONNXFile,
    request: ImportRequest,
    nodes: [ONNXNode]
  ) throws(ImportError) -> ONNXValueInfo {
    let read = Set(nodes.flatMap(\.inputs))
    let candidates = file.inputs.filter { read.contains($0.name) }
    if let wanted = request.input {
      guard let info = file.valueInfo[wanted] else {
        throw .notFound(
          path: file.path,
          what: "input",
          name: wanted,
          candidates: candidates.map(\.name)
        )
      }
      return info
    }
    guard let only = candidates.first else {
      throw .malformed(path: file.path, place: "", problem: "no input, expected an image")
    }
    if candidates.count == 1 { return only }
    let images = candidates.filter { $0.type.tensorType.shape.dim.count == 4 }
    guard images.count == 1 else {
      throw .ambiguous(
        path: file.path,
        what: "input",
        candidates: candidates.map(\.name),
        option: "--input"
      )
    }
    return images[0]
  }

  /// Whether the first thing that happens to the input, but for arithmetic, is a transpose to channels first; without
  /// one, the position of an extent that can be a number of colours decides.
  private static func readsChannelsLast(
    _ extents: [Int],
    from name: String,
    nodes: [ONNXNode]
  ) -> Bool {
    let elementwise: Set<String> = ["Cast", "Sub", "Mul", "Add", "Div", "Identity", "Neg", "Clip"]
    var reached: Set<String> = [name]
    for node in nodes where !reached.isDisjoint(with: node.inputs) {
      if elementwise.contains(node.type) {
        reached.formUnion(node.outputs)
        continue
      }
      if node.type == "Transpose", let permutation = try? node.integers("perm") {
        return permutation == [0, 3, 1, 2]
      }
      if node.type == "Conv" || node.type == "BatchNormalization" { return false }
      break
    }
    return [1, 3, 4].contains(extents[3]) && extents[1] > 4
  }

  /// Declares the input in `graph`: always an image stored channels-last where it can be seen as one.
  func declare(in graph: inout Graph, nodes: [ONNXNode], size: (height: Int, width: Int)?)
    -> AxisView
  {
    switch shape.count {
    case 4:
      let order = isChannelsLast ? [0, 1, 2, 3] : [0, 2, 3, 1]
      let stored = order.map { shape[$0] }
      return AxisView(graph.addInput(name: name, shape: stored), stored: stored, order: order)
    case 3:
      // A grey image without a channel axis.
      let stored = shape + [1]
      let view = AxisView(
        graph.addInput(name: name, shape: stored),
        stored: stored,
        order: [0, 1, 2, 3]
      )
      return view.reshaped(shape) ?? view
    default:
      if let size, size.height > 0, size.width > 0,
        shape[shape.count - 1] % size.height.saturatingProduct(size.width) == 0
      {
        // A flattened image, channels first.
        let count = shape.reduce(1, *)
        let channels = count / (size.height * size.width)
        let stored = [1, size.height, size.width, channels]
        let id = graph.addInput(name: name, shape: stored)
        let view = AxisView(id, stored: stored, order: [0, 2, 3, 1])
        return view.reshaped(shape) ?? view
      }
      let id = graph.addInput(name: name, shape: shape)
      return AxisView(id, stored: shape, order: Array(shape.indices))
    }
  }
}
