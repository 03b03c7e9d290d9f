internal import CommandWords
internal import ModelFormat
internal import PlainText
internal import Runtime

/// `cnnrun --selftest model.bin`: golden vectors on every kernel set of this CPU, on 1, 2 and 4 threads.
enum SelfTestReport {
  /// Prints a line for each kernel set and thread count and returns the exit status: 1 if any result differs.
  ///
  /// The hash in the last line is of what came out of all operators, the same on every machine.
  static func run(_ arguments: Arguments) throws(RuntimeError) -> Int32 {
    let path = arguments.files[0]
    let file = try ModelFile.open(path)
    guard file.goldenCount > 0 else {
      let message = TextBuilder("no golden vectors, expected at least 1 to compare with")
      console.report(message, of: path)
      return 1
    }
    let sets: [KernelSet] =
      if let name = arguments.kernels { [try KernelSet.named(name)] } else { KernelSet.available }
    var table = TextTable([.left, .left, .left])
    var failures: [TextBuilder] = []
    var hash: UInt64 = 0
    for set in sets {
      for threads in [1, 2, 4] {
        var digest = XXH64()
        let network = try Network(file, threads: threads, kernels: set)
        let failure = SelfTest.run(network, digest: &digest)
        hash = digest.finalize()
        if let failure { failures.append(TextBuilder(string: failure.message)) }
        table.add(string: set.name)
        table.cell.append("", threads)
        table.add(threads == 1 ? " thread" : " threads")
        table.add(failure == nil ? "ok" : "DIFFERS")
      }
    }
    console.write(table.text)
    for failure in failures { console.report(failure, of: path) }
    guard failures.isEmpty else { return 1 }
    var text = TextBuilder()
    text.append("", file.goldenCount)
    text.append(file.goldenCount == 1 ? " golden vector, " : " golden vectors, ")
    text.append("", file.operators.count)
    text.append(" layers: the same bits on ", sets.count)
    text.append(" kernel sets, hash ")
    text.append(hex: hash)
    text.append("\n")
    console.write(text)
    return 0
  }
}
