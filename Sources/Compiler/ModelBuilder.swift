internal import GraphIR
internal import ModelFormat
internal import Quantization
internal import Runtime

/// Makes the flat file of a lowered graph, step by step: memory, measured noise, report, golden vectors.
struct ModelBuilder {
  private var contents: ModelContents
  private let model: QuantizedGraph
  private let options: CompileOptions
  private let operatorValues: [ValueID?]
  private var report = ConversionReport()
  private let calibrated: CalibrationResult
  private var channels: [Int: ChannelNoise] = [:]

  init(_ lowering: Lowering, _ options: CompileOptions, _ calibrated: CalibrationResult) {
    self.calibrated = calibrated
    model = lowering.model
    self.options = options
    operatorValues = lowering.operatorValues
    contents = lowering.contents
    contents.planMemory(channelOffsets: lowering.channelOffsets)
    let input = contents.tensors[contents.inputTensor].record
    contents.input.height = input.height
    contents.input.width = input.width
    contents.input.channels = input.channels
    contents.labels = options.labels
    contents.metadata = options.metadata.map { .init(key: $0.key, value: $0.value) }
    contents.metadata.append(.init(key: "methods", value: "\(options.recipe)"))
    report.notes = lowering.model.notes + lowering.notes
  }

  /// Runs the file so far and float side by side: noise a layer over a few images, agreement over all.
  ///
  /// Made-up images would only flatter: without real ones nothing is measured.
  mutating func measure(_ images: CalibrationImages?) throws(CompileError) {
    guard let images, !images.isSynthetic else { return }
    let network = try network()
    var recorder = CalibrationRecorder(network)
    let compared = min(max(0, options.comparedImages), images.count)
    var comparison = LayerComparison(model, operatorValues: operatorValues)
    // Spread over the set, which is often sorted by class.
    let chosen = Set((0..<compared).map { $0 * images.count / compared })
    var agreeing = 0
    var accuracy = AccuracySearch.Score(float: 0, int8: 0, images: 0, isAccuracy: true)
    for index in 0..<images.count {
      let image: Tensor
      do { image = try images.load(index) } catch {
        throw .quantization("\(QuantizationError.image(index: index, problem: "\(error)"))")
      }
      if chosen.contains(index) {
        do throws(GraphError) { try comparison.add(image, network) } catch {
          throw .graph(error.description)
        }
      }
      recorder.run(image.pixelBytes)
      let output = Tensor(shape: [network.outputValues.count], values: network.outputValues)
      let (float, int8) = (calibrated.topClasses[index], output.indexOfLargest)
      if int8 == float { agreeing += 1 }
      if index < options.expectedClasses.count, let expected = options.expectedClasses[index] {
        accuracy.images += 1
        if float == expected { accuracy.float += 1 }
        if int8 == expected { accuracy.int8 += 1 }
      }
      options.progress(.comparing, index + 1, images.count)
    }
    for (index, ratio) in comparison.ratios.enumerated() where !ratio.isNaN {
      contents.operators[index].record.noiseRatio = Float(ratio)
    }
    channels = comparison.channels
    contents.calibration = recorder.statistics
    report.comparedImages = compared
    report.agreeing = agreeing
    report.accuracy = accuracy.images == images.count ? accuracy : nil
  }

  /// The finished file and its report.
  mutating func build(_ images: CalibrationImages?) throws(CompileError) -> CompiledModel {
    describe(images)
    // The file's own size is not in the report that it carries: it would depend on itself.
    contents.report = report.essence
    let network = try network()
    let seeds = (0..<max(0, options.goldenSeeds)).map { GoldenVector.Input.seed(UInt64($0) + 1) }
    let stored = options.goldenImages.map { GoldenVector.Input.stored($0) }
    contents.goldens = (seeds + stored).map { network.recordGolden($0) }
    let bytes = contents.encode()
    _ = try file(bytes)
    report.fileBytes = bytes.count
    return CompiledModel(bytes: bytes, report: report)
  }

  /// The file so far, ready to run.
  private func network() throws(CompileError) -> Network {
    let file = try file()
    do throws(RuntimeError) {
      return try Network(file, threads: min(max(1, options.threads), Network.maximumThreads))
    } catch {
      throw .emission(error.message)
    }
  }

  /// The file so far.
  func file() throws(CompileError) -> ModelFile { try file(contents.encode()) }

  private func file(_ bytes: [UInt8]) throws(CompileError) -> ModelFile {
    do throws(ModelFormatError) { return try ModelFile(copying: bytes) } catch {
      throw .emission(error.message)
    }
  }

  private mutating func describe(_ images: CalibrationImages?) {
    report.name = model.graph.name
    report.source = options.metadata["source.name"] ?? ""
    report.sourceLayers = options.sourceLayers
    report.sourceBytes = options.sourceBytes
    report.passes = options.passes
    report.layers = contents.layers
    report.multiplyAccumulates = report.layers.reduce(0) { $0 + $1.multiplyAccumulates }
    report.arenaBytes = contents.arenaSize
    if let images, !images.isSynthetic {
      report.calibration = options.recipe.description
      report.calibrationImages = images.count
    } else {
      let statistics = DataFreeRanges(model.graph).hasStatistics
      report.calibration =
        statistics
        ? "batch-norm statistics, bounds and made-up images" : "bounds and made-up images"
      report.notes.insert(
        "no calibration images: ranges are guesses from \(report.calibration); calibrating with real images would be more accurate",
        at: 0
      )
    }
    Diagnosis(
      model,
      contents,
      operatorValues: operatorValues,
      calibrated: calibrated,
      channels: channels,
      remedies: Remedies(recipe: options.recipe, hasImages: report.calibrationImages > 0)
    )
    .describe(in: &report)
  }
}

extension ModelContents {
  /// Every operator as the report lists it.
  var layers: [ConversionReport.Layer] {
    operators.map { operation in
      let record = operation.record
      let output = tensors[record.output].record
      return ConversionReport.Layer(
        name: operation.name,
        kind: "\(record.kind)",
        shape: [output.height, output.width, output.channels],
        bits: 8 * output.elementSize,
        multiplyAccumulates: Int(record.multiplyAccumulates),
        weightBytes: record.weightsSize,
        noiseRatio: record.noiseRatio.isFinite ? Double(record.noiseRatio) : nil
      )
    }
  }
}
