internal import PlainText

/// `[results]`: what becomes of scores, and where results go beside MQTT and HTTP.
public struct ResultSettings: SettingsSection, Sendable {
  /// Scores are averaged over about this time, milliseconds; 0 takes each frame alone.
  public var smoothingMilliseconds = 500
  /// The label is the one that most of the last frames had, this many; 1 takes each frame alone.
  public var majority = 1
  /// A label whose score is below this is none.
  public var minimumScore = 0.5
  /// A label stays until another's score is this much higher.
  public var hysteresis = 0.05
  /// Whether a result goes out only when the label has changed.
  public var isChangesOnly = false
  /// Classes in a result, best first.
  public var top = 5
  /// A file that result lines are appended to; `-` is standard output, empty is none.
  public var file = ""
  /// A Unix socket that hands result lines to all who connect; empty is none.
  public var socket = ""
  /// The socket's permissions.
  public var socketPermissions = 0o660
  /// Most connections to the socket.
  public var socketClients = 16

  static let name: StaticString = "results"

  enum Key: SettingsKey {
    case smoothing, majority, minimumScore, hysteresis, publish, top, file, socket, socketMode
    case socketClients

    var name: StaticString {
      switch self {
      case .smoothing: "smoothing"
      case .majority: "majority"
      case .minimumScore: "minimum_score"
      case .hysteresis: "hysteresis"
      case .publish: "publish"
      case .top: "top"
      case .file: "file"
      case .socket: "socket"
      case .socketMode: "socket_mode"
      case .socketClients: "socket_clients"
      }
    }
  }

  mutating func set(_ key: Key, to entry: SettingsEntry) throws(SettingsError) {
    switch key {
    case .smoothing: smoothingMilliseconds = try entry.milliseconds(0...60_000)
    case .majority: majority = try entry.number(1...255)
    case .minimumScore: minimumScore = try entry.fraction(0...1)
    case .hysteresis: hysteresis = try entry.fraction(0...1)
    case .publish: isChangesOnly = try entry.choice(["all", "changes"]) == 1
    case .top: top = try entry.number(1...20)
    case .file: file = try entry.path()
    case .socket: socket = try entry.path()
    case .socketMode: socketPermissions = try Self.permissions(entry)
    case .socketClients: socketClients = try entry.number(1...256)
    }
  }

  /// Three octal digits, as chmod takes them.
  private static func permissions(_ entry: SettingsEntry) throws(SettingsError) -> Int {
    let digits = TextBuilder(string: try entry.text()).bytes
    guard digits.count == 3, digits.allSatisfy({ (0x30...0x37).contains($0) }) else {
      throw SettingsError(entry, expected: TextBuilder("three octal digits, such as 660"))
    }
    return digits.reduce(0) { $0 << 3 | Int($1 - 0x30) }
  }
}
