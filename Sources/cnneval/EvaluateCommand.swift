internal import ArgumentParser
internal import Evaluation
internal import Foundation
internal import GraphIR
internal import HostCommands
internal import Importers
internal import ModelFormat
internal import Quantization

/// Which part of a set: `2/8` is the second of eight.
struct Shard: ExpressibleByArgument {
  var index: Int
  var count: Int

  init?(argument: String) {
    let parts = argument.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let index = parts[0], let count = parts[1],
      (1...100_000).contains(count), (1...count).contains(index)
    else { return nil }
    (self.index, self.count) = (index, count)
  }
}

/// `cnneval model.bin IMAGES`.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Runs a model over images (the default)."
  )

  @Argument(help: "A model.bin.")
  var model: String

  @Argument(
    help: "Folder with a subfolder a class, TSV of files and classes, idx, or CIFAR records."
  )
  var images: String

  @Option(help: "Text file with one class name a line; the model's own if left out.")
  var labels: String?

  @Option(help: "Output of class number 0: 1 where output 0 is the background.")
  var classOffset = 0

  @OptionGroup var float: FloatOptions
  @OptionGroup var outcome: OutcomeOptions

  @Option(help: "Evaluate only a part of the images, I/N with I from 1 to N; see merge.")
  var shard: Shard?

  @Option(help: "Images at a time; results do not depend on it.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  func validate() throws {
    guard (1...256).contains(threads) else {
      throw ValidationError("--threads: \(threads), expected 1…256")
    }
    guard shard == nil || outcome.baseline == nil else {
      throw ValidationError("--shard with --baseline: merge first, then compare")
    }
  }

  func run() throws {
    try outcome.check()
    let file = try FlatFile.read(model)
    let names = try classNames(file)
    let set: ImageSet
    let outputs: [Int?]
    let whole: UInt64
    do throws(DataSetError) {
      let all = try DataSets.open(images)
      whole = all.fingerprint
      set = shard.map { all.shard($0.index - 1, of: $0.count) } ?? all
      outputs = try names.outputs(of: set, offset: classOffset, assume: Terminal.warning)
    } catch {
      throw Failure(error.message)
    }
    let graph = try float.graph(for: file)
    if let graph, let map = Preprocessing(statedBy: file)?.map,
      let finding = PreprocessingCheck(graph, map: map)?
        .run(CalibrationImages(set, file.input))
    {
      Terminal.warning(finding.text)
    }
    let bar = ProgressBar()
    let tally: Tally
    do throws(EvaluationError) {
      defer { bar.finish() }
      tally = try Evaluator(file, float: graph).run(
        set,
        outputs: outputs,
        threads: threads,
        progress: { bar.show("evaluating", $0, of: $1) }
      )
    } catch {
      throw Failure(error.message)
    }
    Terminal.leftOut(tally.skipped.map(\.reason), of: set.items.count)
    let result = EvaluationResult(
      model: String(format: "%016lx", UInt(file.hash)),
      data: String(format: "%016lx", UInt(whole)),
      shard: shard?.index ?? 1,
      shards: shard?.count ?? 1,
      names: names.names,
      tally: tally
    )
    if let suspicion = result.suspicion { Terminal.warning(suspicion) }
    try outcome.tell(result)
  }

  private func classNames(_ file: ModelFile) throws -> ClassNames {
    let count = file.tensors[file.outputTensor].elementCount
    guard let labels else {
      return ClassNames((0..<file.labelCount).map(file.label), count: count)
    }
    let names = try Labels.read(labels)
    guard names.count == count else {
      throw Failure("\(labels): \(names.count) names, expected \(count), one an output")
    }
    return ClassNames(names, count: count)
  }
}
