public import ArgumentParser
internal import Foundation

extension ParsableCommand {
  /// Parses the command line and runs it; every error is one line on standard error.
  ///
  /// Exit status: 0 done, 1 bad input (`Failure`), 2 wrong usage, or that of an `ExitCode`.
  public static func runAsRoot() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let failure as Failure {
      Terminal.error(failure.message)
      Foundation.exit(1)
    } catch let code as ExitCode {
      Foundation.exit(code.rawValue)
    } catch {
      let code = exitCode(for: error)
      guard code != .success else { exit(withError: error) }
      Terminal.writeError(fullMessage(for: error) + "\n")
      Foundation.exit(2)
    }
  }
}
