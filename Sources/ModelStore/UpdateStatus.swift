/// What became of the last model that arrived, and how many did.
public struct UpdateStatus: Sendable {
  /// What is going on.
  public enum Phase: Sendable {
    /// Nothing has arrived yet.
    case idle
    /// A model is being verified.
    case verifying
    /// A model was taken: its hash.
    case taken(UInt64)
    /// What arrived is the model in use: its hash.
    case same(UInt64)
    /// A model was refused: why.
    case refused(String)
    /// The model before is in use again: its hash.
    case wentBack(UInt64)
  }

  /// What is going on.
  public var phase = Phase.idle
  /// One more with every change of `phase`.
  public var number = 0
  /// Models taken since the service started, the first one left out.
  public var taken = 0
  /// Models refused since the service started.
  public var refused = 0
  /// Times that the model before was put in use again.
  public var wentBack = 0

  mutating func change(to next: Phase) {
    phase = next
    number += 1
    switch next {
    case .taken: taken += 1
    case .refused: refused += 1
    case .wentBack: wentBack += 1
    case .idle, .verifying, .same: break
    }
  }
}
