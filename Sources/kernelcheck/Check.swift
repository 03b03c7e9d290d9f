internal import CLinux
internal import Conformance
internal import PlainText
internal import Runtime

/// The whole of kernelcheck: arguments in, exit status out.
enum Check {
  private static let help = """
    Compares the kernel sets of this CPU with the portable loops, byte by byte.

      kernelcheck [SET...]    every set that this CPU runs, or those named
      kernelcheck --list      sets of this build, and which this CPU runs

    Exit status: 0 if all is equal, 1 where something differs, 2 for a mistake in the command line.

    """

  /// The set and case that run, for the report of a fault; one thread runs the checks.
  nonisolated(unsafe) private static var set = ""
  nonisolated(unsafe) private static var current: KernelCase?

  /// Does what the arguments (without the program's name) ask for and returns the exit status.
  static func run(_ words: [String]) -> Int32 {
    for word in words where word.utf8.first == 0x2D {
      guard words.count == 1 else { return usage("\(word): expected no other word") }
      if word.hasBytes(of: "--list") { return write(list) }
      if word.hasBytes(of: "--help") || word.hasBytes(of: "-h") { return write(help) }
      return usage("unknown option \(word); try kernelcheck --help")
    }
    do throws(RuntimeError) {
      var sets = words.isEmpty ? KernelSet.available : []
      for word in words { sets.append(try KernelSet.named(word)) }
      return check(sets)
    } catch {
      return usage(error.message)
    }
  }

  private static var list: String {
    let available = KernelSet.available.map { $0.name }
    var text = ""
    for name in KernelSet.builtNames {
      let isAvailable = available.contains { $0.hasBytes(of: name) }
      text += name + (isAvailable ? "\n" : "  not on this CPU\n")
    }
    return text
  }

  private static func check(_ sets: [KernelSet]) -> Int32 {
    cl_on_fault { what in
      let reason = if let what { String(cString: what) } else { "fault" }
      Check.report(Check.set + ": " + (Check.current?.text ?? "no case") + ": " + reason)
    }
    var failed = 0
    for set in sets where !isEqual(set) { failed += 1 }
    write("\(sets.count - failed) passed, \(failed) failed\n")
    return failed == 0 ? 0 : 1
  }

  /// Whether the kernels of `set` equal the portable ones; prints a line either way.
  private static func isEqual(_ set: KernelSet) -> Bool {
    Check.set = set.name
    var cases = 0
    do throws(RuntimeError) {
      for operation in KernelOperation.allCases {
        let result = try operation.check(set.functions) { current = $0 }
        cases += result.cases
        guard let failure = result.failure else { continue }
        report(set.name + ": " + failure)
        return false
      }
    } catch {
      report(set.name + ": " + error.message)
      return false
    }
    write("\(set.name): \(cases) cases equal portable\n")
    return true
  }

  private static func usage(_ message: String) -> Int32 {
    report(message)
    return 2
  }

  private static func report(_ message: String) { _ = put("kernelcheck: " + message + "\n", 2) }

  /// Writes to standard output; gives the exit status for that.
  @discardableResult
  private static func write(_ text: String) -> Int32 {
    let error = put(text, 1)
    guard error != 0 else { return 0 }
    report("standard output: " + String(cString: cl_error_text(error)))
    cl_exit(1)
  }

  private static func put(_ text: String, _ descriptor: Int32) -> Int32 {
    var text = text
    return text.withUTF8 { cl_write(descriptor, $0.baseAddress, $0.count) }
  }
}
