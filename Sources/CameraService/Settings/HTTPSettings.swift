internal import PlainText

/// `[http]`: the page and the interfaces for programs, and who may use them.
public struct HTTPSettings: SettingsSection, Sendable {
  /// Whether to listen at all.
  public var isEnabled = true
  /// The address to listen on, in numbers of IPv4 or IPv6.
  public var address = "127.0.0.1"
  /// The port; 0 is any that is free.
  public var port = 8080
  /// Names under which to answer without authentication, beyond addresses and those of the local network.
  public var hosts: [String] = []
  /// The user for basic authentication.
  public var user = "admin"
  /// The password for basic authentication; empty is none.
  public var password = ""
  /// A file whose first line is the password; empty is none.
  public var passwordFile = ""
  /// The token for bearer authentication; empty is none.
  public var token = ""
  /// A file whose first line is the token; empty is none.
  public var tokenFile = ""
  /// Whether addresses other than loopback may be listened on without authentication.
  public var allowsAnonymous = false
  /// Whether `/healthz` needs no authentication.
  public var hasOpenHealth = true
  /// Most connections at once.
  public var connections = 32
  /// Most connections at once from one address.
  public var connectionsPerAddress = 16
  /// Most streams of events or pictures at once.
  public var streams = 8
  /// Most pictures a second for a viewer.
  public var streamRate = 15
  /// How long a client may take to send a request or to take an answer, milliseconds.
  public var patienceMilliseconds = 10_000

  static let name: StaticString = "http"

  enum Key: SettingsKey {
    case enabled, address, port, hosts, user, password, passwordFile, token, tokenFile
    case allowAnonymous, openHealth, connections, connectionsPerAddress, streams, streamRate
    case patience

    var name: StaticString {
      switch self {
      case .enabled: "enabled"
      case .address: "address"
      case .port: "port"
      case .hosts: "hosts"
      case .user: "user"
      case .password: "password"
      case .passwordFile: "password_file"
      case .token: "token"
      case .tokenFile: "token_file"
      case .allowAnonymous: "allow_anonymous"
      case .openHealth: "open_health"
      case .connections: "connections"
      case .connectionsPerAddress: "connections_per_address"
      case .streams: "streams"
      case .streamRate: "stream_rate"
      case .patience: "patience"
      }
    }
  }

  /// The defaults.
  public init() {}

  mutating func set(_ key: Key, to entry: SettingsEntry) throws(SettingsError) {
    switch key {
    case .enabled: isEnabled = try entry.flag()
    case .address: address = try entry.text()
    case .port: port = try entry.number(0...65_535)
    case .hosts: hosts = Self.words(try entry.text())
    case .user: user = try Self.user(entry)
    case .password: password = try entry.text()
    case .passwordFile: passwordFile = try entry.path()
    case .token: token = try entry.text()
    case .tokenFile: tokenFile = try entry.path()
    case .allowAnonymous: allowsAnonymous = try entry.flag()
    case .openHealth: hasOpenHealth = try entry.flag()
    case .connections: connections = try entry.number(1...1024)
    case .connectionsPerAddress: connectionsPerAddress = try entry.number(1...1024)
    case .streams: streams = try entry.number(1...256)
    case .streamRate: streamRate = try entry.number(1...240)
    case .patience: patienceMilliseconds = try entry.milliseconds(100...600_000)
    }
  }

  /// What basic authentication separates from the password by a colon.
  private static func user(_ entry: SettingsEntry) throws(SettingsError) -> String {
    let user = try entry.text()
    guard !TextBuilder(string: user).bytes.contains(0x3A) else {
      throw SettingsError(entry, expected: TextBuilder("a name without a colon"))
    }
    return user
  }

  private static func words(_ text: String) -> [String] {
    TextBuilder(string: text).bytes.split(separator: 0x20).map { word in
      var text = TextBuilder()
      for byte in word { text.append(byte: byte) }
      return text.string
    }
  }
}
