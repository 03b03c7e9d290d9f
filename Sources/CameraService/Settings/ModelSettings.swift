/// `[model]`: the network and how it runs.
public struct ModelSettings: SettingsSection, Sendable {
  /// The file of the network.
  public var path = ""
  /// Threads that share the work of a frame.
  public var threads = 1
  /// The kernel set that must be used; empty for the best.
  public var kernels = ""

  static let name: StaticString = "model"

  enum Key: SettingsKey {
    case path, threads, kernels

    var name: StaticString {
      switch self {
      case .path: "path"
      case .threads: "threads"
      case .kernels: "kernels"
      }
    }
  }

  mutating func set(_ key: Key, to entry: SettingsEntry) throws(SettingsError) {
    switch key {
    case .path: path = try entry.path()
    case .threads: threads = try entry.number(1...64)
    case .kernels: kernels = try entry.text()
    }
  }
}
