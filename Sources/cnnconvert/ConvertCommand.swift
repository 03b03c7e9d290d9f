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

  @Option(help: "Write everything that the conversion found as JSON.")
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
  }

  func run() throws {
    let target = outputFile ?? defaultOutput
    try OutputFile.check(target)
    if let report { try OutputFile.check(report) }
    var model = try source.load()
    if !quiet { Terminal.write("\(source.model): \(model.format)\n") }
    for note in model.notes where !quiet { Terminal.write("  \(note)\n") }
    var (preprocessing, contract) = pixels.resolve(model, warn: Terminal.warning)
    let sourceLayers = model.graph.nodes.count
    var passes: [PassPipeline.Count] = []
    do throws(GraphError) {
      let prepared = try FloatNetwork.prepare(
        &model.graph,
        mean: preprocessing.mean,
        std: preprocessing.std,
        isBGR: preprocessing.color == .bgr,
        endsInProbabilities: !keepLogits
      )
      contract.outputIsProbability = prepared.outputIsProbability
      passes = prepared.passes
    } catch {
      throw Failure("\(source.model): \(error)")
    }
    let compiled = try compile(model, contract, preprocessing, passes, sourceLayers)
    try OutputFile.write(compiled.bytes, to: target)
    if let report { try OutputFile.write(Array(compiled.report.json.utf8), to: report) }
    if !quiet {
      Terminal.write("\n\(compiled.report.text)\n\(target): \(compiled.bytes.count) bytes\n")
    }
  }

  private func compile(
    _ model: ImportedModel,
    _ contract: InputContract,
    _ preprocessing: Preprocessing,
    _ passes: [PassPipeline.Count],
    _ sourceLayers: Int
  ) throws -> CompiledModel {
    var options = CompileOptions()
    options.contract = contract
    options.labels =
      try labels.map { path throws(Failure) in try Labels.read(path) } ?? model.labels ?? []
    options.recipe = methods.recipe
    options.goldenSeeds = golden
    options.threads = threads
    options.passes = passes.map { PassCount(name: $0.name, count: $0.count) }
    options.sourceLayers = sourceLayers
    options.sourceBytes = model.sourceBytes
    options.metadata = [
      "converter": "cnnconvert \(ConverterVersion.text)",
      "source.format": model.format,
      "source.name": (source.model as NSString).lastPathComponent,
      "methods": "\(methods.recipe)",
    ]
    options.metadata.merge(preprocessing.metadata(channels: contract.channels)) { $1 }
    if let folder = goldenImages {
      let images = try ImageSet.opened(folder, contract)
      for index in images.items.indices {
        options.goldenImages.append(try images.pixels(index, contract))
      }
    }
    var calibration: CalibrationImages?
    if let folder = calibrate {
      calibration = CalibrationImages(try ImageSet.opened(folder, contract), contract)
    } else {
      Terminal.warning(
        "no calibration images: ranges come from batch normalizations and bounds; --calibrate FOLDER with some 100 typical images is better"
      )
    }
    let bar = ProgressBar()
    options.progress = { phase, done, total in bar.show(phase.rawValue, done, of: total) }
    defer { bar.finish() }
    do throws(CompileError) {
      return try ModelCompiler.compile(model.graph, options: options, calibration: calibration)
    } catch {
      throw Failure("\(source.model): \(error)")
    }
  }

  /// The model's name without its extension, in the current folder.
  private var defaultOutput: String {
    let name = (source.model as NSString).lastPathComponent
    return ((name as NSString).deletingPathExtension) + ".bin"
  }
}
