import Foundation
import Testing

/// A mosquitto of its own on a free port of this machine, with what subscribers saw.
final class Broker {
  static let program = "/usr/sbin/mosquitto"
  /// Whether the broker and its clients are installed; `Tools/set-up` does that.
  static let isInstalled = ["/usr/sbin/mosquitto", "/usr/bin/mosquitto_sub"].allSatisfy {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  let port: Int
  let folder: URL
  private let configuration: String
  private var process: Process?
  private var subscribers: [Process] = []

  /// A broker that runs; `configuration` are more lines of mosquitto.conf.
  init(_ configuration: String = "allow_anonymous true") throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "edgecnn-broker-" + UUID().uuidString
    )
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    port = try Self.freePort()
    // A broker that root starts becomes another user, who may not read the folder.
    self.configuration = """
      listener \(port) 127.0.0.1
      user \(NSUserName())
      persistence false
      log_dest none
      \(configuration.replacingOccurrences(of: "FOLDER", with: folder.path))
      """
  }

  deinit {
    for process in subscribers + [process].compactMap({ $0 }) where process.isRunning {
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
    try? FileManager.default.removeItem(at: folder)
  }

  /// Starts it and waits until it listens.
  func start() throws {
    let file = folder.appendingPathComponent("mosquitto.conf")
    try configuration.write(to: file, atomically: true, encoding: .utf8)
    process = try run(Self.program, ["-c", file.path], output: "broker.log")
    try wait("the broker's port") { Self.canConnect(self.port) }
  }

  /// Ends it at once, as a power cut does.
  func stop() {
    guard let process else { return }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    self.process = nil
  }

  /// Holds it, so that it keeps its connections and answers nothing; or lets it go on.
  func freeze(_ isFrozen: Bool) {
    guard let process else { return }
    kill(process.processIdentifier, isFrozen ? SIGSTOP : SIGCONT)
  }

  /// Subscribes to `topic` with QoS 1; the messages' lines are *topic*, a blank, 1 if retained, a blank, *payload*.
  func subscribe(_ topic: String, arguments: [String] = []) throws -> Subscription {
    let name = "subscriber-\(subscribers.count)"
    let process = try run(
      // Line by line: a file would get its first bytes after 4096.
      "/usr/bin/stdbuf",
      [
        "-oL", "/usr/bin/mosquitto_sub", "-h", "127.0.0.1", "-p", "\(port)", "-q", "1", "-t", topic,
        "-F", "%t %r %p", "-d",
      ]
        + arguments,
      output: name
    )
    subscribers.append(process)
    let subscription = Subscription(url: folder.appendingPathComponent(name))
    try wait("a subscription") { subscription.isGranted }
    return subscription
  }

  /// Publishes a message and waits until the broker has it.
  func publish(_ topic: String, _ payload: String, arguments: [String] = []) throws {
    let process = try run(
      "/usr/bin/mosquitto_pub",
      ["-h", "127.0.0.1", "-p", "\(port)", "-q", "1", "-t", topic, "-m", payload] + arguments,
      output: "publisher"
    )
    process.waitUntilExit()
  }

  func run(_ program: String, _ arguments: [String], output: String) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let file = folder.appendingPathComponent(output)
    try Data().write(to: file)
    let handle = try FileHandle(forWritingTo: file)
    process.standardOutput = handle
    process.standardError = handle
    try process.run()
    try handle.close()
    return process
  }

  static func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withAddress(0) { bind(descriptor, $0, $1) } == 0
    let status = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        getsockname(descriptor, pointer, &size)
      }
    }
    guard isBound, status == 0 else { throw WaitError(what: "a free port") }
    return Int(UInt16(bigEndian: address.sin_port))
  }

  /// The address of a port of this machine.
  static func withAddress(
    _ port: Int,
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        body(pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  private static func canConnect(_ port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    return withAddress(port) { connect(descriptor, $0, $1) } == 0
  }
}

/// What a subscriber has seen so far.
struct Subscription {
  struct Message: Equatable {
    var topic: String
    var isRetained: Bool
    var payload: String
  }

  let url: URL

  private var lines: [Substring] {
    let text = (try? Data(contentsOf: url)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    // Without the line that is being written.
    return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
  }

  var isGranted: Bool { lines.contains { $0.hasPrefix("Subscribed (") } }

  var messages: [Message] {
    lines.compactMap { line in
      let parts = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3, parts[1] == "0" || parts[1] == "1", parts[0].contains("/") else {
        return nil
      }
      return Message(
        topic: String(parts[0]),
        isRetained: parts[1] == "1",
        payload: String(parts[2])
      )
    }
  }

  func payloads(of topic: String) -> [String] {
    messages.filter { $0.topic == topic }.map(\.payload)
  }
}

/// The tool that sends models.
let sendModel = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  .appendingPathComponent("Tools/send-model")

/// Something did not happen in time.
struct WaitError: Error, CustomStringConvertible {
  var what: String

  var description: String { "waited in vain for \(what)" }
}

/// Waits until something holds.
func wait(_ what: String, seconds: Double = 15, until isSo: () throws -> Bool) throws {
  let deadline = Date(timeIntervalSinceNow: seconds)
  while try !isSo() {
    guard Date() < deadline else { throw WaitError(what: what) }
    usleep(10_000)
  }
}

extension Trait where Self == ConditionTrait {
  /// Where mosquitto is installed.
  static var withBroker: Self {
    .enabled(if: Broker.isInstalled, "skipped: no mosquitto; Tools/set-up installs it")
  }
}
