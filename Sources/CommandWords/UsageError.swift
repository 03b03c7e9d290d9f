public import PlainText

/// A mistake in the command line: one line without the program's name.
public struct UsageError: Error {
  /// What is wrong and what to do.
  public let message: TextBuilder

  /// An error in words.
  public init(_ words: StaticString) { message = TextBuilder(words) }

  /// An error with what was typed in its words.
  public init(_ text: TextBuilder) { message = text }

  /// *unknown option WORD*, and the candidate that it may have been meant to be.
  public static func unknownOption(
    _ word: String,
    among candidates: [StaticString],
    of program: StaticString
  ) -> UsageError {
    var message = TextBuilder("unknown option ")
    message.append(string: word)
    if let near = Spelling.nearest(to: word, among: candidates) {
      message.append(", did you mean ")
      message.append(candidates[near])
      message.append("?")
    } else {
      message.append("; try ")
      message.append(program)
      message.append(" --help")
    }
    return UsageError(message)
  }
}
