public import GraphIR

/// What a conversion puts before and after the imported network, so that pixels go in and scores come out.
public enum InputAndOutput {
  /// Puts `(pixel − mean) ÷ std` between the image input and its readers, and reorders RGB to BGR first if asked.
  ///
  /// `mean` and `std` hold one value or one a channel, in the network's channel order. After it, the graph's input is
  /// pixels 0…255, red first.
  ///
  /// - Throws: `GraphError` when the input is no image or the counts do not fit.
  public static func prependPreprocessing(
    mean: [Float],
    std: [Float],
    isBGR: Bool,
    to graph: inout Graph
  ) throws(GraphError) {
    guard graph.inputs.count == 1 else {
      throw GraphError("\(graph.inputs.count) inputs, expected one image")
    }
    let original = graph.inputs[0]
    let shape = graph.shape(of: original)
    let name = graph[original].name
    guard let channels = shape.last else { throw GraphError("shape \(shape)", node: name) }
    func spread(_ values: [Float], _ what: String) throws(GraphError) -> [Float] {
      if values.count == 1 { return [Float](repeating: values[0], count: channels) }
      guard values.count == channels else {
        throw GraphError("\(values.count) values of \(what), expected 1 or \(channels)", node: name)
      }
      return values
    }
    let means = try spread(mean, "mean")
    let stds = try spread(std, "std")
    guard stds.allSatisfy({ $0.isFinite && $0 != 0 }), means.allSatisfy(\.isFinite) else {
      throw GraphError("mean \(mean), std \(std), expected finite, std not 0", node: name)
    }
    guard !isBGR || channels == 3 else {
      throw GraphError("\(channels) channels, expected 3 for BGR", node: name)
    }
    let body = graph.nodes
    let outputs = graph.outputs
    graph.nodes = []
    graph.inputs = []
    var value = graph.addInput(name: "pixels", shape: shape)
    let scale = stds.map { 1 / $0 }
    let bias = zip(means, stds).map { -$0 / $1 }
    let affine = ChannelAffine(
      scale: isBGR ? scale.reversed() : scale,
      bias: isBGR ? bias.reversed() : bias
    )
    value = try graph.append(.channelAffine(affine), name: "preprocessing", inputs: [value])
    if isBGR {
      value = try graph.append(
        .gatherChannels(GatherChannels(indices: [2, 1, 0])),
        name: "rgb_to_bgr",
        inputs: [value]
      )
    }
    graph.nodes += body
    graph.outputs = outputs
    graph.replaceUses(of: original, with: value)
    try graph.verify()
  }

  /// Makes a classifier end in probabilities: a softmax after logits, a softmax instead of its logarithm.
  ///
  /// Returns whether the single output then holds probabilities. Networks with other outputs (several, images, a
  /// sigmoid, fewer than two values) stay as they are.
  ///
  /// - Throws: `GraphError` when the appended node does not fit, which is a mistake.
  public static func endInProbabilities(_ graph: inout Graph) throws(GraphError) -> Bool {
    guard graph.outputs.count == 1, let output = graph.outputs.first,
      let producer = graph.producer(of: output),
      let classes = graph.shape(of: output).last, classes > 1,
      graph.shape(of: output).reduce(1, *) == classes
    else { return false }
    switch graph.nodes[producer].operation {
    case .softmax(let softmax):
      if softmax.isLogarithmic {
        graph.nodes[producer].operation = .softmax(Softmax(isLogarithmic: false))
      }
      return true
    case .unary(.sigmoid), .unary(.hardSigmoid), .unary(.tanh): return false
    default:
      graph.outputs = [
        try graph.append(.softmax(Softmax()), name: "probabilities", inputs: [output])
      ]
      return true
    }
  }
}
