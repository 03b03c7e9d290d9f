public import GraphIR
public import ModelFormat
internal import Quantization
internal import Runtime

/// One side of a comparison.
public enum ComparedModel: Sendable {
  /// A float network that eats pixels 0…255, optimised as for a conversion.
  case float(Graph)
  /// A flat file.
  case flat(ModelFile)

  /// Height, width and channels of its input.
  public var inputShape: [Int] {
    switch self {
    case .float(let graph): graph.inputs.first.map { graph.shape(of: $0).suffix(3) } ?? []
    case .flat(let file): [file.input.height, file.input.width, file.input.channels]
    }
  }

  /// Whether its values are rounded to bytes.
  public var isQuantized: Bool {
    switch self {
    case .float: false
    case .flat: true
    }
  }

  /// Its layers in the order in which they run.
  func layers() -> [ComparedLayer] {
    switch self {
    case .float(let graph): Self.layers(graph)
    case .flat(let file): Self.layers(file)
    }
  }

  private static func layers(_ graph: Graph) -> [ComparedLayer] {
    var layers: [ComparedLayer] = []
    var indices: [ValueID: Int] = [:]
    for node in graph.nodes {
      indices[node.output] = layers.count
      layers.append(
        ComparedLayer(
          name: graph[node.output].name,
          family: ComparedLayer.Family(node.operation),
          shape: graph.shape(of: node.output),
          inputs: node.inputs.compactMap { indices[$0] },
          readsImage: node.inputs.contains { graph.inputs.contains($0) },
          readerBounds: ReaderBounds.bounds(of: node.output, in: graph)
            .map { (Double($0.low), Double($0.high)) }
        )
      )
    }
    return layers
  }

  /// A tensor of a flat file has the name of the value that it holds, whatever was fused to compute it.
  private static func layers(_ file: ModelFile) -> [ComparedLayer] {
    var writers: [Int: [Int]] = [:]
    var layers: [ComparedLayer] = []
    let image = file.tensors[file.inputTensor].root
    for (index, operation) in file.operators.enumerated() {
      let output = file.tensors[operation.output]
      let read = [operation.input, operation.secondInput]
        .filter { $0 != OperatorRecord.noTensor }.map { file.tensors[$0].root }
      var layer = ComparedLayer(
        name: file.name(of: output),
        family: ComparedLayer.Family(operation.kind),
        shape: [output.height, output.width, output.channels],
        inputs: read.flatMap { writers[$0] ?? [] },
        readsImage: read.contains(image)
      )
      layer.recordedRatio = operation.noiseRatio.isFinite ? Double(operation.noiseRatio) : nil
      if output.elementType != .float32 {
        let scale = Double(output.scale)
        // Of two bytes the second is behind the point.
        let isWide = output.elementType == .wide
        layer.step = isWide ? scale / 256 : scale
        layer.range = (
          scale * Double(-output.zeroPoint),
          scale * Double(255 - output.zeroPoint) + (isWide ? 255 * layer.step : 0)
        )
      }
      layers.append(layer)
      writers[output.root, default: []].append(index)
    }
    return layers
  }
}

extension ComparedLayer.Family {
  init(_ operation: GraphIR.Operation) {
    switch operation {
    case .convolution, .fullyConnected, .channelAffine: self = .weighted
    case .maxPool: self = .maximum
    case .averagePool, .mean: self = .average
    case .unary, .parametricReLU: self = .function
    case .binary(let op):
      switch op {
      case .add, .subtract, .maximum, .minimum: self = .sum
      case .multiply, .divide: self = .product
      }
    case .softmax: self = .softmax
    case .localResponseNormalization: self = .normalization
    case .resize: self = .resize
    case .concat, .slice, .pad, .reshape, .transpose, .gatherChannels: self = .movement
    }
  }

  init(_ kind: OperatorKind) {
    switch kind {
    case .convolution, .depthwiseConvolution: self = .weighted
    case .maxPool: self = .maximum
    case .averagePool: self = .average
    case .lookup: self = .function
    case .add: self = .sum
    case .multiply: self = .product
    case .softmax: self = .softmax
    case .localResponseNormalization: self = .normalization
    case .resize: self = .resize
    case .gatherChannels, .dequantize, .reshape, .pad, .transpose: self = .movement
    }
  }
}

/// A model with its working memory, for one thread.
struct ComparedRunner {
  private enum Side {
    case float(FloatEvaluator, shape: [Int])
    case flat(Network)
  }

  private let side: Side

  init(_ model: ComparedModel) throws(EvaluationError) {
    switch model {
    case .float(let graph):
      guard let input = graph.inputs.first else { throw .network("float model: no input") }
      side = .float(FloatEvaluator(graph), shape: graph.shape(of: input))
    case .flat(let file):
      do throws(RuntimeError) {
        side = .flat(try Network(file, threads: 1))
      } catch {
        throw .network(error.message)
      }
    }
  }

  /// Runs dense pixels; `observe` sees every layer's values in the order of `ComparedModel.layers`.
  ///
  /// Returns the index of the largest output element.
  func run(
    _ pixels: [UInt8],
    observe: (_ layer: Int, _ values: () -> [Float]) -> Void
  ) throws(EvaluationError) -> Int {
    switch side {
    case .float(let evaluator, let shape):
      var layer = 0
      do throws(GraphError) {
        let image = Tensor(shape: shape, values: pixels.map(Float.init))
        let outputs = try evaluator.run([image]) { _, result in
          observe(layer) { result.values }
          layer += 1
        }
        return outputs.first.map { $0.values.indexOfLargest } ?? 0
      } catch {
        throw .network("float model: \(error)")
      }
    case .flat(let network):
      network.setInput(pixels)
      network.run { operation in observe(operation) { network.values(ofOutputOf: operation) } }
      return network.outputValues.indexOfLargest
    }
  }
}

extension [Float] {
  /// Index of the largest element, the first of equals.
  fileprivate var indexOfLargest: Int {
    indices.max { (self[$0], $1) < (self[$1], $0) } ?? 0
  }
}
