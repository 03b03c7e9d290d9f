public import GraphIR
internal import ModelFormat
public import Quantization

/// Turns an optimised float graph and calibration images into the bytes of a `model.bin`.
public enum ModelCompiler {
  /// Made-up images that stand in where there are no real ones.
  static let syntheticImages = 16

  /// Quantizes, lowers, plans memory, emits, records golden vectors and compares with float.
  ///
  /// The graph has one input, an image [1, H, W, C] of pixels 0…255 with preprocessing folded into its first operators, and
  /// one output. Without calibration images ranges come from statistics that folded batch normalizations left, from bounds of
  /// the graph and from seeded noise; the report says so. The same arguments give the same bytes, whatever `options.threads`.
  ///
  /// - Throws: `CompileError`; all unsupported nodes at once.
  public static func compile(
    _ graph: Graph,
    options: CompileOptions,
    calibration: CalibrationImages?
  ) throws(CompileError) -> CompiledModel {
    var graph = try prepared(graph)
    // Everything that can be refused is refused before the long part.
    let probe = try Self.quantized(graph, ranges: Self.unitRanges(graph), wide: options.recipe)
    _ = try lowered(probe, options)
    try check(options, graph)
    let shape = graph.shape(of: graph.inputs[0])
    let images = calibration ?? .madeUp(count: syntheticImages, shape: shape)
    let notes: [String]
    do throws(QuantizationError) {
      notes = try options.recipe.rewrite(&graph, images)
    } catch { throw .quantization(error.description) }
    let (ranges, calibrated) = try observe(graph, options, images)
    let corrects = options.recipe.biasCorrection != .none
    var quantized = try Self.quantized(
      graph,
      ranges: ranges,
      channelMeans: corrects ? calibrated.channelMeans : [:],
      wide: options.recipe,
      rounded: try rounded(graph, options, calibration),
      progress: { options.progress(.quantizing, $0, $1) }
    )
    quantized.notes = notes + quantized.notes
    if options.recipe.biasCorrection == .empirical, let calibration, !calibration.isSynthetic {
      quantized = try EmpiricalBiasCorrection(quantized, options).run(calibration)
    }
    let lowering = try lowered(quantized, options)
    var builder = ModelBuilder(lowering, options, calibrated)
    try builder.measure(calibration)
    return try builder.build(calibration)
  }

  /// What `compile` would make of the graph, without quantizing anything.
  ///
  /// - Throws: `CompileError` where the graph itself is wrong; unsupported nodes are part of the result.
  public static func explain(_ graph: Graph) throws(CompileError) -> Explanation {
    let graph = try prepared(graph)
    var explanation = Explanation()
    let quantized = try Self.quantized(graph, ranges: unitRanges(graph))
    var lowering = Lowering(quantized)
    do throws(CompileError) {
      try lowering.run()
    } catch .unsupported(let nodes) {
      explanation.unsupported = nodes
      return explanation
    }
    lowering.contents.planMemory(channelOffsets: lowering.channelOffsets)
    explanation.layers = lowering.contents.layers
    explanation.multiplyAccumulates = explanation.layers.reduce(0) { $0 + $1.multiplyAccumulates }
    explanation.fileBytes = lowering.contents.encode().count
    explanation.arenaBytes = lowering.contents.arenaSize
    return explanation
  }

  private static func prepared(_ graph: Graph) throws(CompileError) -> Graph {
    var graph = graph
    guard graph.inputs.count == 1, graph.outputs.count == 1 else {
      throw .graph(
        "\(graph.inputs.count) inputs and \(graph.outputs.count) outputs, expected one of each"
      )
    }
    let shape = graph.shape(of: graph.inputs[0])
    guard shape.count == 4, shape[0] == 1, shape.allSatisfy({ $0 > 0 }) else {
      throw .graph("input has shape \(shape), expected [1, height, width, channels]")
    }
    _ = NestConcats.run(on: &graph)
    graph.removeDeadNodes()
    do throws(GraphError) { try graph.verify() } catch { throw .graph(error.description) }
    return graph
  }

  private static func check(_ options: CompileOptions, _ graph: Graph) throws(CompileError) {
    let classes = graph.shape(of: graph.outputs[0]).reduce(1, *)
    guard options.labels.isEmpty || options.labels.count == classes else {
      throw .labelCount(found: options.labels.count, expected: classes)
    }
    let pixels = graph.shape(of: graph.inputs[0]).reduce(1, *)
    for (index, image) in options.goldenImages.enumerated() where image.count != pixels {
      throw .goldenImageSize(index: index, found: image.count, expected: pixels)
    }
  }

  /// A range for every value where only sizes matter.
  private static func unitRanges(_ graph: Graph) -> [ValueID: ValueRange] {
    Dictionary(uniqueKeysWithValues: graph.nodes.map { ($0.output, ValueRange(-1, 1)) })
  }

  private static func observe(
    _ graph: Graph,
    _ options: CompileOptions,
    _ images: CalibrationImages
  ) throws(CompileError) -> (ranges: [ValueID: ValueRange], CalibrationResult) {
    var result: CalibrationResult
    do throws(QuantizationError) {
      result = try Calibrator(graph).run(
        images,
        threads: options.threads,
        progress: { options.progress(.calibrating, $0, $1) }
      )
    } catch { throw .quantization(error.description) }
    guard images.isSynthetic else {
      return (try chosen(result.histograms, graph, options, images), result)
    }
    result.channelMeans = DataFreeMeans(graph).means(observed: result.channelMeans)
    let seen = result.histograms.mapValues { RangeObserver.minMax.range(of: $0) }
    return (DataFreeRanges(graph).ranges(observed: seen), result)
  }

  /// The ranges of what was seen, with one observer for all values or the best for each.
  private static func chosen(
    _ histograms: [ValueID: Histogram],
    _ graph: Graph,
    _ options: CompileOptions,
    _ images: CalibrationImages
  ) throws(CompileError) -> [ValueID: ValueRange] {
    guard options.recipe.observer == .best else {
      return histograms.mapValues { options.recipe.observer.range(of: $0) }
    }
    let candidates = histograms.mapValues { histogram in
      RangeObserver.candidates.map { $0.range(of: histogram) }
    }
    do throws(QuantizationError) {
      let best = try ObserverChoice(graph).best(
        among: candidates,
        images,
        threads: options.threads
      )
      return candidates.mapValues { $0[0] }.merging(
        best.compactMap { value, index in candidates[value].map { (value, $0[index]) } }
      ) { $1 }
    } catch { throw .quantization(error.description) }
  }

  /// Integers of the layers' weights where the recipe wants more than the nearest and there are images.
  private static func rounded(
    _ graph: Graph,
    _ options: CompileOptions,
    _ calibration: CalibrationImages?
  ) throws(CompileError) -> [ValueID: RoundedWeights] {
    guard options.recipe.rounding == .adaptive, let calibration, !calibration.isSynthetic else {
      return [:]
    }
    do throws(QuantizationError) {
      return try AdaptiveRounding(graph, correctsBias: options.recipe.biasCorrection != .none).run(
        calibration,
        threads: options.threads,
        progress: { options.progress(.rounding, $0, $1) }
      )
    } catch { throw .quantization(error.description) }
  }

  private static func quantized(
    _ graph: Graph,
    ranges: [ValueID: ValueRange],
    channelMeans: [ValueID: [Double]] = [:],
    wide recipe: QuantizationRecipe = QuantizationRecipe(),
    rounded: [ValueID: RoundedWeights] = [:],
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws(CompileError) -> QuantizedGraph {
    do throws(QuantizationError) {
      var result = try Quantizer(graph).quantize(
        ranges: ranges,
        channelMeans: channelMeans,
        rounded: rounded,
        progress: progress
      )
      try result.widen(recipe.wideLayers)
      return result
    } catch { throw .quantization(error.description) }
  }

  static func lowered(
    _ graph: QuantizedGraph,
    _ options: CompileOptions
  ) throws(CompileError) -> Lowering {
    var lowering = Lowering(graph)
    lowering.contents.input = options.contract
    try lowering.run()
    return lowering
  }
}

/// What compilation gives.
public struct CompiledModel: Sendable {
  /// The flat file.
  public var bytes: [UInt8]
  /// What was done, for people and tools.
  public var report: ConversionReport
}
