/// Something about the model in use that a reader of the log wants to know.
public struct UpdateEvent: Sendable, Equatable {
  /// How much it matters.
  public enum Level: Sendable {
    /// A model was refused or has failed.
    case error
    /// Something that may want attention.
    case warning
    /// A model was taken.
    case info
  }

  /// How much it matters.
  public var level: Level
  /// One line, lower case.
  public var message: String
}
