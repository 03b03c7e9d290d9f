internal import CLinux
internal import CommandWords
internal import Conformance
internal import Pixels
internal import PlainText
internal import Runtime

/// The whole of kernelcheck: arguments in, exit status out.
enum Check {
  private static let help = """
    Compares the kernel sets of this CPU with the portable loops, byte by byte: every kernel by itself, and images of
    every format that become a model's input. Runs networks of every operator on 1, 2 and 4 threads. Images and networks
    have hashes that are the same on every machine.

      kernelcheck [SET...]    every set that this CPU runs, or those named
      kernelcheck --list      sets of this build, and which this CPU runs

    Exit status: 0 if all is equal, 1 where something differs, 2 for a mistake in the command line.

    """

  private static let console = Console(program: "kernelcheck")

  /// The set and what it does, for the report of a fault; one thread runs the checks.
  nonisolated(unsafe) private static var set = ""
  nonisolated(unsafe) private static var current = Current.networks

  private enum Current {
    case kernel(KernelCase)
    case image(PixelSample)
    case networks

    var text: String {
      switch self {
      case .kernel(let kernel): kernel.text
      case .image(let sample): sample.text
      case .networks: "networks"
      }
    }
  }

  /// Does what the arguments (without the program's name) ask for and returns the exit status.
  static func run(_ words: [String]) -> Int32 {
    for word in words where word.utf8.first == 0x2D {
      guard words.count == 1 else { return usage("\(word): expected no other word") }
      if word.hasBytes(of: "--list") {
        write(list)
      } else if word.hasBytes(of: "--help") || word.hasBytes(of: "-h") {
        write(help)
      } else {
        return usage("unknown option \(word); try kernelcheck --help")
      }
      return 0
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
    var text = ""
    for name in KernelSet.builtNames {
      text += name + (KernelSet.isAvailable(name) ? "\n" : "  not on this CPU\n")
    }
    return text
  }

  private static func check(_ sets: [KernelSet]) -> Int32 {
    cl_on_fault { what in
      let reason = if let what { String(cString: what) } else { "fault" }
      Check.report(Check.set + ": " + Check.current.text + ": " + reason)
    }
    var (passed, failed) = (0, 0)
    for set in sets {
      Check.set = set.name
      // The portable kernels are what the others are compared with.
      let isPortable = set.name.hasBytes(of: KernelSet.portable.name)
      for part in isPortable ? [Part.images, .networks] : [.kernels, .images, .networks] {
        if passes(set, part) { passed += 1 } else { failed += 1 }
      }
    }
    write("\(passed) passed, \(failed) failed\n")
    return failed == 0 ? 0 : 1
  }

  /// What came of a check: what is equal, or the first difference.
  private enum Finding {
    case equal(String)
    case difference(String)
  }

  private enum Part {
    case kernels
    case images
    case networks
  }

  /// Prints what came of a part, and returns whether all is equal.
  private static func passes(_ set: KernelSet, _ part: Part) -> Bool {
    do throws(RuntimeError) {
      switch try check(set, part) {
      case .equal(let text):
        write(set.name + ": " + text + "\n")
        return true
      case .difference(let text): report(set.name + ": " + text)
      }
    } catch {
      report(set.name + ": " + error.message)
    }
    return false
  }

  private static func check(_ set: KernelSet, _ part: Part) throws(RuntimeError) -> Finding {
    switch part {
    case .kernels: try kernels(set)
    case .images: try images(set)
    case .networks: try networks(set)
    }
  }

  private static func kernels(_ set: KernelSet) throws(RuntimeError) -> Finding {
    var cases = 0
    for operation in KernelOperation.allCases {
      let result = try operation.check(set.functions) { current = .kernel($0) }
      cases += result.cases
      if let failure = result.failure { return .difference(failure) }
    }
    return .equal("\(cases) cases equal portable")
  }

  private static func images(_ set: KernelSet) throws(RuntimeError) -> Finding {
    guard let kernels = PixelKernels.available.first(where: { $0.name.hasBytes(of: set.name) })
    else { return .difference("no pixel kernels, expected those that every set has") }
    let outcome = try PixelSuite.run(kernels) { current = .image($0) }
    if let failure = outcome.failure { return .difference(failure) }
    let hash = OperatorSuite.hex(outcome.hash)
    return .equal("\(outcome.images) images of every format, hash \(hash)")
  }

  private static func networks(_ set: KernelSet) throws(RuntimeError) -> Finding {
    current = .networks
    let outcome = try OperatorSuite.run(set)
    if let failure = outcome.failure { return .difference(failure) }
    let hash = OperatorSuite.hex(outcome.hash)
    return .equal(
      "\(outcome.networks) networks of every operator on 1, 2 and 4 threads, hash \(hash)"
    )
  }

  private static func usage(_ message: String) -> Int32 {
    report(message)
    return 2
  }

  private static func report(_ message: String) { console.report(TextBuilder(string: message)) }

  private static func write(_ text: String) { console.write(TextBuilder(string: text)) }
}
