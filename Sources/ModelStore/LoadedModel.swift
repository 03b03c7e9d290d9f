public import ModelFormat
internal import PlainText
public import Runtime

/// A verified model that is ready to run.
public struct LoadedModel: @unchecked Sendable {
  /// The network; one thread at a time.
  public let network: Network
  /// XXH64 of the whole file, as `xxhsum -H1` prints it.
  public let hash: UInt64
  /// Whether it has yet to prove itself.
  public let isOnTrial: Bool

  /// The file.
  public var file: ModelFile { network.file }

  /// What it was converted from; empty where the file does not say.
  public var name: String { file.metadata("source.name") ?? "" }

  /// The hash in 16 hexadecimal digits.
  public var hashText: String {
    var text = TextBuilder()
    text.append(hash, radix: 16, digits: 16)
    return text.string
  }
}
