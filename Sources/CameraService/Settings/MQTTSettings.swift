internal import PlainText

/// Which results go to the broker.
public enum MQTTPublication: Int, Sendable, CaseIterable {
  /// Those in which the class changed.
  case changes
  /// Every one.
  case all
  /// Those in which the class changed, and the newest every `intervalSeconds`.
  case interval
}

/// `[mqtt]`: results, states and commands by way of an MQTT broker.
public struct MQTTSettings: SettingsSection, Sendable {
  /// The broker's name or address; empty: no MQTT.
  public var host = ""
  /// Its port; 0: 8883 with TLS, 1883 without.
  public var port = 0
  /// The user to be; empty: none.
  public var user = ""
  /// A file whose first line is the user's password, read for every connection; empty: none.
  public var passwordFile = ""
  /// Whether to encrypt, and to ask for the broker's certificate.
  public var tls = false
  /// Certificates (PEM) of those who may sign the broker's; empty: the system's.
  public var caFile = ""
  /// The daemon's own certificate (PEM), for brokers that ask for one; empty: none.
  public var certificateFile = ""
  /// The key (PEM) of `certificateFile`.
  public var keyFile = ""
  /// Whether a trusted certificate may name another host.
  public var anyHostName = false
  /// What all topics begin with; `%H` is the machine's name.
  public var prefix = "edgecnn/%H"
  /// The name of the session, one of a kind at the broker; empty: made from the prefix.
  public var clientID = ""
  /// 0: results may get lost; 1: they arrive, perhaps twice.
  public var qos = 1
  /// Whether the broker keeps the last result for who subscribes later, as it does labels and states.
  public var retain = false
  /// How often the broker and the daemon ask for each other, in seconds, at least 5.
  public var keepaliveSeconds = 30
  /// How long to wait before connecting again, in milliseconds; up to 64 times as long after further failures.
  public var reconnectMilliseconds = 1000
  /// Where Home Assistant looks for devices; empty: it is told nothing.
  public var discoveryPrefix = "homeassistant"
  /// Which results to publish.
  public var publication = MQTTPublication.changes
  /// For `MQTTPublication.interval`, in seconds.
  public var intervalSeconds = 10
  /// Most messages that wait for the broker.
  public var queueMessages = 1000
  /// Most bytes that wait for the broker.
  public var queueBytes = 1 << 20
  /// Whether to take commands and models from the broker.
  public var commands = false

  static let name: StaticString = "mqtt"

  enum Key: SettingsKey {
    case host, port, user, passwordFile, tls, caFile, certificateFile, keyFile, anyHostName, prefix
    case clientID, qos, retain, keepalive, reconnect, discoveryPrefix, publish, interval,
      queueMessages
    case queueBytes, commands

    var name: StaticString {
      switch self {
      case .host: "host"
      case .port: "port"
      case .user: "user"
      case .passwordFile: "password_file"
      case .tls: "tls"
      case .caFile: "ca_file"
      case .certificateFile: "certificate_file"
      case .keyFile: "key_file"
      case .anyHostName: "any_host_name"
      case .prefix: "prefix"
      case .clientID: "client_id"
      case .qos: "qos"
      case .retain: "retain"
      case .keepalive: "keepalive"
      case .reconnect: "reconnect"
      case .discoveryPrefix: "discovery_prefix"
      case .publish: "publish"
      case .interval: "interval"
      case .queueMessages: "queue_messages"
      case .queueBytes: "queue_bytes"
      case .commands: "commands"
      }
    }
  }

  /// No MQTT.
  public init() {}

  mutating func set(_ key: Key, to entry: SettingsEntry) throws(SettingsError) {
    switch key {
    case .host: host = try entry.text()
    case .port: port = try entry.number(1...65_535)
    case .user: user = try entry.text()
    case .passwordFile: passwordFile = try entry.path()
    case .tls: tls = try entry.flag()
    case .caFile: caFile = try entry.path()
    case .certificateFile: certificateFile = try entry.path()
    case .keyFile: keyFile = try entry.path()
    case .anyHostName: anyHostName = try entry.flag()
    case .prefix: prefix = try Self.topic(entry)
    case .clientID: clientID = try entry.text()
    case .qos: qos = try entry.number(0...1)
    case .retain: retain = try entry.flag()
    case .keepalive: keepaliveSeconds = try entry.milliseconds(5000...3_600_000) / 1000
    case .reconnect: reconnectMilliseconds = try entry.milliseconds(100...60_000)
    case .discoveryPrefix:
      discoveryPrefix = entry.value.hasBytes(of: "none") ? "" : try Self.topic(entry)
    case .publish:
      publication = MQTTPublication(rawValue: try entry.choice(Self.publications)) ?? .changes
    case .interval: intervalSeconds = try entry.milliseconds(1000...86_400_000) / 1000
    case .queueMessages: queueMessages = try entry.number(1...1_000_000)
    case .queueBytes: queueBytes = try entry.bytes(4096...1 << 30)
    case .commands: commands = try entry.flag()
    }
  }

  /// In the order of `MQTTPublication`.
  private static let publications: [StaticString] = ["changes", "all", "interval"]

  /// A topic to publish under: wildcards are none, and `$` is the broker's.
  private static func topic(_ entry: SettingsEntry) throws(SettingsError) -> String {
    let text = try entry.text()
    let bytes = TextBuilder(string: text).bytes
    guard bytes[0] != 0x24, !bytes.contains(0x2B), !bytes.contains(0x23), bytes.count <= 200,
      bytes.contains(where: { $0 != 0x2F })
    else {
      throw SettingsError(entry, expected: TextBuilder("a topic without +, # and $"))
    }
    return text
  }
}
