internal import Foundation
internal import TextTables

/// Standard output and error, and what they are connected to.
public enum Terminal {
  static let showsProgress = isatty(STDERR_FILENO) == 1
  /// The command's name, without its folder.
  private static let command =
    (CommandLine.arguments.first.map { ($0 as NSString).lastPathComponent }) ?? ""

  /// `cnnconvert: error: …` in one line.
  public static func error(_ message: String) {
    writeError("\(command): error: \(message.printable)\n")
  }

  /// `cnnconvert: warning: …` in one line.
  public static func warning(_ message: String) {
    writeError("\(command): warning: \(message.printable)\n")
  }

  /// Problems that are told one by one.
  private static let toldProblems = 10

  /// Warns of images that were left out: the first ten with their problem, and how many they are in all.
  public static func leftOut(_ problems: [String], of count: Int) {
    for problem in problems.prefix(toldProblems) { warning("\(problem); left out") }
    guard problems.count > 1 else { return }
    warning("\(problems.count) of \(count) images left out")
  }

  /// Writes to standard output, without what would steer a terminal; a closed pipe is nobody's error.
  public static func write(_ text: String) {
    try? FileHandle.standardOutput.write(contentsOf: Data(text.printable.utf8))
  }

  /// Writes to standard error.
  public static func writeError(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }
}
