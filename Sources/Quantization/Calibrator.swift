internal import Dispatch
public import GraphIR
internal import Synchronization

/// Runs a graph in float over images and counts what comes out of every node.
///
/// Images run side by side, `threads` at a time. Histograms do not depend on order; means are sums in image order. So the result
/// does not depend on the number of threads, and memory not on the number of images but for one class index each.
public struct Calibrator: Sendable {
  private let graph: Graph
  private let evaluator: FloatEvaluator
  private let averaged: Set<ValueID>

  /// What one image leaves behind.
  private struct Sample: Sendable {
    var means: [ValueID: [Double]] = [:]
    var topClass = 0
    var error: QuantizationError?
  }

  /// Prepares to run a verified graph.
  public init(_ graph: Graph) {
    self.graph = graph
    evaluator = FloatEvaluator(graph)
    averaged = Set(
      graph.nodes.compactMap { node in
        switch node.operation {
        case .convolution, .fullyConnected: node.inputs[0]
        default: nil
        }
      }
    )
  }

  /// Runs all images.
  ///
  /// - Throws: `QuantizationError` for the first image that does not load or gives NaN or infinity.
  public func run(
    _ images: CalibrationImages,
    threads: Int,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(QuantizationError) -> CalibrationResult {
    guard images.count > 0 else { throw .noImages }
    useOneThreadForMatrices()
    let threads = min(max(1, threads), images.count, 64)
    let histograms = (0..<threads).map { _ in HistogramSlot() }
    let samples = SampleSlots(count: threads)
    var result = CalibrationResult()
    progress(0, images.count)
    for start in stride(from: 0, to: images.count, by: threads) {
      let count = min(threads, images.count - start)
      DispatchQueue.concurrentPerform(iterations: count) { slot in
        samples.set(slot, self.sample(start + slot, images, into: histograms[slot]))
      }
      for slot in 0..<count {
        let sample = samples.take(slot)
        if let error = sample.error { throw error }
        for (value, means) in sample.means {
          result.channelMeans[value, default: [Double](repeating: 0, count: means.count)]
            .add(means)
        }
        result.topClasses.append(sample.topClass)
      }
      progress(start + count, images.count)
    }
    for slot in histograms {
      for (value, histogram) in slot.histograms {
        result.histograms[value, default: Histogram()].merge(histogram)
      }
    }
    for value in result.channelMeans.keys {
      let scale = 1 / Double(images.count)
      result.channelMeans[value] = result.channelMeans[value]?.map { $0 * scale }
    }
    return result
  }

  private func sample(
    _ index: Int,
    _ images: CalibrationImages,
    into slot: HistogramSlot
  ) -> Sample {
    var sample = Sample()
    let image: Tensor
    do { image = try images.load(index) } catch {
      sample.error = .image(index: index, problem: "\(error)")
      return sample
    }
    slot.update { histograms in
      func see(_ value: ValueID, _ name: String, _ tensor: Tensor) {
        if !histograms[value, default: Histogram()].add(image: tensor.values), sample.error == nil {
          sample.error = .activationNotFinite(layer: name, image: images.name(index))
        }
        if averaged.contains(value) { sample.means[value] = tensor.channelMeans }
      }
      if let input = graph.inputs.first { see(input, graph[input].name, image) }
      do throws(GraphError) {
        let outputs = try evaluator.run([image]) { node, tensor in
          see(node.output, node.name, tensor)
        }
        sample.topClass = outputs.first?.indexOfLargest ?? 0
      } catch {
        sample.error = .graph(error.description)
      }
    }
    return sample
  }

  /// The histograms of one worker; the lock is never contended.
  private final class HistogramSlot: Sendable {
    private let state = Mutex<[ValueID: Histogram]>([:])
    func update(_ body: (inout [ValueID: Histogram]) -> Void) {
      state.withLock { body(&$0) }
    }
    var histograms: [ValueID: Histogram] { state.withLock { $0 } }
  }

  /// One place a worker for what it found.
  private final class SampleSlots: Sendable {
    private let state: Mutex<[Sample]>
    init(count: Int) { state = Mutex([Sample](repeating: Sample(), count: count)) }
    func set(_ slot: Int, _ sample: Sample) { state.withLock { $0[slot] = sample } }
    func take(_ slot: Int) -> Sample { state.withLock { $0[slot] } }
  }
}

extension [Double] {
  fileprivate mutating func add(_ other: [Double]) {
    for index in indices { self[index] += other[index] }
  }
}

extension Tensor {
  /// Mean of every channel (last axis), summed in row-major order.
  public var channelMeans: [Double] {
    let channels = max(1, shape.last ?? 1)
    var sums = [Double](repeating: 0, count: channels)
    values.withUnsafeBufferPointer { values in
      sums.withUnsafeMutableBufferPointer { sums in
        guard var row = values.baseAddress, let sums = sums.baseAddress else { return }
        for _ in 0..<values.count / channels {
          Self.add(row, channels, to: sums)
          row += channels
        }
      }
    }
    let scale = Double(channels) / Double(max(1, count))
    return sums.map { $0 * scale }
  }

  @_optimize(speed)
  private static func add(
    _ row: UnsafePointer<Float>,
    _ count: Int,
    to sums: UnsafeMutablePointer<Double>
  ) {
    for channel in 0..<count { sums[channel] += Double(row[channel]) }
  }

  /// Index of the largest element, the first of equals.
  public var indexOfLargest: Int {
    values.indices.max { (values[$0], $1) < (values[$1], $0) } ?? 0
  }
}
