internal import GraphIR
internal import ModelFormat
internal import Quantization

/// Turns a quantized graph into the operators and tensors of a flat file, a node at a time.
///
/// Each operator family is an extension in a file of its own. A node that cannot be lowered is recorded and the walk goes on, so
/// that all of them are reported at once.
struct Lowering {
  /// Why a node has no int8 form.
  struct Problem: Error {
    var reason: String
    init(_ reason: String) { self.reason = reason }
  }

  /// Where a value lies: a tensor in which its elements are in order, perhaps in another shape, or channels of one.
  struct Location {
    /// Index in `contents.tensors`.
    var tensor: Int
    /// The value's shape; where the tensor has another, the dense sequences are equal.
    var shape: PixelShape
    /// The tensor's channel for each of the value's, where they are not the same.
    var channels: [Int]?
  }

  let model: QuantizedGraph
  let placements: ConcatPlacements
  /// Tensors and operators so far; arena offsets are still 0.
  var contents = ModelContents()
  /// For each tensor, its first channel within its root's.
  var channelOffsets: [Int] = []
  /// For each operator, the value that it computes.
  var operatorValues: [ValueID?] = []
  var locations: [ValueID: Location] = [:]
  /// Tensors of u8.8 that hold values, whose elements are in order, perhaps in another shape.
  var wideTensors: [ValueID: Int] = [:]
  /// The value that an operator wrote to a tensor of u8.8, and its bytes once somebody needs them.
  var wideOwners: [Int: (value: ValueID, bytes: Int?)] = [:]
  /// Tensors of concatenations, made when the first part is written.
  var concatTensors: [ValueID: Int] = [:]
  /// Strided slices that the padding after them does in one go.
  var deferredSlices: [ValueID: Slice] = [:]
  var unsupported: [UnsupportedNode] = []
  var notes: [String] = []

  var graph: Graph { model.graph }

  init(_ model: QuantizedGraph) {
    self.model = model
    placements = ConcatPlacements(model)
  }

  /// Lowers every node, and makes the output float32.
  mutating func run() throws(CompileError) {
    guard graph.inputs.count == 1, graph.outputs.count == 1 else {
      throw .graph(
        "\(graph.inputs.count) inputs and \(graph.outputs.count) outputs, expected one of each; name them with --input and --output"
      )
    }
    let (input, output) = (graph.inputs[0], graph.outputs[0])
    guard graph.shape(of: input).count == 4, let shape = PixelShape(graph.shape(of: input)) else {
      throw .graph(
        "input has shape \(graph.shape(of: input)), expected [1, height, width, channels]"
      )
    }
    contents.inputTensor = addTensor(name: graph[input].name, shape, .pixels)
    locations[input] = Location(tensor: contents.inputTensor, shape: shape)
    for node in graph.nodes { lowerOrRecord(node) }
    guard unsupported.isEmpty else { throw .unsupported(unsupported) }
    guard let producer = graph.producer(of: output) else {
      throw .graph("output \"\(graph[output].name)\" is computed by no layer")
    }
    do throws(Problem) {
      contents.outputTensor = try floatTensor(output, name: graph.nodes[producer].name)
    } catch {
      throw .graph("output \"\(graph[output].name)\": \(error.reason)")
    }
  }

  private mutating func lowerOrRecord(_ node: Node) {
    do throws(Problem) {
      try lower(node)
    } catch {
      unsupported.append(
        UnsupportedNode(
          name: node.name,
          operation: node.operation.definition.mnemonic,
          reason: error.reason
        )
      )
      // What reads it is looked at as if it were there.
      let shape = PixelShape(graph.shape(of: node.output))
      let stand = shape ?? PixelShape(height: 1, width: 1, channels: 1)
      locations[node.output] = Location(
        tensor: addTensor(name: node.name, stand, model.parameters[node.output] ?? .pixels),
        shape: stand
      )
    }
  }

  private mutating func lower(_ node: Node) throws(Problem) {
    for input in node.inputs {
      if let constant = graph.constants[input] {
        throw Problem("reads a constant of shape \(constant.shape) that no pass could fold")
      }
    }
    guard PixelShape(graph.shape(of: node.output)) != nil else {
      throw Problem(
        "output has shape \(graph.shape(of: node.output)), expected at most [1, height, width, channels]"
      )
    }
    switch node.operation {
    case .convolution(let op): try lowerConvolution(op, node)
    case .fullyConnected(let op): try lowerFullyConnected(op, node)
    case .channelAffine(let op): try lowerAffine(op, node)
    case .maxPool(let op): try lowerMaxPool(op, node)
    case .averagePool(let op): try lowerAveragePool(op, node)
    case .mean(let op): try lowerMean(op, node)
    case .unary(let op): try lowerUnary(op, node)
    case .parametricReLU(let op): try lowerParametricReLU(op, node)
    case .binary(let op): try lowerBinary(op, node)
    case .concat(let op): try lowerConcat(op, node)
    case .slice(let op): try lowerSlice(op, node)
    case .pad(let op): try lowerPad(op, node)
    case .reshape: try lowerReshape(node)
    case .transpose(let op): try lowerTranspose(op, node)
    case .softmax(let op): try lowerSoftmax(op, node)
    case .localResponseNormalization(let op): try lowerLocalResponseNormalization(op, node)
    case .resize(let op): try lowerResize(op, node)
    case .gatherChannels(let op): try lowerGatherChannels(op, node)
    }
  }
}
