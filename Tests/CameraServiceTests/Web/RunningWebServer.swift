import Foundation
import PlainText

@testable import CameraService

/// A server on a free port, with a board that a test posts to; it ends with the value.
final class RunningWebServer {
  let board = Bulletin()
  let metrics = Metrics()
  let server: WebServer
  private let lines = Lines()
  private var isStopped = false

  private final class Lines: @unchecked Sendable {
    private let lock = NSLock()
    private var lines: [String] = []

    func add(_ line: String) { lock.withLock { lines.append(line) } }
    var all: [String] { lock.withLock { lines } }
  }

  init(_ change: (inout HTTPSettings) -> Void = { _ in }) throws {
    var settings = HTTPSettings()
    settings.port = 0
    change(&settings)
    let lines = lines
    let log = Log(level: .debug, isJournal: false, clock: { 0 }, sink: { lines.add($0.string) })
    server = try WebServer.start(
      settings,
      board: board,
      metrics: metrics,
      log: log,
      version: "cnncamd test"
    )
  }

  deinit { stop() }

  func stop() {
    if !isStopped { server.stop() }
    isStopped = true
  }

  var port: Int { server.port }
  var log: [String] { lines.all }

  func connect() throws -> WebConnection { try WebConnection(port: port) }

  /// One request over a connection of its own.
  func answer(
    _ path: String,
    method: String = "GET",
    host: String = "127.0.0.1",
    headers: [String] = []
  ) throws -> WebConnection.Answer {
    let connection = try connect()
    connection.request(path, method: method, host: host, headers: headers)
    return try connection.takeAnswer(isHead: method == "HEAD")
  }

  func post(result: String) {
    Array(result.utf8).withUnsafeBufferPointer { board.post(result: $0) }
  }

  func post(picture: [UInt8]) { picture.withUnsafeBufferPointer { board.post(picture: $0) } }

  /// Waits for something that another thread brings about; says whether it came.
  func wait(seconds: Double = 3, until condition: () -> Bool) -> Bool {
    let end = Date().addingTimeInterval(seconds)
    while !condition() {
      guard Date() < end else { return false }
      usleep(2000)
    }
    return true
  }

  /// Sockets of this port that somebody holds, from the kernel's table: the one that listens, and one a connection.
  var socketCount: Int {
    let table = (try? String(contentsOfFile: "/proc/net/tcp", encoding: .utf8)) ?? ""
    let port = String(format: ":%04X", server.port)
    return table.split(separator: "\n").filter { line in
      let words = line.split(separator: " ")
      return words.count > 9 && words[1].hasSuffix(port) && words[9] != "0"
    }.count
  }
}
