/// What a source of frames has to tell.
public enum FrameNews {
  /// A frame; give it back as soon as its pixels are read.
  case frame(Frame)
  /// Something for the log, and for who asks whether the source works.
  case event(SourceEvent)
  /// Nothing, for as long as was asked.
  case timedOut
  /// Nothing more ever: files have an end, cameras have none.
  case ended
}

/// What happened to a source of frames, in one line.
public struct SourceEvent: Sendable {
  /// How much it matters.
  public enum Severity: Sendable, Equatable {
    /// Only somebody who changes something can mend it.
    case error
    /// It hurts and may pass.
    case warning
    /// Good to know.
    case info
  }

  /// What it says about the source.
  public enum State: Sendable, Equatable {
    /// Frames come from now on.
    case running
    /// No frames come from now on.
    case lost
    /// Neither.
    case unchanged
  }

  /// How much it matters.
  public var severity: Severity
  /// Whether frames come.
  public var state: State
  /// One line, lower case: what, found, expected; what to do.
  public var message: String

  /// An event of a source.
  public init(severity: Severity, state: State, message: String) {
    self.severity = severity
    self.state = state
    self.message = message
  }
}
