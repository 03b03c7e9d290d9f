public import ModelFormat
internal import PlainText

/// The proof that this machine gives the bits that the converter recorded.
public enum SelfTest {
  /// The first difference that a golden vector showed.
  public struct Failure: Sendable, Equatable {
    /// The kernel set in use.
    public var kernels: String
    /// Threads in use.
    public var threads: Int
    /// Index of the golden vector.
    public var golden: Int
    /// Index of the first operator whose output differs; nil where only the model's output does.
    public var operation: Int?
    /// The operator's name, empty where there is none.
    public var name: String
    /// What came out: the operator's hash, or that of the model's output.
    public var found: UInt64
    /// What the file says.
    public var expected: UInt64

    /// One line: *where: what, found, expected*.
    public var message: String {
      var text = TextBuilder()
      text.append("kernels ", kernels)
      text.append(", ", threads)
      text.append(" threads, golden vector ", golden)
      if let operation {
        text.append(": operator ", operation)
        text.append(" (", name)
        text.append(")")
      } else {
        text.append(": model output")
      }
      text.append(" has hash ")
      text.append(found, radix: 16, digits: 1)
      text.append(", expected ")
      text.append(expected, radix: 16, digits: 1)
      return text.string
    }
  }

  /// Runs every golden vector of `file` with `kernels` on `threads` threads.
  ///
  /// - Returns: the first difference, nil where there is none.
  /// - Throws: `RuntimeError` where the network cannot be prepared.
  public static func run(
    _ file: ModelFile,
    kernels: KernelSet,
    threads: Int
  ) throws(RuntimeError) -> Failure? {
    guard file.goldenCount > 0 else { return nil }
    return run(try Network(file, threads: threads, kernels: kernels))
  }

  /// Runs every golden vector of a network's file on it; what its input and output held is lost.
  ///
  /// Allocates nothing while nothing differs.
  ///
  /// - Returns: the first difference, nil where there is none.
  public static func run(_ network: Network) -> Failure? {
    var digest = XXH64()
    return run(network, digest: &digest)
  }

  /// As `run(_:)`, and adds what came out to `digest`: for each golden vector the hash of every operator's output and that of
  /// the network's, eight bytes each, low byte first.
  public static func run(_ network: Network, digest: inout XXH64) -> Failure? {
    for index in 0..<network.file.goldenCount {
      if let failure = check(network, index, &digest) { return failure }
    }
    return nil
  }

  private static func check(_ network: Network, _ index: Int, _ digest: inout XXH64) -> Failure? {
    let golden = network.file.golden(index)
    var failure: Failure?
    func note(_ operation: Int?, _ name: String, _ found: UInt64, _ expected: UInt64) {
      failure = Failure(
        kernels: network.kernels.name,
        threads: network.threads,
        golden: index,
        operation: operation,
        name: name,
        found: found,
        expected: expected
      )
    }
    if let seed = golden.seed {
      network.setInput(seed: seed)
    } else {
      network.setInput(golden.input)
    }
    network.run { operation in
      guard failure == nil else { return }
      let found = network.hash(ofOutputOf: operation)
      add(found, to: &digest)
      guard found != golden.hash(operation) else { return }
      let name = network.file.name(of: network.file.operators[operation])
      note(operation, name, found, golden.hash(operation))
    }
    if failure == nil {
      let (found, expected) = (network.output.hash, XXH64.hash(golden.output))
      add(found, to: &digest)
      if found != expected { note(nil, "", found, expected) }
    }
    return failure
  }

  private static func add(_ hash: UInt64, to digest: inout XXH64) {
    withUnsafeBytes(of: hash.littleEndian) { digest.update($0) }
  }
}

extension Network {
  /// Runs an input and records what every machine must give for it.
  ///
  /// Traps if a stored input does not have `inputByteCount` bytes.
  public func recordGolden(_ source: GoldenVector.Input) -> GoldenVector {
    switch source {
    case .seed(let seed): setInput(seed: seed)
    case .stored(let bytes): setInput(bytes)
    }
    var hashes: [UInt64] = []
    run { hashes.append(hash(ofOutputOf: $0)) }
    return GoldenVector(input: source, output: outputBytes, hashes: hashes)
  }
}
