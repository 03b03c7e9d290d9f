internal import GraphIR
internal import ModelFormat
internal import Quantization

/// Makes the flat file of a lowered graph, step by step: memory, measured noise, report, golden vectors.
struct ModelBuilder {
  private var contents: ModelContents
  private let model: QuantizedGraph
  private let options: CompileOptions
  private var report = ConversionReport()

  init(_ lowering: Lowering, _ options: CompileOptions) {
    model = lowering.model
    self.options = options
    contents = lowering.contents
    contents.planMemory(channelOffsets: lowering.channelOffsets)
    let input = contents.tensors[contents.inputTensor].record
    contents.input.height = input.height
    contents.input.width = input.width
    contents.input.channels = input.channels
    contents.labels = options.labels
    contents.metadata = options.metadata.map { .init(key: $0.key, value: $0.value) }
    report.notes = lowering.model.notes + lowering.notes
  }

  /// Runs the file so far and float side by side.
  mutating func measure(_ images: CalibrationImages?, _ calibrated: CalibrationResult)
    throws(CompileError)
  {
  }

  /// The finished file and its report.
  mutating func build(
    _ images: CalibrationImages?,
    _ calibrated: CalibrationResult
  ) throws(CompileError) -> CompiledModel {
    describe(images)
    // The file's own size is not in the report that it carries: it would depend on itself.
    contents.report = report.json
    let bytes = contents.encode()
    do throws(ModelFormatError) { _ = try ModelFile(copying: bytes) } catch {
      throw .emission(error.message)
    }
    report.fileBytes = bytes.count
    return CompiledModel(bytes: bytes, report: report)
  }

  private mutating func describe(_ images: CalibrationImages?) {
    report.name = model.graph.name
    report.sourceLayers = options.sourceLayers
    report.sourceBytes = options.sourceBytes
    report.passes = options.passes
    report.layers = contents.layers
    report.multiplyAccumulates = report.layers.reduce(0) { $0 + $1.multiplyAccumulates }
    report.arenaBytes = contents.arenaSize
    if let images, !images.isSynthetic {
      report.calibration = options.observer.description
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
        multiplyAccumulates: Int(record.multiplyAccumulates),
        weightBytes: record.weightsSize,
        noiseRatio: record.noiseRatio.isFinite ? Double(record.noiseRatio) : nil
      )
    }
  }
}
