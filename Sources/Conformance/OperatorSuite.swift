internal import ModelFormat
package import Runtime

/// Networks of every operator on a kernel set, compared with the portable set and with what every machine must give.
package enum OperatorSuite {
  /// The XXH64 of the hashes of all networks' outputs, eight bytes each, low byte first.
  ///
  /// The tests compare every one of these outputs with the operator's definition.
  package static let expectedHash: UInt64 = 0x83fa_427c_c9ec_4e2f

  /// What came of running all networks.
  package struct Outcome: Sendable {
    /// Networks that ran.
    package var networks = 0
    /// The hash of their outputs.
    package var hash: UInt64 = 0
    /// The first difference, one line.
    package var failure: String?
  }

  /// Every sample in order.
  package static func forEach(
    _ body: (SampleKind, Int) throws(RuntimeError) -> Bool
  ) throws(RuntimeError) {
    for kind in SampleKind.allCases {
      for index in 0..<kind.count {
        guard try body(kind, index) else { return }
      }
    }
  }

  /// Runs all networks by `kernels` on 1, 2 and 4 threads, all operators divided however small.
  ///
  /// - Throws: `RuntimeError` where a network cannot be prepared.
  package static func run(_ kernels: KernelSet) throws(RuntimeError) -> Outcome {
    var outcome = Outcome()
    var digest = XXH64()
    try forEach { kind, index throws(RuntimeError) in
      let (model, input) = kind.sample(index).finish()
      let file = try open(model.encode())
      let expected = try hash(file, input, .portable, threads: 1)
      for threads in [1, 2, 4] {
        let found = try hash(file, input, kernels, threads: threads)
        guard found != expected else { continue }
        outcome.failure =
          "network \(kind.name) \(index), \(threads) threads: output has hash "
          + "\(hex(found)), expected \(hex(expected)) as of the portable kernels"
        return false
      }
      outcome.networks += 1
      withUnsafeBytes(of: expected.littleEndian) { digest.update($0) }
      return true
    }
    outcome.hash = digest.finalize()
    if outcome.failure == nil, outcome.hash != expectedHash {
      outcome.failure =
        "outputs of all networks have hash \(hex(outcome.hash)), expected \(hex(expectedHash))"
    }
    return outcome
  }

  /// `number` as `0x…`.
  package static func hex(_ number: UInt64) -> String { "0x" + String(number, radix: 16) }

  private static func open(_ bytes: [UInt8]) throws(RuntimeError) -> ModelFile {
    do throws(ModelFormatError) {
      return try ModelFile(copying: bytes)
    } catch {
      throw .model(path: "generated network", error)
    }
  }

  private static func hash(
    _ file: ModelFile,
    _ input: [UInt8],
    _ kernels: KernelSet,
    threads: Int
  ) throws(RuntimeError) -> UInt64 {
    let network = Network(
      try Preparation(
        file,
        threads: threads,
        workers: threads,
        kernels: kernels,
        parallelWork: 0
      )
    )
    network.setInput(input)
    network.run()
    return XXH64.hash(network.outputBytes)
  }
}
