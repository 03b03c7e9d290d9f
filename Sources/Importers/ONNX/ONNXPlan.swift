/// What of an ONNX graph is converted: the nodes that the outputs need, in an order in which they can run.
struct ONNXPlan {
  /// Names of the values that may become outputs.
  let outputs: [String]
  /// Nodes that compute them, operands first.
  let nodes: [ONNXNode]
  /// What was left out, a line each.
  private let notes: [String]

  /// Finds the outputs and what they need.
  ///
  /// - Throws: `ImportError` when an output named by the user is not there, none is left, or nodes go in circles.
  init(_ file: ONNXFile, request: ImportRequest) throws(ImportError) {
    var producers: [String: Int] = [:]
    for (index, node) in file.nodes.enumerated() {
      for output in node.outputs where !output.isEmpty && producers[output] == nil {
        producers[output] = index
      }
    }
    var notes: [String] = []
    outputs = try Self.outputs(file, request: request, producers: producers, notes: &notes)
    self.notes = notes
    nodes = try Self.order(file, outputs: outputs, input: request.input, producers: producers)
  }

  /// Operators at the end of a classifier that turn scores into labels.
  private static let labelling: Set<String> = [
    "ArgMax", "ArgMin", "TopK", "ai.onnx.ml.LabelEncoder", "ai.onnx.ml.ArrayFeatureExtractor",
  ]

  private static func outputs(
    _ file: ONNXFile,
    request: ImportRequest,
    producers: [String: Int],
    notes: inout [String]
  ) throws(ImportError) -> [String] {
    let listed = file.outputs.map(\.name)
    guard request.outputs.isEmpty else {
      var names: [String] = []
      for wanted in request.outputs {
        let node = file.nodes.first { $0.name == wanted }
        guard let name = producers[wanted] != nil ? wanted : node?.outputs.first else {
          throw .notFound(path: file.path, what: "output", name: wanted, candidates: listed)
        }
        names.append(name)
      }
      return names
    }
    var scores: [String] = []
    for name in listed {
      let (source, isLabel) = Self.scores(behind: name, file: file, producers: producers)
      if isLabel, listed.count > 1 {
        notes.append("output \"\(name)\" was left out, it holds labels")
        continue
      }
      if isLabel {
        notes.append("output \"\(name)\" holds labels, \"\(source)\" was taken instead")
      }
      scores.append(source)
    }
    return scores
  }

  /// The value that a label was chosen from, or that a map of probabilities was made of; else `name` itself.
  private static func scores(
    behind name: String,
    file: ONNXFile,
    producers: [String: Int]
  ) -> (name: String, isLabel: Bool) {
    var (source, current, isLabel) = (name, name, false)
    for _ in file.nodes.indices {
      guard let index = producers[current], let operand = file.nodes[index].inputs.first else {
        break
      }
      let type = file.nodes[index].type
      if labelling.contains(type) || type == "ai.onnx.ml.ZipMap" {
        isLabel = isLabel || labelling.contains(type)
        source = operand
      } else if !["Identity", "Cast", "Squeeze"].contains(type) {
        break
      }
      current = operand
    }
    return (source, isLabel)
  }

  /// The nodes that `outputs` need, in the file's order where that works.
  private static func order(
    _ file: ONNXFile,
    outputs: [String],
    input: String?,
    producers: [String: Int]
  ) throws(ImportError) -> [ONNXNode] {
    enum State { case open, done }
    var states: [Int: State] = [:]
    var order: [Int] = []
    var stack = outputs.reversed().compactMap { producers[$0] }
    while let index = stack.last {
      switch states[index] {
      case .done:
        stack.removeLast()
      case .open:
        states[index] = .done
        order.append(index)
        stack.removeLast()
      case nil:
        states[index] = .open
        for name in file.nodes[index].inputs where name != input && !name.isEmpty {
          guard file.initializers[name] == nil, let source = producers[name] else { continue }
          guard states[source] != .open else {
            throw .malformed(
              path: file.path,
              place: "node \"\(file.nodes[source].name)\"",
              problem: "needs its own output"
            )
          }
          if states[source] == nil { stack.append(source) }
        }
      }
    }
    let isSorted = order.allSatisfy { index in
      file.nodes[index].inputs.allSatisfy { producers[$0] ?? -1 < index }
    }
    return (isSorted ? order.sorted() : order).map { file.nodes[$0] }
  }
}

extension ONNXPlan {
  /// The outputs to keep, of those that could be computed, and what to tell the user.
  ///
  /// Asked for by name: those. Else the only classifier-like one, a vector of more than one score; networks with none,
  /// such as detectors, keep all.
  ///
  /// - Throws: `ImportError.ambiguous` when several look like a classifier's.
  func choose(
    _ values: [String: ONNXValue],
    file: ONNXFile,
    request: ImportRequest
  ) throws(ImportError) -> (chosen: [(name: String, view: AxisView)], notes: [String]) {
    var computed: [(name: String, view: AxisView)] = []
    for name in outputs {
      guard case .activation(let view) = values[name] else { continue }
      if !computed.contains(where: { $0.name == name }) { computed.append((name, view)) }
    }
    guard !computed.isEmpty else {
      throw .malformed(
        path: file.path,
        place: "",
        problem: "no output depends on the input; choose one with --output NAME"
      )
    }
    if !request.outputs.isEmpty || computed.count == 1 { return (computed, notes) }
    let vectors = computed.filter { $0.view.factors.count == 1 || $0.view.shape.count == 2 }
    if vectors.isEmpty { return (computed, notes) }
    guard vectors.count == 1 else {
      throw .ambiguous(
        path: file.path,
        what: "output",
        candidates: computed.map(\.name),
        option: "--output"
      )
    }
    let others = computed.filter { $0.name != vectors[0].name }.map { "\"\($0.name)\"" }
    let note =
      "output \"\(vectors[0].name)\" was chosen, \(others.joined(separator: ", ")) left out"
    return (vectors, notes + [note])
  }
}
