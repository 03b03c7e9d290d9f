internal import Compiler
internal import Foundation
internal import HostCommands
internal import ReportPage

/// The file that `--report` names; its ending says what is written.
struct ReportFile {
  private enum Kind: String {
    case html
    case json
  }

  private let path: String
  private let kind: Kind

  /// - Throws: `Failure` where the name ends in neither `.html` nor `.json`.
  init(_ path: String) throws(Failure) {
    self.path = path
    guard let kind = Kind(rawValue: (path as NSString).pathExtension.lowercased()) else {
      throw Failure(
        "--report: \"\(path)\" ends in neither .html nor .json; .html is a page for people, .json the same numbers for programs"
      )
    }
    self.kind = kind
  }

  /// Whether it could be written, before hours of work are spent.
  func check() throws(Failure) { try OutputFile.check(path) }

  /// Writes the report of a finished file, which it also runs for a moment to tell how fast it is.
  func write(_ model: CompiledModel, _ search: AccuracySearch.Outcome?) throws(Failure) {
    var report = model.report
    report.details?.attempts = search?.attempts ?? []
    report.details?.chosenAttempt = search?.chosen
    report.details?.speed = SpeedMeasurement.run(model.bytes)
    let text =
      switch kind {
      case .html: ReportPage(report).html
      case .json: report.json
      }
    try OutputFile.write(Array(text.utf8), to: path)
  }
}
