internal import ArgumentParser
internal import Evaluation
internal import Foundation
internal import GraphIR
internal import HostCommands
internal import Importers
internal import ModelFormat
internal import Quantization

/// `cnnconvert compare A B --images DIR`.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compares two models layer by layer and finds the first layer where they part.",
    discussion: """
      A and B: float models, or flat files. A float model gets the preprocessing that the flat file states; two float models get \
      that of the options, or of A's file.
      A layer parts when its signal-to-noise ratio is below --least dB (8; 60 between two float models), or, below twice that, \
      --drop dB lower than all that it reads.
      Exit status: 0 no layer parts, 1 bad input, 2 wrong usage, 3 they part.
      """
  )

  /// Exit status of models that part.
  static let parted: Int32 = 3

  @Argument(help: "A model: what the other is held against.")
  var first: String

  @Argument(help: "Another one.")
  var second: String

  @Option(help: "Images to run: a folder, TSV, idx or CIFAR records.")
  var images: String

  @Option(help: "How many of the images are run, spread over all; 0 for all.")
  var count = 16

  @Option(help: "Name of a float model's input, where its file leaves a choice.")
  var input: String?

  @Option(help: "Name of a float model's output, where its file leaves a choice.")
  var output: [String] = []

  @Option(help: "File that describes the float network, for files that hold parameters alone.")
  var architecture: String?

  @OptionGroup(title: "Preprocessing of two float models") var pixels: PixelOptions

  @Option(help: "Signal-to-noise ratio in dB below which a layer parts.")
  var least: Double?

  @Option(help: "Loss of signal-to-noise ratio in dB at which a layer parts.")
  var drop = PartingLimits().drop

  @Option(help: "Images at a time; results do not depend on it.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  @Flag(help: "End with one line of JSON: every layer, and where they part.")
  var json = false

  func validate() throws {
    guard (0...1_000_000).contains(count) else {
      throw ValidationError("--count: \(count), expected 0…1000000")
    }
    guard (1...256).contains(threads) else {
      throw ValidationError("--threads: \(threads), expected 1…256")
    }
    for (name, value) in [("--least", least ?? 0), ("--drop", drop)]
    where !value.isFinite || abs(value) > 200 {
      throw ValidationError("\(name): \(value), expected dB from -200 to 200")
    }
  }

  func run() throws {
    let sides = try Sides(self)
    let chosen = try chosenImages(sides)
    let bar = ProgressBar()
    let result: ModelComparisonResult
    do throws(EvaluationError) {
      defer { bar.finish() }
      let comparison = try ModelComparison(
        sides.first.model,
        sides.second.model,
        inputs: (sides.first.input, sides.second.input)
      )
      result = try comparison.run(
        count: chosen.items.count,
        threads: threads,
        limits: PartingLimits(least: least, drop: drop),
        load: { index in
          let pixels = try chosen.pixels(index, sides.first.input.contract)
          guard sides.haveOtherPixels else { return (pixels, pixels) }
          return (pixels, try chosen.pixels(index, sides.second.input.contract))
        },
        progress: { bar.show("comparing", $0, of: $1) }
      )
    } catch {
      throw Failure("\(first), \(second): \(error.message)")
    }
    Terminal.write(result.text + "\n")
    if json { Terminal.write(result.line + "\n") }
    if result.parting != nil { throw ExitCode(Self.parted) }
  }

  /// `count` of the images that can be read, spread over the set, which is often sorted by class.
  private func chosenImages(_ sides: Sides) throws -> ImageSet {
    do throws(DataSetError) {
      let all = try DataSets.open(images)
      let total = all.items.count
      let part = count == 0 ? all : all.spread(min(count, total))
      return try part.reported(sides.first.input.contract)
    } catch {
      throw Failure(error.message)
    }
  }
}

/// Both models as they are compared.
private struct Sides {
  struct Side: Sendable {
    var model: ComparedModel
    var input: ComparedInput
  }

  let first: Side
  let second: Side

  /// Whether the same image becomes other pixels.
  var haveOtherPixels: Bool { first.input.contract != second.input.contract }

  init(_ command: CompareCommand) throws {
    let paths = [command.first, command.second]
    let files = try paths.map { try FlatFile.readIfOne($0) }
    func request(_ path: String) -> ImportRequest {
      var request = ImportRequest(path: path)
      request.input = command.input
      request.outputs = command.output
      request.architecture = command.architecture
      return request
    }
    func flat(_ file: ModelFile) -> Side {
      Side(
        model: .flat(file),
        input: ComparedInput(file.input, Preprocessing(statedBy: file)?.map)
      )
    }
    func float(_ path: String, like file: ModelFile) throws -> Side {
      let graph = try FloatReference.read(request(path), like: file)
      return Side(model: .float(graph), input: flat(file).input)
    }
    switch (files[0], files[1]) {
    case (let a?, let b?): (first, second) = (flat(a), flat(b))
    case (nil, let b?): (first, second) = (try float(paths[0], like: b), flat(b))
    case (let a?, nil): (first, second) = (flat(a), try float(paths[1], like: a))
    case (nil, nil):
      var models = try paths.map { try ModelImporters.read(request($0)) }
      let (preprocessing, contract) = command.pixels.resolve(models[0], warn: Terminal.warning)
      let sides = try models.indices.map { index in
        try FloatReference.prepare(
          &models[index].graph,
          preprocessing,
          endsInProbabilities: true,
          paths[index]
        )
        return Side(
          model: .float(models[index].graph),
          input: ComparedInput(contract, preprocessing.map)
        )
      }
      (first, second) = (sides[0], sides[1])
    }
  }
}
