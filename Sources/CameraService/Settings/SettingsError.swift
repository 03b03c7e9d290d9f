public import PlainText

/// What is wrong in a settings file: one line, *file:line: [section] key: what, found, expected*.
public struct SettingsError: Error {
  /// The line, without the program's name.
  public let message: TextBuilder

  /// A finding about an entry.
  init(_ entry: SettingsEntry, _ words: TextBuilder) {
    var text = entry.place
    text.append(words)
    message = text
  }

  /// A value that an entry should not have.
  init(_ entry: SettingsEntry, expected: TextBuilder) {
    var words = TextBuilder("found \"")
    words.append(string: entry.value)
    words.append("\", expected ")
    words.append(expected)
    self.init(entry, words)
  }

  /// A finding in words.
  init(_ text: TextBuilder) { message = text }
}
