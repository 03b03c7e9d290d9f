/// `[log]`: what is written to standard error.
public struct LogSettings: SettingsSection, Sendable {
  /// Lines up to this level are written.
  public var level = LogLevel.info

  static let name: StaticString = "log"

  enum Key: SettingsKey {
    case level

    var name: StaticString { "level" }
  }

  mutating func set(_ key: Key, to entry: SettingsEntry) throws(SettingsError) {
    switch key {
    case .level: level = LogLevel.allCases[try entry.choice(LogLevel.allCases.map { $0.name })]
    }
  }
}
