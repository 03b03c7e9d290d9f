internal import Dispatch
internal import GraphIR
internal import ModelFormat
internal import Quantization
internal import Runtime
internal import Synchronization

/// Corrects biases by what the int8 network computes, layer after layer.
///
/// Each channel's mean output before its clamp is brought to the float network's on the same images (Nagel et al. 2019, "Data-Free
/// Quantization", appendix D, https://arxiv.org/abs/1906.04721). Float values are cut off where the bytes are: else the few values
/// that a range leaves out would move the bias of all. Layers that do not read one another share a walk over the images. At
/// most 64 images are used, spread over the set, and fewer where their pixels would take more than 256 MiB; they are kept as bytes.
/// Sums are added in image order, so nothing depends on the number of threads.
struct EmpiricalBiasCorrection {
  /// The most images that are run.
  static let mostImages = 64
  /// Bytes that pixels may take.
  static let mostBytes = 256 << 20

  private var model: QuantizedGraph
  private let options: CompileOptions
  private let layers: [Layer]

  /// A layer with the number of layers with weights before it.
  private struct Layer: Sendable {
    var means: LayerMeans
    var level: Int

    var node: Node { means.node }
  }

  /// Means of one layer's input, and of its residual where it has one.
  private struct Means: Sendable {
    var patches: [Double] = []
    var residual: [Double] = []

    mutating func add(_ other: Means, scale: Double) {
      if patches.isEmpty { patches = [Double](repeating: 0, count: other.patches.count) }
      if residual.isEmpty { residual = [Double](repeating: 0, count: other.residual.count) }
      for index in patches.indices { patches[index] += other.patches[index] * scale }
      for index in residual.indices { residual[index] += other.residual[index] * scale }
    }
  }

  init(_ model: QuantizedGraph, _ options: CompileOptions) {
    self.model = model
    self.options = options
    var levels: [ValueID: Int] = [:]
    var layers: [Layer] = []
    for node in model.graph.nodes {
      var level = node.inputs.map { levels[$0] ?? 0 }.max() ?? 0
      if model.weights[node.output] != nil, let means = LayerMeans(node, model.graph) {
        layers.append(Layer(means: means, level: level))
        level += 1
      }
      levels[node.output] = level
    }
    self.layers = layers
  }

  /// The graph with corrected biases.
  consuming func run(_ images: CalibrationImages) throws(CompileError) -> QuantizedGraph {
    let pixels = try load(images)
    let float = try floatMeans(pixels)
    let levels = Set(layers.map(\.level)).sorted()
    for (step, level) in levels.enumerated() {
      let chosen = layers.indices.filter { layers[$0].level == level }
      let found = try bytesMeans(pixels, chosen)
      for (position, index) in chosen.enumerated() {
        let (layer, exact, seen) = (layers[index], float[index], found[position])
        guard !seen.patches.isEmpty, let input = model.parameters[layer.node.inputs[0]],
          let weights = model.weights[layer.node.output]
        else { continue }
        model.weights[layer.node.output] = layer.means.corrected(
          weights,
          input: input,
          means: exact.patches,
          found: seen.patches,
          residual: zip(exact.residual, seen.residual).map { $0 - $1 }
        )
      }
      options.progress(.correcting, step + 1, levels.count)
    }
    return model
  }

  private func load(_ images: CalibrationImages) throws(CompileError) -> [[UInt8]] {
    let size = model.graph.shape(of: model.graph.inputs[0]).reduce(1, *)
    let count = min(images.count, Self.mostImages, max(1, Self.mostBytes / max(1, size)))
    var pixels: [[UInt8]] = []
    for index in 0..<count {
      let position = index * images.count / count
      do { pixels.append(try images.load(position).pixelBytes) } catch {
        throw .quantization("\(QuantizationError.image(index: position, problem: "\(error)"))")
      }
    }
    return pixels
  }

  /// What the float network gives every layer.
  private func floatMeans(_ pixels: [[UInt8]]) throws(CompileError) -> [Means] {
    let evaluator = FloatEvaluator(clippedGraph)
    let shape = model.graph.shape(of: model.graph.inputs[0])
    var readers: [ValueID: [(layer: Int, isResidual: Bool)]] = [:]
    for (index, layer) in layers.enumerated() {
      for (operand, value) in layer.node.inputs.prefix(2).enumerated() {
        readers[value, default: []].append((index, operand == 1))
      }
    }
    let (known, layers) = (readers, layers)
    return try averaged(pixels, count: layers.count) { () throws(CompileError) in
      { (bytes) throws(CompileError) in
        var means = [Means](repeating: Means(), count: layers.count)
        func see(_ value: ValueID, _ tensor: Tensor) {
          for (index, isResidual) in known[value] ?? [] {
            if isResidual {
              means[index].residual = tensor.channelMeans
            } else {
              means[index].patches = layers[index].means.patchMeans(of: tensor.values)
            }
          }
        }
        let image = Tensor(shape: shape, values: bytes.map { Float($0) })
        see(model.graph.inputs[0], image)
        do throws(GraphError) {
          _ = try evaluator.run([image]) { node, tensor in see(node.output, tensor) }
        } catch { throw .graph(error.description) }
        return means
      }
    }
  }

  /// The float graph with the outputs of its layers kept to what their bytes can hold.
  private var clippedGraph: Graph {
    var graph = model.graph
    for (index, node) in graph.nodes.enumerated() {
      guard let parameters = model.parameters[node.output] else { continue }
      let (low, high) = (Float(parameters.low), Float(parameters.high))
      switch node.operation {
      case .convolution(var op):
        op.clamp = Clamp(low: max(op.clamp.low, low), high: min(op.clamp.high, high))
        graph.nodes[index].operation = .convolution(op)
      case .fullyConnected(var op):
        op.clamp = Clamp(low: max(op.clamp.low, low), high: min(op.clamp.high, high))
        graph.nodes[index].operation = .fullyConnected(op)
      default: break
      }
    }
    return graph
  }

  /// What the int8 network so far gives some layers.
  private func bytesMeans(
    _ pixels: [[UInt8]],
    _ chosen: [Int]
  ) throws(CompileError) -> [Means] {
    let lowering = try ModelCompiler.lowered(model, options)
    let file = try ModelBuilder(lowering, options, CalibrationResult()).file()
    let values = lowering.operatorValues
    let layers = chosen.map { self.layers[$0] }
    let operators = layers.map { layer -> Int? in
      let output = layer.node.output
      let value = model.fusedClamps[output]?.value ?? output
      return values.indices.last { position in
        values[position] == value && file.operators[position].weightsSize > 0
      }
    }
    return try averaged(pixels, count: chosen.count) { () throws(CompileError) in
      let network: Network
      do throws(RuntimeError) { network = try Network(file, threads: 1) } catch {
        throw .emission(error.message)
      }
      return { (bytes) throws(CompileError) in
        var means = [Means](repeating: Means(), count: layers.count)
        network.setInput(bytes)
        network.run { operation in
          for (index, wanted) in operators.enumerated() where wanted == operation {
            let record = file.operators[operation]
            means[index].patches = layers[index].means.patchMeans(
              of: network.values(of: record.input)
            )
            if layers[index].node.inputs.count > 1 {
              let channels = network.file.tensors[record.secondInput].channels
              means[index].residual =
                Tensor(channelsLast: network.values(of: record.secondInput), channels).channelMeans
            }
          }
        }
        return means
      }
    }
  }

  /// The average over images of what `work`'s result finds in each; every thread asks for its own.
  private func averaged(
    _ pixels: [[UInt8]],
    count: Int,
    _ work: @Sendable () throws(CompileError) -> ([UInt8]) throws(CompileError) -> [Means]
  ) throws(CompileError) -> [Means] {
    useOneThreadForMatrices()
    let threads = min(max(1, options.threads), pixels.count, 64)
    let found = Mutex(
      (means: [[Means]](repeating: [], count: pixels.count), error: CompileError?.none)
    )
    DispatchQueue.concurrentPerform(iterations: threads) { worker in
      do throws(CompileError) {
        let look = try work()
        for index in stride(from: worker, to: pixels.count, by: threads) {
          let means = try look(pixels[index])
          found.withLock { $0.means[index] = means }
        }
      } catch {
        found.withLock { $0.error = error }
      }
    }
    let (all, error) = found.withLock { ($0.means, $0.error) }
    if let error { throw error }
    var result = [Means](repeating: Means(), count: count)
    for means in all {
      for index in result.indices { result[index].add(means[index], scale: 1 / Double(all.count)) }
    }
    return result
  }
}

extension Tensor {
  fileprivate init(channelsLast values: [Float], _ channels: Int) {
    self.init(shape: [values.count / max(1, channels), channels], values: values)
  }
}
