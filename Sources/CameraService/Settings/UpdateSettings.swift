/// `[update]`: how new models are taken.
public struct UpdateSettings: SettingsSection, Sendable {
  /// Where the model in use and the last good one are kept.
  ///
  /// Empty for `models` in the state folder that systemd gives the service, and where there is none for no folder: then no model
  /// can be sent, and the model's file alone counts.
  public var folder = ""
  /// Ed25519 public keys of which one must have signed every model: PEM, base64 or hexadecimal, or the path of a file with that;
  /// empty takes unsigned models too.
  public var publicKey = ""
  /// Whether the model's file is looked at once a second.
  public var watches = true
  /// Models larger than this are refused.
  public var maximumBytes = 256 << 20
  /// Frames that a new model must classify before the one before it is given up.
  public var trialFrames = 100
  /// Whether a new model must have the classes of the one in use.
  public var requiresSameLabels = false

  static let name: StaticString = "update"

  enum Key: SettingsKey {
    case folder, publicKey, watch, maximumBytes, trialFrames, sameLabels

    var name: StaticString {
      switch self {
      case .folder: "folder"
      case .publicKey: "public_key"
      case .watch: "watch"
      case .maximumBytes: "maximum_bytes"
      case .trialFrames: "trial_frames"
      case .sameLabels: "same_labels"
      }
    }
  }

  mutating func set(_ key: Key, to entry: SettingsEntry) throws(SettingsError) {
    switch key {
    case .folder: folder = try entry.path()
    case .publicKey: publicKey = try entry.text()
    case .watch: watches = try entry.flag()
    case .maximumBytes: maximumBytes = try entry.bytes(1 << 16...1 << 30)
    case .trialFrames: trialFrames = try entry.number(1...1_000_000)
    case .sameLabels: requiresSameLabels = try entry.flag()
    }
  }
}
