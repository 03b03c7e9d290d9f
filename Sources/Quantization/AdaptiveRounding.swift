internal import Dispatch
public import GraphIR
internal import Synchronization

/// Rounds the weights of every layer for the least error of what it computes on calibration images.
///
/// Float runs over at most 128 images, spread over the set, give the second moments of each layer's patches; `RowRounder` solves for
/// the integers. Moments take at most 512 MiB: where layers need more, the images are walked over again for the rest. Rows of more
/// than 8192 weights, and layers of one weight a channel, stay with the nearest integers. Nothing depends on `threads`: moments are
/// summed in image order, rows are independent.
public struct AdaptiveRounding: Sendable {
  /// The most images that are run.
  static let mostImages = 128
  /// Bytes that moments may take at a time.
  static let mostBytes = 512 << 20
  /// The longest row whose moments are taken.
  static let mostDepth = 8192

  private let graph: Graph
  private let evaluator: FloatEvaluator
  private let layers: [Layer]
  private let isCentred: Bool

  /// A node to round, and how its patches are taken.
  private struct Layer: Sendable {
    var node: Node
    var weights: [Float]
    var rows: Int
    var sampler: PatchSampler

    var bytes: Int { InputMoments.bytes(depth: sampler.depth, groups: sampler.groups) }
  }

  /// Prepares the layers of a verified graph.
  ///
  /// - Parameters:
  ///   - graph: the float graph.
  ///   - correctsBias: whether biases take back the mean error afterwards, so that only errors about the mean count.
  public init(_ graph: Graph, correctsBias: Bool) {
    self.graph = graph
    evaluator = FloatEvaluator(graph)
    isCentred = correctsBias
    layers = graph.nodes.compactMap { node in
      guard let sampler = PatchSampler(node, graph), let layer = WeightedLayer(node, graph),
        (2...Self.mostDepth).contains(sampler.depth), layer.weights.allSatisfy(\.isFinite)
      else { return nil }
      return Layer(
        node: node,
        weights: layer.weights,
        rows: layer.bias.count,
        sampler: sampler
      )
    }
  }

  /// Integers and scales of the layers, by the value that they compute.
  ///
  /// - Throws: `QuantizationError` for an image that does not load.
  public func run(
    _ images: CalibrationImages,
    threads: Int,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(QuantizationError) -> [ValueID: RoundedWeights] {
    guard images.count > 0 else { throw .noImages }
    useOneThreadForMatrices()
    let batches = batches
    let total = batches.count * min(images.count, Self.mostImages)
    var done = 0
    var result: [ValueID: RoundedWeights] = [:]
    for batch in batches {
      let moments = try collect(batch, images, threads: threads) {
        done += 1
        progress(done, total)
      }
      for (layer, slot) in zip(batch, moments) {
        result[layer.node.output] = round(layer, slot.take(), threads: threads)
      }
    }
    return result
  }

  /// The layers in order, as many together as fit in memory.
  private var batches: [[Layer]] {
    var batches: [[Layer]] = []
    var bytes = Self.mostBytes
    for layer in layers {
      if bytes + layer.bytes > Self.mostBytes {
        batches.append([])
        bytes = 0
      }
      batches[batches.count - 1].append(layer)
      bytes += layer.bytes
    }
    return batches
  }

  /// Walks over the images once.
  private func collect(
    _ layers: [Layer],
    _ images: CalibrationImages,
    threads: Int,
    progress: () -> Void
  ) throws(QuantizationError) -> [MomentSlot] {
    let slots = layers.map { MomentSlot($0.sampler) }
    let used = min(images.count, Self.mostImages)
    let threads = min(max(1, threads), used, 64)
    let samples = (0..<threads).map { _ in SampleSlot() }
    for start in stride(from: 0, to: used, by: threads) {
      let count = min(threads, used - start)
      DispatchQueue.concurrentPerform(iterations: count) { slot in
        samples[slot].set(sample(layers, start + slot, of: used, images))
      }
      var taken: [[Patches]] = []
      for slot in 0..<count { taken.append(try samples[slot].take().get()) }
      let found = taken
      DispatchQueue.concurrentPerform(iterations: layers.count) { layer in
        for image in found { slots[layer].add(image[layer]) }
      }
      for _ in 0..<count { progress() }
    }
    return slots
  }

  /// The patches that one image has of every layer.
  private func sample(
    _ layers: [Layer],
    _ index: Int,
    of used: Int,
    _ images: CalibrationImages
  ) -> Result<[Patches], QuantizationError> {
    let position = index * images.count / used
    let image: Tensor
    do { image = try images.load(position) } catch {
      return .failure(.image(index: position, problem: "\(error)"))
    }
    var patches = [Patches](repeating: Patches(), count: layers.count)
    func see(_ value: ValueID, _ tensor: Tensor) {
      for (slot, layer) in layers.enumerated() where layer.node.inputs[0] == value {
        let wanted = min(max(8 * layer.sampler.depth, 1024), 8192)
        let limit = (wanted + used - 1) / used
        let found = layer.sampler.patches(of: tensor, image: index, limit: limit)
        patches[slot] = Patches(values: found.values, count: found.count)
      }
    }
    for input in graph.inputs { see(input, image) }
    do throws(GraphError) {
      _ = try evaluator.run([image]) { node, tensor in see(node.output, tensor) }
    } catch { return .failure(.graph(error.description)) }
    return .success(patches)
  }

  private func round(_ layer: Layer, _ moments: InputMoments, threads: Int) -> RoundedWeights {
    let depth = layer.sampler.depth
    let rowsPerGroup = layer.rows / layer.sampler.groups
    let scales = layer.weights.rowMaxima(depth).map { max(Double($0) / 127, 1e-30) }
    var result = RoundedWeights(values: [], scales: scales)
    result.values.reserveCapacity(layer.weights.count)
    // Enough parts for the threads; a row's integers do not depend on which others are with it.
    let isWhole = layer.sampler.groups > 1
    let parts = isWhole ? layer.sampler.groups : min(max(1, threads), layer.rows)
    let common =
      isWhole
      ? nil : RowRounder(moments.matrix(group: 0, isCentred: isCentred), depth: depth)
    let slots = (0..<parts).map { _ in ValueSlot() }
    DispatchQueue.concurrentPerform(iterations: parts) { part in
      let rows =
        isWhole
        ? part * rowsPerGroup..<(part + 1) * rowsPerGroup
        : part * layer.rows / parts..<(part + 1) * layer.rows / parts
      let rounder =
        common
        ?? RowRounder(moments.matrix(group: part, isCentred: isCentred), depth: depth)
      slots[part].set(
        rounder.round(
          layer.weights[rows.lowerBound * depth..<rows.upperBound * depth],
          scales: scales[rows].map { Float($0) }
        )
      )
    }
    for slot in slots { result.values += slot.take() }
    return result
  }

  /// Patches of one layer and image.
  private struct Patches: Sendable {
    var values: [Float] = []
    var count = 0
  }

  /// The moments of one layer; the lock is never contended.
  private final class MomentSlot: Sendable {
    private let state: Mutex<InputMoments>
    init(_ sampler: PatchSampler) {
      state = Mutex(InputMoments(depth: sampler.depth, groups: sampler.groups))
    }
    func add(_ patches: Patches) {
      state.withLock { $0.add(patches.values, count: patches.count) }
    }
    func take() -> InputMoments {
      state.withLock { moments in
        defer { moments = InputMoments(depth: 0, groups: 0) }
        return moments
      }
    }
  }

  /// What one worker found in an image.
  private final class SampleSlot: Sendable {
    private let state = Mutex<Result<[Patches], QuantizationError>>(.success([]))
    func set(_ result: Result<[Patches], QuantizationError>) { state.withLock { $0 = result } }
    func take() -> Result<[Patches], QuantizationError> {
      state.withLock { result in
        defer { result = .success([]) }
        return result
      }
    }
  }

  /// The integers of some rows.
  private final class ValueSlot: Sendable {
    private let state = Mutex<[Int8]>([])
    func set(_ values: [Int8]) { state.withLock { $0 = values } }
    func take() -> [Int8] { state.withLock { $0 } }
  }
}

extension [Float] {
  /// The largest magnitude of every `depth` values.
  fileprivate func rowMaxima(_ depth: Int) -> [Float] {
    stride(from: 0, to: count, by: depth).map { start in
      self[start..<start + depth].reduce(0) { Swift.max($0, abs($1)) }
    }
  }
}
