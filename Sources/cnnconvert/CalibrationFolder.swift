internal import Evaluation
internal import Foundation
internal import GraphIR
internal import HostCommands
internal import ModelFormat
internal import Quantization

extension ImageSet {
  /// The images at a path that can be read as the contract asks; the others are told.
  static func opened(_ path: String, _ contract: InputContract) throws(Failure) -> ImageSet {
    do throws(DataSetError) {
      return try DataSets.open(path).reported(contract)
    } catch {
      throw Failure(error.message)
    }
  }

  /// The images that can be read as the contract asks; the others are told.
  func reported(_ contract: InputContract) throws(DataSetError) -> ImageSet {
    var problems: [String] = []
    defer { Terminal.leftOut(problems, of: items.count) }
    return try readable(contract, threads: ProcessInfo.processInfo.activeProcessorCount) {
      problems.append($0.message)
    }
  }
}

/// What is looked at before hours are spent on calibration images.
struct CalibrationSuspicion {
  let graph: Graph
  let map: PixelMap

  /// Tells whatever is odd about images that calibrate, already opened.
  func tell(_ set: ImageSet, _ contract: InputContract) {
    let outputs = graph.outputs.first.map { graph.shape(of: $0).reduce(1, *) } ?? 0
    if let odd = set.classesBeyond(outputs) { Terminal.warning(odd) }
    if let finding = PreprocessingCheck(graph, map: map)?.run(CalibrationImages(set, contract)) {
      Terminal.warning(finding.text)
    }
  }
}
