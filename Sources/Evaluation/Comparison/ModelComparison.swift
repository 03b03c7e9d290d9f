internal import Dispatch
internal import GraphIR
internal import Quantization
internal import Synchronization

/// Runs two models over the same images and compares them layer by layer.
public struct ModelComparison: Sendable {
  /// An image as either model takes it: dense H × W × C bytes.
  public typealias Loader = @Sendable (_ index: Int) throws -> (first: [UInt8], second: [UInt8])

  private let models: [ComparedModel]
  private let layers: [[ComparedLayer]]
  private let inputs: [ComparedInput]

  /// Prepares to compare models of one input size.
  ///
  /// The inputs tell how images become what either network sees.
  ///
  /// - Throws: `EvaluationError.network` where the sizes differ.
  public init(
    _ first: ComparedModel,
    _ second: ComparedModel,
    inputs: (first: ComparedInput, second: ComparedInput)
  ) throws(EvaluationError) {
    guard first.inputShape == second.inputShape else {
      throw .network(
        "inputs of \(Self.text(first.inputShape)) and \(Self.text(second.inputShape)), expected the same"
      )
    }
    models = [first, second]
    layers = models.map { $0.layers() }
    self.inputs = [inputs.first, inputs.second]
  }

  static func text(_ shape: [Int]) -> String {
    shape.map { "\($0)" }.joined(separator: " × ")
  }

  /// What the images of one worker have shown.
  private struct Sums {
    var input: LayerDifference
    var pairs: [LayerDifference]
    var agreeing = 0

    mutating func merge(_ other: Sums) {
      input.merge(other.input)
      for index in pairs.indices { pairs[index].merge(other.pairs[index]) }
      agreeing += other.agreeing
    }
  }

  /// Runs `count` images, `threads` at a time; sums are added in image order, so the result does not depend on `threads`.
  ///
  /// - Throws: `EvaluationError.network` for an image that does not load or a model that does not run.
  public func run(
    count: Int,
    threads: Int,
    limits: PartingLimits,
    load: @escaping Loader,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(EvaluationError) -> ModelComparisonResult {
    useOneThreadForMatrices()
    guard count > 0 else { throw .network("no images to compare on") }
    let threads = min(max(1, threads), max(1, count))
    var runners: [[ComparedRunner]] = []
    for _ in 0..<threads {
      var pair: [ComparedRunner] = []
      for model in models { pair.append(try ComparedRunner(model)) }
      runners.append(pair)
    }
    let workers = Workers(runners)
    let matching = try matching(workers.runners[0], load)
    var sums = empty(matching)
    for start in stride(from: 0, to: count, by: threads) {
      let batch = min(threads, count - start)
      let found = Mutex([Result<Sums, EvaluationError>?](repeating: nil, count: batch))
      DispatchQueue.concurrentPerform(iterations: batch) { slot in
        let result = Result { () throws(EvaluationError) in
          try compare(start + slot, workers.runners[slot], matching, load)
        }
        found.withLock { $0[slot] = result }
      }
      for result in found.withLock({ $0 }) {
        if let result { sums.merge(try result.get()) }
      }
      progress(start + batch, count)
    }
    return result(sums, matching, count, limits)
  }

  /// Networks are not `Sendable`; each is used by the one thread that has its slot.
  private struct Workers: @unchecked Sendable {
    let runners: [[ComparedRunner]]
    init(_ runners: [[ComparedRunner]]) { self.runners = runners }
  }

  private var channels: Int { max(1, models[0].inputShape.last ?? 1) }

  private func empty(_ matching: LayerMatching) -> Sums {
    Sums(
      input: LayerDifference(channels: channels),
      pairs: matching.pairs.map { LayerDifference(channels: layers[1][$0.second].channels) }
    )
  }

  private func compare(
    _ index: Int,
    _ runners: [ComparedRunner],
    _ matching: LayerMatching,
    _ load: Loader
  ) throws(EvaluationError) -> Sums {
    let images = try Self.loaded(index, load)
    var sums = empty(matching)
    sums.input.add(seen(images.first, 0), seen(images.second, 1))
    var partners: [Int: Int] = [:]
    for (place, pair) in matching.pairs.enumerated() { partners[pair.first] = place }
    var kept = [[Float]](repeating: [], count: matching.pairs.count)
    let top = try runners[0].run(images.first) { layer, values in
      if let place = partners[layer] { kept[place] = values() }
    }
    partners = [:]
    for (place, pair) in matching.pairs.enumerated() { partners[pair.second] = place }
    let other = try runners[1].run(images.second) { layer, values in
      guard let place = partners[layer] else { return }
      let (a, b) = (layers[0][matching.pairs[place].first], layers[1][layer])
      sums.pairs[place].add(
        kept[place],
        values(),
        bounds: a.readerBounds ?? b.readerBounds,
        firstRange: a.reach,
        secondRange: b.reach
      )
      kept[place] = []
    }
    if top == other { sums.agreeing += 1 }
    return sums
  }

  private static func loaded(
    _ index: Int,
    _ load: Loader
  ) throws(EvaluationError) -> (first: [UInt8], second: [UInt8]) {
    do { return try load(index) } catch {
      throw .network((error as? DataSetError)?.message ?? "\(error)")
    }
  }

  /// Values of a layer that are looked at to find its partner.
  private static let sampled = 4096

  /// Pairs the layers, by what they make of the first image where names do not tell.
  private func matching(
    _ runners: [ComparedRunner],
    _ load: Loader
  ) throws(EvaluationError) -> LayerMatching {
    let images = try Self.loaded(0, load)
    var samples = layers.map { [[Float]](repeating: [], count: $0.count) }
    for (side, pixels) in [images.first, images.second].enumerated() {
      _ = try runners[side].run(pixels) { layer, values in
        let all = values()
        let count = min(all.count, Self.sampled)
        samples[side][layer] = (0..<count).map { all[$0 * all.count / count] }
      }
    }
    return LayerMatching(layers[0], layers[1], samples: (samples[0], samples[1]))
  }

  /// What a network sees of its pixels, the pixels themselves where that is not known of both.
  private func seen(_ pixels: [UInt8], _ side: Int) -> [Float] {
    let values = pixels.map(Float.init)
    guard inputs.allSatisfy({ $0.map != nil }), let map = inputs[side].map else { return values }
    return map.values(values, channels: channels)
  }

  private func result(
    _ sums: Sums,
    _ matching: LayerMatching,
    _ count: Int,
    _ limits: PartingLimits
  ) -> ModelComparisonResult {
    var result = ModelComparisonResult(images: count, agreeing: sums.agreeing)
    result.unmatched = matching.unmatched
    result.input = ModelComparisonResult.Layer(
      name: "input",
      shape: models[0].inputShape,
      sums.input
    )
    var rows: [Int: Int] = [:]
    for (place, pair) in matching.pairs.enumerated() {
      let (a, b) = (layers[0][pair.first], layers[1][pair.second])
      var row = ModelComparisonResult.Layer(name: b.name, shape: b.extents, sums.pairs[place])
      row.partner = pair.isByName ? nil : a.name
      row.recordedRatio = b.recordedRatio ?? a.recordedRatio
      row.isWeighted = b.family == .weighted
      row.range = b.range ?? a.range
      row.inputs = inputs(of: pair.second, rows)
      rows[pair.second] = place
      result.layers.append(row)
    }
    let isQuantized = models.contains { $0.isQuantized }
    result.inputs = inputs.map(\.description)
    result.judge(limits.resolved(isQuantized: isQuantized))
    return result
  }

  /// Rows of what a layer reads, nil for the image; through layers that have no row.
  private func inputs(of layer: Int, _ rows: [Int: Int]) -> [Int?] {
    var found: Set<Int?> = []
    var open = [layer]
    var seen: Set<Int> = [layer]
    while let next = open.popLast() {
      if layers[1][next].readsImage { found.insert(nil) }
      for input in layers[1][next].inputs where seen.insert(input).inserted {
        if let row = rows[input] { found.insert(row) } else { open.append(input) }
      }
    }
    return found.sorted { ($0 ?? -1) < ($1 ?? -1) }
  }
}

extension LayerDifference {
  fileprivate mutating func add(_ first: [Float], _ second: [Float]) {
    add(first, second, bounds: nil, firstRange: nil, secondRange: nil)
  }
}

extension ComparedLayer {
  /// What rounds to a number of its bytes.
  fileprivate var reach: (low: Double, high: Double)? {
    range.map { ($0.low - step / 2, $0.high + step / 2) }
  }
}
