internal import CommandWords
internal import PlainText

/// The settings under one `[name]`.
///
/// A new setting is a case of `Key`, a property with its default, a line in `set`, and its paragraph in the example file, which
/// a test holds to have every key.
protocol SettingsSection {
  /// The keys, spelt as in the file by `name`.
  associatedtype Key: SettingsKey

  /// What stands in brackets.
  static var name: StaticString { get }

  /// Takes over the value of a key.
  mutating func set(_ key: Key, to entry: SettingsEntry) throws(SettingsError)
}

/// The keys of a section.
protocol SettingsKey: CaseIterable, Equatable {
  /// How the key is spelt.
  var name: StaticString { get }
}

extension SettingsSection {
  /// Takes over an entry of this section; an unknown key is refused with the one that it may have been meant to be.
  mutating func take(_ entry: SettingsEntry) throws(SettingsError) {
    var names: [StaticString] = []
    for key in Key.allCases {
      if entry.key.hasBytes(of: key.name) { return try set(key, to: entry) }
      names.append(key.name)
    }
    throw SettingsError(entry, Self.unknown("key", entry.key, names))
  }

  /// *unknown key, did you mean NAME?*, or all names.
  static func unknown(_ what: StaticString, _ word: String, _ names: [StaticString]) -> TextBuilder
  {
    var text = TextBuilder("unknown ")
    text.append(what)
    if let near = Spelling.nearest(to: word, among: names) {
      text.append(", did you mean ")
      text.append(names[near])
      text.append("?")
      return text
    }
    text.append(", expected one of ")
    for (index, name) in names.enumerated() {
      if index > 0 { text.append(", ") }
      text.append(name)
    }
    return text
  }
}
