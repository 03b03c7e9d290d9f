import Foundation
import Glibc
import PlainText
import Testing

@testable import CameraService

@Suite struct WebStreamTests {
  private func open(_ server: RunningWebServer, _ path: String) throws -> WebConnection {
    let connection = try server.connect()
    connection.request(path)
    let head = try connection.takeHead()
    #expect(head.status == 200)
    #expect(head.header("Cache-Control") == "no-store")
    return connection
  }

  /// One event: its name and data.
  private func event(_ connection: WebConnection) throws -> (name: String, data: String) {
    let text = try connection.take(through: "\n\n")
    let lines = text.split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines[0].hasPrefix("event: ") && lines[1].hasPrefix("data: "))
    return (String(lines[0].dropFirst(7)), String(lines[1].dropFirst(6)))
  }

  private func openEvents(_ server: RunningWebServer) throws -> WebConnection {
    let connection = try open(server, "/api/events")
    #expect(try connection.take(through: "\n\n") == "retry: 1000")
    return connection
  }

  /// One part of a picture stream, after its boundary.
  private func part(_ connection: WebConnection) throws -> [UInt8] {
    let head = try connection.take(through: "\r\n\r\n").components(separatedBy: "\r\n")
    #expect(head[0] == "Content-Type: image/jpeg")
    let length = try #require(Int(head[1].dropFirst("Content-Length: ".count)))
    let end = Array("\r\n--picture\r\n".utf8)
    #expect(connection.read { $0.count >= length + end.count })
    let picture = connection.take(length)
    #expect(connection.take(end.count) == end)
    return picture
  }

  private func openPictures(_ server: RunningWebServer) throws -> WebConnection {
    let connection = try open(server, "/stream.mjpeg")
    #expect(try connection.take(through: "--picture\r\n") == "")
    return connection
  }

  @Test func `events are the state, then each result and each change of state`() throws {
    let server = try RunningWebServer()
    let connection = try openEvents(server)
    let first = try event(connection)
    #expect(first.name == "status")
    #expect(first.data.hasPrefix("{\"state\":\"starting\",\"model\":{"))
    server.board.state = .running
    #expect(try event(connection).data.hasPrefix("{\"state\":\"running\","))
    for sequence in 1...50 {
      let result = "{\"sequence\":\(sequence)}"
      server.post(result: result)
      let next = try event(connection)
      #expect(next == ("result", result))
    }
    server.board.state = .cameraLost(sinceNanoseconds: 0)
    #expect(try event(connection).data.hasPrefix("{\"state\":\"camera lost\",\"since\":\""))
  }

  @Test func `who comes later gets the newest result at once`() throws {
    let server = try RunningWebServer()
    server.post(result: "{\"a\":1}")
    server.post(result: "{\"a\":2}")
    let connection = try openEvents(server)
    #expect(try event(connection).name == "status")
    #expect(try event(connection) == ("result", "{\"a\":2}"))
  }

  @Test func `silence is filled with comments`() {
    let board = Bulletin()
    var stream = WebStream()
    stream.begin(.events, now: 0)
    func read(_ seconds: Double) -> String {
      var bytes = [UInt8](repeating: 0, count: 4096)
      let count = bytes.withUnsafeMutableBufferPointer {
        stream.read(
          into: $0,
          board,
          WebStatus(version: "x"),
          pictureInterval: 1,
          now: Int64(seconds * 1e9)
        )
      }
      return String(decoding: bytes[..<count], as: UTF8.self)
    }
    #expect(read(0) == "retry: 1000\n\n")
    #expect(read(0).hasPrefix("event: status\n"))
    #expect(read(14) == "")
    #expect(read(15.1) == ":\n\n")
    #expect(read(15.2) == "")
    #expect(read(30.2) == ":\n\n")
  }

  @Test(arguments: [1, 2, 3, 7, 64, 1000])
  func `a stream is the same in pieces of any size`(piece: Int) {
    let board = Bulletin()
    var (stream, all) = (WebStream(), [UInt8]())
    stream.begin(.pictures, now: 0)
    for round in 0..<3 {
      let picture = [UInt8](repeating: UInt8(65 + round), count: 100)
      picture.withUnsafeBufferPointer { board.post(picture: $0) }
      while true {
        var bytes = [UInt8](repeating: 0, count: piece)
        let count = bytes.withUnsafeMutableBufferPointer {
          stream.read(
            into: $0,
            board,
            WebStatus(version: "x"),
            pictureInterval: 1,
            now: Int64(round) * 1000
          )
        }
        if count == 0 { break }
        all += bytes[..<count]
      }
    }
    let parts = ["A", "B", "C"].map {
      "Content-Type: image/jpeg\r\nContent-Length: 100\r\n\r\n"
        + String(repeating: $0, count: 100) + "\r\n--picture\r\n"
    }
    #expect(String(decoding: all, as: UTF8.self) == "--picture\r\n" + parts.joined())
  }

  @Test func `pictures are passed on as they are, to two viewers at once`() throws {
    let server = try RunningWebServer { $0.streamRate = 240 }
    let viewers = [try openPictures(server), try openPictures(server)]
    #expect(server.board.wantsPicture)
    for round in 0..<20 {
      let picture = (0..<(1 + round * 9000)).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ round) }
      server.post(picture: picture)
      for viewer in viewers { #expect(try part(viewer) == picture) }
      usleep(5000)
      server.post(result: "{}")
    }
  }

  @Test func `a viewer gets no more pictures a second than it may`() throws {
    let server = try RunningWebServer { $0.streamRate = 10 }
    let viewer = try openPictures(server)
    var count = 0
    let end = Date().addingTimeInterval(2)
    while Date() < end {
      server.post(picture: [1, 2, 3])
      usleep(10_000)
    }
    while viewer.read(seconds: 0.2, until: { $0.count > 60 }) {
      _ = try part(viewer)
      count += 1
    }
    #expect((12...22).contains(count), "\(count) pictures in 2 s")
  }

  @Test(arguments: [false, true])
  func `pictures are wanted while somebody watches`(whilePicturesCome: Bool) throws {
    let server = try RunningWebServer()
    #expect(!server.board.wantsPicture)
    do {
      let first = try openPictures(server)
      let second = try openPictures(server)
      #expect(server.board.wantsPicture)
      _ = (first, second)
    }
    if whilePicturesCome { server.post(picture: [1]) }
    #expect(server.wait(seconds: 1) { !server.board.wantsPicture })
    #expect(server.wait { server.socketCount == 1 })
  }

  @Test func `more streams than are allowed are refused`() throws {
    let server = try RunningWebServer { $0.streams = 2 }
    let open = [try openPictures(server), try openEvents(server)]
    for path in ["/stream.mjpeg", "/api/events"] {
      let answer = try server.answer(path)
      #expect(answer.status == 503)
      #expect(answer.text == "too many streams\n")
      #expect(answer.header("Retry-After") == "5")
    }
    #expect(try server.answer("/healthz").status == 503)
    _ = open
  }

  @Test func `a viewer that takes nothing is left, and holds up nobody`() throws {
    let server = try RunningWebServer {
      $0.patienceMilliseconds = 1000
      $0.streamRate = 240
    }
    let stuck = try WebConnection(port: server.port, receiveBuffer: 4096)
    stuck.request("/stream.mjpeg")
    let lively = try openPictures(server)
    let picture = [UInt8](repeating: 9, count: 100_000)
    let start = Date()
    var (rounds, isLeft) = (0, false)
    while !isLeft && Date().timeIntervalSince(start) < 10 {
      server.post(picture: picture)
      if try part(lively) == picture { rounds += 1 }
      usleep(5000)
      isLeft = try server.answer("/metrics").text.contains("http_streams{kind=\"pictures\"} 1\n")
    }
    withExtendedLifetime((stuck, lively)) {
      #expect(isLeft)
      #expect(rounds > 1)
      #expect(Date().timeIntervalSince(start) > 0.9)
    }
  }

  @Test func `a server stops within a second, whoever watches`() throws {
    let server = try RunningWebServer()
    let streams = [
      try openPictures(server), try openEvents(server), try openEvents(server),
      try server.connect(),
    ]
    let waiting = try server.connect()
    waiting.request("/snapshot.jpg")
    #expect(server.wait { server.board.wantsPicture })
    let start = Date()
    server.stop()
    #expect(Date().timeIntervalSince(start) < 1)
    for stream in streams { #expect(stream.readToEnd(seconds: 1)) }
    #expect(server.socketCount == 0)
    server.post(result: "{}")
  }

  @Test func `starting and stopping leaves no descriptor`() throws {
    func count() throws -> Int {
      try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    }
    let before = try count()
    for _ in 0..<100 {
      let server = try RunningWebServer()
      let stream = try openEvents(server)
      server.stop()
      _ = stream
    }
    // Other tests open and close files meanwhile; a leak would be a hundred.
    #expect(try count() < before + 50)
  }
}
