import Foundation
import ScratchFolders

/// One of the package's commands, run as its users run it: the binary that was built together with these tests.
struct CommandProcess {
  let status: Int32
  let output: String
  let errors: String

  /// Runs `name` to its end.
  init(
    _ name: String,
    _ arguments: [String],
    environment: [String: String] = [:],
    outputPath: String? = nil
  ) throws {
    let process = Process()
    let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.executableURL = tests.deletingLastPathComponent().appendingPathComponent(name)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    // Files and not pipes: a full pipe would stop the command, and nothing is read before it has ended.
    let scratch = try ScratchFolder()
    let outputFile = try scratch.write([], "output")
    let errorFile = try scratch.write([], "errors")
    process.standardOutput = try FileHandle(
      forWritingTo: URL(fileURLWithPath: outputPath ?? outputFile)
    )
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errorFile))
    try process.run()
    process.waitUntilExit()
    status = process.terminationStatus
    output = try String(contentsOfFile: outputFile, encoding: .utf8)
    errors = try String(contentsOfFile: errorFile, encoding: .utf8)
  }
}
