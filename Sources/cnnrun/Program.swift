internal import CommandWords
internal import PlainText
internal import Runtime

/// Where cnnrun writes.
let console = Console(program: "cnnrun")

/// The whole of cnnrun: arguments in, exit status out.
enum Program {
  /// Does what the arguments (without the program's name) ask for and returns the exit status.
  static func run(_ words: [String]) -> Int32 {
    console.status { () throws(UsageError) in run(try Arguments(words)) }
  }

  private static func run(_ arguments: Arguments) -> Int32 {
    do throws(RuntimeError) {
      switch arguments.action {
      case .help:
        console.write(TextBuilder(Help.text))
      case .version:
        console.write(TextBuilder(Help.version))
      case .listKernels:
        console.write(try KernelList.text(arguments))
      case .selfTest:
        return try SelfTestReport.run(arguments)
      case .bench(let runs):
        try Benchmark(arguments).run(runs: runs)
      case .classify:
        return try Classification(arguments).run()
      }
      return 0
    } catch {
      console.report(TextBuilder(string: error.message))
      return 1
    }
  }
}
