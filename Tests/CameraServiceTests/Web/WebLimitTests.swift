import Foundation
import Glibc
import ModelFormat
import Testing

@testable import CameraService

@Suite struct WebLimitTests {
  @Test(arguments: ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "get", "BREW"])
  func `other methods are refused`(method: String) throws {
    let answer = try RunningWebServer().answer("/", method: method)
    #expect(answer.status == 405)
    #expect(answer.header("Allow") == "GET, HEAD")
    #expect(answer.text == "expected GET or HEAD\n")
  }

  @Test(arguments: ["Content-Length: 1", "Content-Length: 99999999", "Transfer-Encoding: chunked"])
  func `bodies are refused before they come`(header: String) throws {
    let answer = try RunningWebServer().answer("/", headers: [header])
    #expect(answer.status == 413)
    #expect(answer.text == "expected a request without a body\n")
  }

  @Test func `a request larger than its memory is refused`() throws {
    let server = try RunningWebServer()
    let long = String(repeating: "x", count: 20_000)
    for headers in [["X: " + long], (0..<2000).map { "X\($0): y" }] {
      let connection = try server.connect()
      connection.request("/", headers: headers)
      #expect([413, 431].contains(try connection.takeHead().status))
    }
    let connection = try server.connect()
    connection.request("/" + long)
    #expect(try connection.takeHead().status == 414)
    #expect(try server.answer("/api/status").status == 200)
  }

  @Test func `requests may follow each other, and lie behind each other`() throws {
    let server = try RunningWebServer()
    server.post(result: "{}")
    let connection = try server.connect()
    for _ in 0..<20 {
      connection.request("/api/result")
      #expect(try connection.takeAnswer().text == "{}\n")
    }
    for _ in 0..<20 { connection.request("/api/result") }
    for _ in 0..<20 { #expect(try connection.takeAnswer().text == "{}\n") }
  }

  @Test func `one address gets so many connections, another its own`() throws {
    let server = try RunningWebServer { $0.connectionsPerAddress = 4 }
    var held: [WebConnection] = []
    for _ in 0..<4 {
      let connection = try server.connect()
      connection.request("/api/status")
      #expect(try connection.takeAnswer().status == 200)
      held.append(connection)
    }
    #expect(try server.connect().readToEnd(seconds: 2))
    let other = try WebConnection(port: server.port, from: "127.0.0.2")
    other.request("/api/status")
    #expect(try other.takeAnswer().status == 200)
    held.removeLast()
    #expect(server.wait { (try? server.answer("/api/status").status) == 200 })
  }

  @Test func `who comes when all connections are taken waits for one to end`() throws {
    let server = try RunningWebServer { $0.connections = 4 }
    var held = try (0..<4).map { _ in
      let connection = try server.connect()
      connection.request("/api/events")
      _ = try connection.takeHead()
      return connection
    }
    let waiting = try server.connect()
    waiting.request("/api/status")
    #expect(!waiting.read(seconds: 0.6) { !$0.isEmpty })
    held.removeFirst()
    #expect(try waiting.takeAnswer(seconds: 2).status == 200)
  }

  @Test(arguments: ["", "G", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"])
  func `a request that does not end is left`(beginning: String) throws {
    let server = try RunningWebServer { $0.patienceMilliseconds = 500 }
    let connection = try server.connect()
    connection.send(beginning)
    let start = Date()
    #expect(connection.readToEnd(seconds: 4))
    #expect((0.4...3).contains(Date().timeIntervalSince(start)))
    #expect(server.wait { server.socketCount == 1 })
  }

  @Test func `a request that comes byte by byte is left too`() throws {
    let server = try RunningWebServer { $0.patienceMilliseconds = 1000 }
    let connection = try server.connect()
    let start = Date()
    var isWanted = true
    while isWanted && Date().timeIntervalSince(start) < 5 {
      isWanted = connection.send("x") && !connection.read(seconds: 0.05) { !$0.isEmpty }
      if connection.isClosed { isWanted = false }
    }
    #expect((0.9...3).contains(Date().timeIntervalSince(start)))
  }

  @Test func `ten thousand requests of nonsense change nothing`() throws {
    let server = try RunningWebServer { $0.patienceMilliseconds = 2000 }
    server.board.state = .running
    server.post(result: "{}")
    let seed: UInt64 = 20_261_122
    var random = SplitMix64(seed: seed)
    let sample = Array(
      "GET /api/result?a=b HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nIf-None-Match: x\r\n\r\n"
        .utf8
    )
    for round in 0..<10_000 {
      var bytes = sample
      switch round % 4 {
      case 0:
        bytes = (0..<(random.next() % 200)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      case 1:
        bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
      case 2: bytes.removeSubrange(Int(random.next() % UInt64(bytes.count))...)
      default:
        let place = Int(random.next() % UInt64(bytes.count))
        bytes.insert(contentsOf: bytes[place...], at: place)
      }
      let connection = try server.connect()
      connection.forgetOnClose()
      connection.send(bytes)
      if round % 16 == 3 { connection.read(seconds: 0.01) { !$0.isEmpty } }
    }
    #expect(server.wait(seconds: 5) { server.socketCount == 1 }, "seed \(seed)")
    let answer = try server.answer("/healthz")
    #expect(answer.status == 200)
  }
}
