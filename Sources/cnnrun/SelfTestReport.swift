internal import ModelFormat
internal import Runtime

/// `cnnrun --selftest model.bin`: golden vectors on every kernel set of this CPU, on 1 and 2 threads.
enum SelfTestReport {
  /// Prints a line for each kernel set and thread count and returns the exit status: 1 if any result differs.
  static func run(_ arguments: Arguments) throws(RuntimeError) -> Int32 {
    let file = try ModelFile.open(arguments.files[0])
    guard file.goldenCount > 0 else {
      Console.report(
        arguments.files[0] + ": no golden vectors, expected at least 1 to compare with"
      )
      return 1
    }
    let sets: [KernelSet] =
      if let name = arguments.kernels { [try KernelSet.named(name)] } else { KernelSet.available }
    var table = TextTable([.left, .left, .left])
    var failures: [String] = []
    for set in sets {
      for threads in [1, 2] {
        let failure = try SelfTest.run(file, kernels: set, threads: threads)
        if let failure { failures.append(failure.message) }
        table.append([
          set.name, threads == 1 ? "1 thread" : "\(threads) threads",
          failure == nil ? "ok" : "DIFFERS",
        ])
      }
    }
    Console.write(table.text)
    for failure in failures { Console.report(arguments.files[0] + ": " + failure) }
    guard failures.isEmpty else { return 1 }
    let vectors = file.goldenCount == 1 ? "1 golden vector" : "\(file.goldenCount) golden vectors"
    Console.write(
      "\(vectors), \(file.operators.count) layers: the same bits on \(sets.count) kernel sets\n"
    )
    return 0
  }
}
