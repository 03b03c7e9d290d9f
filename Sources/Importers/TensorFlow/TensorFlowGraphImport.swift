internal import Containers
internal import GraphIR

/// Chooses the input and the output of a network and writes what lies between them as a graph.
struct TensorFlowGraphImport {
  typealias Edge = TensorFlowNode.Edge

  let network: TensorFlowNetwork
  let variables: TensorFlowVariables
  let signature: TFSignature?
  let request: ImportRequest

  /// - Throws: `ImportError` for a choice that is the user's, or for nodes that cannot be converted.
  func run(format: String) throws(ImportError) -> ImportedModel {
    let search = TensorFlowSearch(network)
    let input = try chosenInput(search)
    let outputs = try chosenOutputs(search, input)
    let image = outputs.first?.input ?? input[0]
    var lowering = TensorFlowLowering(
      network,
      variables: variables,
      parameters: search.parameters.subtracting([image]),
      name: TensorFlowFiles.lastName(request.path)
    )
    try addImage(image, to: &lowering)
    let edges = try classification(
      among: outputs.map(\.output),
      of: image,
      search,
      &lowering
    )
    var results: [ValueID] = []
    for edge in edges {
      results.append(try result(of: edge, &lowering))
    }
    var graph = lowering.graph
    graph.outputs = results
    graph.removeDeadNodes()
    var model = ImportedModel(graph: graph, format: format)
    model.notes = lowering.notes.sorted() + dropped(graph, edges)
    return model
  }

  /// How much of the file is not inference.
  private func dropped(_ graph: Graph, _ outputs: [Edge]) -> [String] {
    let used = network.order(of: outputs.map(\.node)) { $0.inputs.map(\.node) }.count
    let unused = network.nodes.count - used
    return unused == 0
      ? [] : ["\(unused) of \(network.nodes.count) nodes do not lead to the output"]
  }

  // MARK: Choice

  private func chosenInput(_ search: TensorFlowSearch) throws(ImportError) -> [Edge] {
    if let name = request.input { return [try edge(named: name, what: "input", search)] }
    let signed = (signature?.inputs ?? [:]).sorted { $0.key < $1.key }
      .compactMap { network.edge(named: $0.value.name) }
    let possible = search.imageSources()
    if let match = signed.first(where: { possible.contains($0) }), signed.count > 0 {
      return [match]
    }
    if signed.count == 1 { return signed }
    guard (1...64).contains(possible.count) else {
      throw .ambiguous(
        path: request.path,
        what: "input",
        candidates: search.sources.map { network.name(of: $0) },
        option: "--input"
      )
    }
    return possible
  }

  private func chosenOutputs(
    _ search: TensorFlowSearch,
    _ inputs: [Edge]
  ) throws(ImportError) -> [(input: Edge, output: Edge)] {
    let candidates = inputs.flatMap { search.candidates(from: $0) }
    var named: [Edge] = []
    for name in request.outputs {
      named.append(try edge(named: name, what: "output", search, candidates))
    }
    if named.isEmpty {
      named = (signature?.outputs ?? [:]).sorted { $0.key < $1.key }
        .compactMap { network.edge(named: $0.value.name) }
    }
    if !named.isEmpty {
      guard inputs.count > 1 else { return named.map { (inputs[0], $0) } }
      let needed = Set(network.order(of: named.map(\.node)) { $0.inputs.map(\.node) })
      let fitting = inputs.filter { needed.contains($0.node) }
      guard fitting.count == 1 else {
        throw .ambiguous(
          path: request.path,
          what: "input",
          candidates: (fitting.isEmpty ? inputs : fitting).map { network.name(of: $0) },
          option: "--input"
        )
      }
      return named.map { (fitting[0], $0) }
    }
    let best = search.best(of: candidates)
    guard !best.isEmpty else {
      throw .ambiguous(
        path: request.path,
        what: "output",
        candidates: [],
        option: "--output"
      )
    }
    guard Set(best.map(\.input)).count == 1 else {
      let pairs = best.map { network.name(of: $0.input) + " → " + network.name(of: $0.output) }
      throw .ambiguous(
        path: request.path,
        what: "path",
        candidates: pairs,
        option: "--input NAME --output"
      )
    }
    return best.map { ($0.input, $0.output) }
  }

  private func edge(
    named name: String,
    what: String,
    _ search: TensorFlowSearch,
    _ candidates: [TensorFlowSearch.Candidate] = []
  ) throws(ImportError) -> Edge {
    if let edge = network.edge(named: name) { return edge }
    let known = what == "input" ? search.sources : candidates.map(\.output)
    throw .notFound(
      path: request.path,
      what: what,
      name: name,
      candidates: known.map { network.name(of: $0) }
    )
  }

  /// Of several ends, those that give one number a class; outputs that the user or a signature named stay as they are.
  private func classification(
    among edges: [Edge],
    of image: Edge,
    _ search: TensorFlowSearch,
    _ lowering: inout TensorFlowLowering
  ) throws(ImportError) -> [Edge] {
    guard edges.count > 1, request.outputs.isEmpty else { return edges }
    guard edges.count <= 64 else {
      throw .ambiguous(
        path: request.path,
        what: "output",
        candidates: edges.map { network.name(of: $0) },
        option: "--output"
      )
    }
    var kept: [Edge] = []
    var vectors: [Edge] = []
    var unknown: [Edge] = []
    for edge in edges {
      switch lowering.value(of: edge) {
      case .activation(let value):
        if value.shape.count < 2 { continue }
        kept.append(edge)
        let classes = value.shape.dropFirst().reduce(1, *)
        if classes > 1, value.shape.max() == classes { vectors.append(edge) }
      case .failed: unknown.append(edge)
      default: continue
      }
    }
    // What cannot be converted may be what the user wants: it stays in the list.
    kept = (vectors.isEmpty ? kept : vectors) + unknown
    if kept.count > 1 {
      let softmax = kept.filter { network.nodes[$0.node].operation == "Softmax" }
      if signature != nil, softmax.count == 1 { return softmax }
      let rest = search.candidates(from: image).filter { kept.contains($0.output) }
      let best = search.best(of: rest)
      if best.count == 1 { return [best[0].output] }
    }
    guard kept.count == 1 else {
      throw .ambiguous(
        path: request.path,
        what: "output",
        candidates: (kept.isEmpty ? edges : kept).map { network.name(of: $0) },
        option: "--output"
      )
    }
    return kept
  }

  // MARK: Input

  private func addImage(_ edge: Edge, to lowering: inout TensorFlowLowering) throws(ImportError) {
    let node = network.nodes[edge.node]
    func refuse(_ found: String) -> ImportError {
      .malformed(
        path: request.path,
        place: "input \"\(node.name)\"",
        problem: "\(found); give its size with --input-size HxW"
      )
    }
    var shape = node.shape(ofOutput: edge.output) ?? []
    if shape.isEmpty,
      let info = signature?.inputs.values.first(where: {
        network.edge(named: $0.name) == edge && !$0.tensorShape.unknownRank
      })
    {
      shape = info.tensorShape.dim.map { Int($0.size) }
    }
    let readers = network.consumers[edge.node].map { network.nodes[$0] }
    if shape.isEmpty {
      guard let size = request.inputSize else { throw refuse("its shape is not in the file") }
      let weights = readers.lazy.filter { $0.operation == "Conv2D" && $0.inputs.count == 2 }
        .compactMap { variableShape($0.inputs[1]) }.first
      shape = [-1, size.height, size.width, weights.map { $0.count == 4 ? $0[2] : 3 } ?? 3]
    }
    let batch = shape[0] > 1 ? shape[0] : nil
    shape[0] = 1
    var isFirst = false
    if shape.count == 4 {
      let formats = Set(readers.compactMap { $0.text("data_format") })
      isFirst =
        formats == ["NCHW"]
        || (formats.isEmpty && [1, 3].contains(shape[1]) && ![1, 3, 4].contains(shape[3]))
      let (y, x, c) = isFirst ? (2, 3, 1) : (1, 2, 3)
      if let size = request.inputSize {
        if shape[y] <= 0 { shape[y] = size.height }
        if shape[x] <= 0 { shape[x] = size.width }
      }
      if shape[c] <= 0 { shape[c] = 3 }
    }
    guard shape.allSatisfy({ (1...1 << 16).contains($0) }),
      let count = TensorFlowTensor.count(of: shape), count <= 1 << 28
    else { throw refuse("its shape is \(node.shape(ofOutput: edge.output) ?? shape)") }
    do throws(GraphError) {
      try lowering.addImage(edge, shape: shape, isChannelsFirst: isFirst, batch: batch)
    } catch {
      throw .graph(path: request.path, error)
    }
  }

  /// Shape recorded with the variable or constant that `edge` reads.
  private func variableShape(_ edge: Edge) -> [Int]? {
    var index = edge.node
    for _ in 0..<4 {
      let node = network.nodes[index]
      if let shape = node.shape() { return shape }
      if let record = node.constant { return record.tensorShape.dim.map { Int($0.size) } }
      guard let input = node.inputs.first else { return nil }
      index = input.node
    }
    return nil
  }

  // MARK: Output

  private func result(
    of edge: Edge,
    _ lowering: inout TensorFlowLowering
  ) throws(ImportError) -> ValueID {
    let name = network.name(of: edge)
    switch lowering.value(of: edge) {
    case .activation(let value): return value.id
    case .failed: throw failure(lowering.problems(behind: edge))
    case .constant, .random, .unresolved, .dead, .phases, .convolvedPhases:
      throw .malformed(
        path: request.path,
        place: "output \"\(name)\"",
        problem: "does not depend on the image; choose another with --output NAME"
      )
    }
  }

  /// One error for everything in the way: damaged files first, then missing variables, then operators.
  private func failure(_ problems: [(node: Int, problem: TensorFlowProblem)]) -> ImportError {
    var missing: [String] = []
    var operators: [UnsupportedOperator] = []
    for (index, problem) in problems {
      let node = network.nodes[index]
      switch problem {
      case .file(let error):
        return .malformed(path: request.path, place: error.file, problem: error.problem)
      case .missingVariable(let name): missing.append(name)
      case .unsupported(let detail):
        operators.append(
          UnsupportedOperator(type: node.operation, node: node.name, detail: detail)
        )
      }
    }
    if !missing.isEmpty {
      return .parameterMismatch(path: request.path, missing: missing, unexpected: [], wrong: [])
    }
    guard !operators.isEmpty else {
      return .malformed(path: request.path, place: "", problem: "the graph runs in a circle")
    }
    return .unsupported(path: request.path, operators: operators)
  }
}
