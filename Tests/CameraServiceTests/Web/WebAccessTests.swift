import Foundation
import PlainText
import Testing

@testable import CameraService

@Suite struct WebAccessTests {
  private static let token = "0123456789abcdefghij"

  private static func basic(_ pair: String) -> String {
    "Authorization: Basic " + Data(pair.utf8).base64EncodedString()
  }

  private func server() throws -> RunningWebServer {
    let server = try RunningWebServer {
      $0.token = Self.token
      $0.user = "jö"
      $0.password = "pass: wörd"
    }
    server.post(result: "{}")
    return server
  }

  private func message(_ change: (inout HTTPSettings) -> Void) -> String {
    do {
      _ = try RunningWebServer(change)
      return "no error"
    } catch let error as WebError {
      return error.message.string
    } catch {
      return "another error"
    }
  }

  @Test(arguments: [
    "Authorization: Bearer \(token)", "authorization: bearer \(token)",
    basic("jö:pass: wörd"), basic("token:\(token)"),
    basic("token:\(token)").replacing("Basic", with: "bASIC"),
  ])
  func `the right token or password is let in`(header: String) throws {
    #expect(try server().answer("/api/result", headers: [header]).status == 200)
  }

  @Test func `wrong ones are not, and wait a second for their answers`() throws {
    let server = try server()
    let headers = [
      "Bearer \(Self.token)x", "Bearer \(Self.token.dropLast())", "Bearer ", "Bearer", Self.token,
      "Basic \(Self.token)", "Digest x",
    ]
    let pairs = ["jö:pass: word", "jo:pass: wörd", "jö:", ":", "jö:pass: wördjö:pass: wörd"]
    let start = Date()
    let connections = try (headers.map { "Authorization: " + $0 } + pairs.map(Self.basic)).map {
      let connection = try server.connect()
      connection.request("/api/result", headers: [$0])
      return connection
    }
    for connection in connections { #expect(try connection.takeAnswer().status == 401) }
    #expect((0.99...3).contains(Date().timeIntervalSince(start)))
    #expect(server.log.count == 10, "lines a subject may write at once")
    #expect(server.log[0] == "cnncamd: warning: http: wrong password or token from 127.0.0.1\n")
  }

  @Test func `a missing one is asked for at once`() throws {
    let server = try server()
    let answer = try server.answer("/")
    #expect(answer.status == 401)
    #expect(answer.text == "expected a password or a token\n")
    let challenges = answer.headers.filter { $0.name == "WWW-Authenticate" }.map(\.value)
    #expect(challenges == ["Basic realm=\"cnncamd\", charset=\"UTF-8\"", "Bearer"])
    #expect(server.log.isEmpty)
  }

  @Test(arguments: [
    "/", "/api/result", "/api/status", "/api/events", "/stream.mjpeg", "/snapshot.jpg", "/metrics",
    "/nothing", "/healthz/", "/healthz%2f..", "//healthz",
  ])
  func `nothing but health is open`(path: String) throws {
    #expect(try server().answer(path).status == 401)
  }

  @Test func `health is open unless it is closed`() throws {
    #expect(try server().answer("/healthz").status == 503)
    let closed = try RunningWebServer {
      $0.token = Self.token
      $0.hasOpenHealth = false
    }
    #expect(try closed.answer("/healthz").status == 401)
  }

  @Test func `secrets come from files, of which the first line counts`() throws {
    let file = NSTemporaryDirectory() + "edgecnn-token-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: file) }
    try Data((Self.token + "\r\nmore\n").utf8).write(to: URL(fileURLWithPath: file))
    let server = try RunningWebServer { $0.tokenFile = file }
    let right = try server.answer("/metrics", headers: ["Authorization: Bearer \(Self.token)"])
    #expect(right.status == 200)
  }

  @Test func `what would be open to all is refused`() {
    let open =
      "expected a token or a password; set token_file or password_file, or allow_anonymous = yes"
    for address in ["0.0.0.0", "::", "192.168.1.2", "128.0.0.1", "::2"] {
      #expect(
        message { $0.address = address }
          == "address \(address) without authentication, \(open)"
      )
    }
  }

  @Test(arguments: [true, false])
  func `other addresses are listened on with a token, or by permission`(byToken: Bool) throws {
    let server = try RunningWebServer {
      $0.address = "0.0.0.0"
      $0.token = byToken ? Self.token : ""
      $0.allowsAnonymous = !byToken
    }
    #expect(try server.answer("/api/status").status == (byToken ? 401 : 200))
  }

  @Test func `short secrets, missing files and bad addresses are named`() {
    #expect(message { $0.token = "short" } == "token: 5 bytes, expected at least 16")
    #expect(message { $0.password = "1234567" } == "password: 7 bytes, expected at least 8")
    #expect(message { $0.passwordFile = "/no/x" } == "/no/x: No such file or directory")
    #expect(message { $0.tokenFile = "/dev/null" } != "no error")
    #expect(
      message {
        $0.address = "localhost"; $0.allowsAnonymous = true
      }
        == "localhost port 0: not an address, expected one such as 127.0.0.1 or ::1"
    )
    #expect(
      message {
        $0.address = "192.0.2.1"; $0.allowsAnonymous = true
      }
        == "192.0.2.1 port 0: cannot listen: Cannot assign requested address"
    )
  }

  @Test func `a port that somebody has is named`() throws {
    let server = try RunningWebServer()
    #expect(
      message { $0.port = server.port }
        == "127.0.0.1 port \(server.port): cannot listen: Address already in use"
    )
  }

  @Test(arguments: [
    "127.0.0.1", "127.0.0.1:8080", "localhost", "LocalHost:80", "[::1]", "[::1]:8080",
    "192.168.1.7",
    "board", "board.local", "board.lan:80", "board.home.arpa", "cam.example.org",
    "CAM.example.org.:1",
  ])
  func `names of this machine are answered`(host: String) throws {
    let server = try RunningWebServer { $0.hosts = ["x", "cam.example.org"] }
    #expect(try server.answer("/api/status", host: host).status == 200)
  }

  @Test(arguments: [
    "evil.example", "evil.example:8080", "local", "127.0.0.1.evil.example",
    "localhost.evil.example",
    "cam.example.org.evil.example", "[evil.example]", "evil.example#board",
    "board.local.evil.example",
  ])
  func `names that others give away are not, unless there is a token`(host: String) throws {
    let isPlain = host == "local"
    let open = try RunningWebServer { $0.hosts = ["cam.example.org"] }
    let answer = try open.answer("/api/status", host: host)
    #expect(answer.status == (isPlain ? 200 : 421))
    if !isPlain { #expect(answer.text == "this name is not served; add it to hosts in [http]\n") }
    let closed = try RunningWebServer { $0.token = Self.token }
    let header = "Authorization: Bearer \(Self.token)"
    #expect(try closed.answer("/api/status", host: host, headers: [header]).status == 200)
  }

  @Test(arguments: 0..<20)
  func `base64 is that of everybody`(count: Int) {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 97 &+ 200) }
    var text = TextBuilder()
    text.append(base64: bytes)
    #expect(text.string == Data(bytes).base64EncodedString())
  }
}
