internal import ArgumentParser
internal import Compiler
internal import Evaluation
internal import Foundation
internal import GraphIR
internal import GraphPasses
internal import HostCommands
internal import Importers
internal import ModelFormat
internal import Quantization

/// `cnnconvert model.ckpt -o model.bin`.
struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Converts a model (the default)."
  )

  @OptionGroup var source: SourceOptions
  @OptionGroup var pixels: PixelOptions
  @OptionGroup var methods: MethodOptions
  @OptionGroup var accuracy: AccuracyOptions

  @Option(name: .shortAndLong, help: "File to write; the model's name with .bin if left out.")
  var outputFile: String?

  @Option(help: "Images to take activation ranges from: a folder, TSV, idx or CIFAR records.")
  var calibrate: String?

  @Option(help: "Text file with one class name a line.")
  var labels: String?

  @Option(help: "Golden vectors to embed, with inputs from a seed.")
  var golden = 2

  @Option(help: "Images to embed as golden vectors.")
  var goldenImages: String?

  @Option(help: "Write what the conversion found: a page for FILE.html, numbers for FILE.json.")
  var report: String?

  @Option(help: "Threads for calibration; results do not depend on it.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  @Flag(help: "Leave logits as they are instead of ending in probabilities.")
  var keepLogits = false

  @Flag(name: .shortAndLong, help: "Print nothing but warnings and errors.")
  var quiet = false

  func validate() throws {
    guard (0...1024).contains(golden) else {
      throw ValidationError("--golden: \(golden), expected 0…1024")
    }
    guard (1...256).contains(threads) else {
      throw ValidationError("--threads: \(threads), expected 1…256")
    }
    guard accuracy.maxDrop == nil || calibrate != nil else {
      throw ValidationError("--max-drop: expected --calibrate too; without images nothing is known")
    }
    if let report {
      do throws(Failure) { _ = try ReportFile(report) } catch {
        throw ValidationError(error.message)
      }
    }
  }

  func run() throws {
    let target = outputFile ?? defaultOutput
    try OutputFile.check(target)
    let reportFile = try report.map { path throws(Failure) in try ReportFile(path) }
    try reportFile?.check()
    var model = try source.load()
    if !quiet { Terminal.write("\(source.model): \(model.format)\n") }
    for note in model.notes where !quiet { Terminal.write("  \(note)\n") }
    var (preprocessing, contract) = pixels.resolve(model, warn: Terminal.warning)
    if let calibrate { try pixels.keepWhole(calibrate, &contract, note: note) }
    let sourceLayers = model.graph.nodes.count
    let prepared = try FloatReference.prepare(
      &model.graph,
      preprocessing,
      endsInProbabilities: !keepLogits,
      source.model
    )
    contract.outputIsProbability = prepared.outputIsProbability
    var options = try options(model, contract, preprocessing)
    options.passes = prepared.passes.map { PassCount(name: $0.name, count: $0.count) }
    options.sourceLayers = sourceLayers
    let (compiled, search) = try convert(model.graph, options, preprocessing.map)
    try OutputFile.write(compiled.bytes, to: target)
    try reportFile?.write(compiled, search)
    if !quiet {
      Terminal.write("\n\(compiled.report.text)")
      if let search { Terminal.write("\n\(search.text)") }
      Terminal.write("\n\(target): \(compiled.bytes.count) bytes\n")
    }
    if let maxDrop = accuracy.maxDrop, let search, !search.isWithinBudget {
      throw Failure("\(target): \(search.shortfall(maxDrop))")
    }
  }

  private func options(
    _ model: ImportedModel,
    _ contract: InputContract,
    _ preprocessing: Preprocessing
  ) throws -> CompileOptions {
    var options = CompileOptions()
    options.contract = contract
    options.labels =
      try labels.map { path throws(Failure) in try Labels.read(path) } ?? model.labels ?? []
    options.recipe = methods.recipe
    options.goldenSeeds = golden
    options.threads = threads
    options.sourceBytes = model.sourceBytes
    options.metadata = [
      "converter": "cnnconvert \(ConverterVersion.text)",
      "source.format": model.format,
      "source.name": (source.model as NSString).lastPathComponent,
    ]
    options.metadata.merge(preprocessing.metadata(channels: contract.channels)) { $1 }
    if let folder = goldenImages {
      let images = try ImageSet.opened(folder, contract)
      for index in images.items.indices {
        options.goldenImages.append(try images.pixels(index, contract))
      }
    }
    return options
  }

  /// The flat file, and the search for it where `--max-drop` asks for one.
  private func convert(
    _ graph: Graph,
    _ options: CompileOptions,
    _ map: PixelMap
  ) throws -> (CompiledModel, AccuracySearch.Outcome?) {
    var options = options
    let bar = ProgressBar()
    options.progress = { phase, done, total in bar.show(phase.rawValue, done, of: total) }
    defer { bar.finish() }
    func conversion(_ calibration: CalibrationImages?) -> Conversion {
      Conversion(source: source.model, graph: graph, options: options, calibration: calibration)
    }
    guard let calibrate else {
      Terminal.warning(
        "no calibration images: ranges come from batch normalizations and bounds; --calibrate FOLDER with some 100 typical images is better"
      )
      return (try conversion(nil).compile(options.recipe), nil)
    }
    let contract = options.contract
    let all = try ImageSet.opened(calibrate, contract)
    CalibrationSuspicion(graph: graph, map: map).tell(all, contract)
    let images = try accuracy.split(all, contract)
    let classes = graph.shape(of: graph.outputs[0]).reduce(1, *)
    options.expectedClasses =
      (try? ClassNames(options.labels, count: classes)
        .outputs(of: images.calibration, offset: accuracy.classOffset) { _ in }) ?? []
    let calibrated = conversion(CalibrationImages(images.calibration, contract))
    guard let budget = accuracy.maxDrop, let judges = images.judges else {
      return (try calibrated.compile(options.recipe), nil)
    }
    let outcome = try calibrated.search(
      budget: budget,
      judges: judges,
      outputs: accuracy.outputs(of: judges, labels: options.labels, count: classes)
    )
    return (outcome.model, outcome)
  }

  private func note(_ text: String) { if !quiet { Terminal.write("  \(text)\n") } }

  /// The model's name without its extension, in the current folder.
  private var defaultOutput: String {
    let name = (source.model as NSString).lastPathComponent
    return ((name as NSString).deletingPathExtension) + ".bin"
  }
}
