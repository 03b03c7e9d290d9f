import Foundation
import Glibc
import Testing

@testable import CameraService

@Suite struct WebEndpointTests {
  private let result = #"{"sequence":7,"label":"stop"}"#

  private func server() throws -> RunningWebServer {
    let server = try RunningWebServer()
    server.board.state = .running
    server.post(result: result)
    return server
  }

  private func object(_ answer: WebConnection.Answer) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any])
  }

  @Test(arguments: [
    ("/", "text/html; charset=utf-8", "no-cache"),
    ("/api/result", "application/json", "no-store"),
    ("/api/status", "application/json", "no-store"),
    ("/healthz", "application/json", "no-store"),
    ("/metrics", "text/plain; version=0.0.4; charset=utf-8", "no-store"),
    ("/api/result?x=1", "application/json", "no-store"),
  ])
  func `an endpoint answers, says what it is, and what browsers may not do`(
    path: String,
    type: String,
    caching: String
  ) throws {
    let server = try server()
    let answer = try server.answer(path)
    #expect(answer.status == 200)
    #expect(answer.header("Content-Type") == type)
    #expect(answer.header("Cache-Control") == caching)
    #expect(answer.header("X-Content-Type-Options") == "nosniff")
    #expect(answer.header("Referrer-Policy") == "no-referrer")
    #expect(answer.header("Cross-Origin-Resource-Policy") == "same-origin")
    #expect(answer.header("Access-Control-Allow-Origin") == nil)
    #expect(!answer.body.isEmpty)
  }

  @Test(arguments: ["/", "/api/result", "/api/status", "/healthz", "/nothing"])
  func `a request for the head alone gets the same head`(path: String) throws {
    let server = try server()
    let whole = try server.answer(path)
    let connection = try server.connect()
    connection.request(path, method: "HEAD", headers: ["Connection: close"])
    let head = try connection.takeAnswer(isHead: true)
    #expect(connection.readToEnd())
    #expect(connection.bytes.isEmpty)
    #expect(head.status == whole.status)
    #expect(head.header("Content-Length") == whole.header("Content-Length"))
    #expect(head.header("Content-Type") == whole.header("Content-Type"))
  }

  @Test(arguments: ["/stream.mjpeg", "/api/events"])
  func `a request for the head of a stream opens none`(path: String) throws {
    let server = try server()
    #expect(try server.answer(path, method: "HEAD").status == 200)
    #expect(!server.board.wantsPicture)
    #expect(try server.answer("/metrics").text.contains("http_streams{kind=\"pictures\"} 0\n"))
  }

  @Test func `the newest result is passed on as it is`() throws {
    let server = try RunningWebServer()
    let before = try server.answer("/api/result")
    #expect(before.status == 503)
    #expect(before.text == "no result yet\n")
    server.post(result: "{\"sequence\":1}")
    server.post(result: result)
    #expect(try server.answer("/api/result").text == result + "\n")
  }

  @Test func `health tells starting, running, and since when the camera is lost`() throws {
    let server = try RunningWebServer()
    let starting = try server.answer("/healthz")
    #expect(starting.status == 503)
    #expect(starting.text == "{\"state\":\"starting\"}\n")
    server.board.state = .running
    let running = try server.answer("/healthz")
    #expect(running.status == 200)
    #expect(running.text == "{\"state\":\"running\"}\n")
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    let since = Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec) - 90_000_000_000
    server.board.state = .cameraLost(sinceNanoseconds: since)
    let lost = try server.answer("/healthz")
    #expect(lost.status == 503)
    let object = try object(lost)
    #expect(object["state"] as? String == "camera lost")
    let seconds = try #require(object["lost_seconds"] as? Double)
    #expect(seconds >= 90 && seconds < 95)
    let formatter = ISO8601DateFormatter()
    formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
    let text = try #require(object["since"] as? String)
    let date = try #require(formatter.date(from: text))
    #expect(abs(date.timeIntervalSinceNow + seconds) < 5)
  }

  @Test func `the status says model, camera and version`() throws {
    let server = try server()
    var description = ServiceDescription()
    description.modelName = "a \"b\"\n"
    description.modelHash = "0123456789abcdef"
    description.camera = "HD Webcam"
    description.format = "YUYV"
    description.width = 1280
    description.height = 720
    server.board.description = description
    let status = try object(server.answer("/api/status"))
    #expect(status["state"] as? String == "running")
    #expect(status["version"] as? String == "cnncamd test")
    let model = try #require(status["model"] as? [String: String])
    #expect(model == ["name": "a \"b\"\n", "hash": "0123456789abcdef"])
    let camera = try #require(status["camera"] as? [String: Any])
    #expect(camera["name"] as? String == "HD Webcam")
    #expect(camera["format"] as? String == "YUYV")
    #expect(camera["width"] as? Int == 1280)
    #expect(camera["height"] as? Int == 720)
    #expect(try #require(status["uptime_seconds"] as? Double) < 60)
  }

  @Test func `a page that the browser has is not sent again`() throws {
    let server = try server()
    let tag = try #require(try server.answer("/").header("ETag"))
    let again = try server.answer("/", headers: ["If-None-Match: \(tag)"])
    #expect(again.status == 304)
    #expect(again.header("ETag") == tag)
    #expect(try server.answer("/", headers: ["If-None-Match: \"x\""]).status == 200)
  }

  @Test(arguments: [
    "/nothing", "//", "/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/api/", "/api/result/",
    "/API/result", "/healthz.", "/..%2f..%2fetc%2fpasswd", "/index.html",
  ])
  func `other paths are not found`(path: String) throws {
    let answer = try server().answer(path)
    #expect(answer.status == 404)
    #expect(answer.text == "not found\n")
  }

  @Test func `a snapshot is a picture from after the request`() throws {
    let server = try server()
    server.post(picture: [1, 2, 3])
    #expect(!server.board.wantsPicture)
    let connection = try server.connect()
    connection.request("/snapshot.jpg")
    #expect(server.wait { server.board.wantsPicture })
    #expect(!connection.read(seconds: 0.1) { !$0.isEmpty })
    let picture = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    server.post(picture: picture)
    let answer = try connection.takeAnswer()
    #expect(answer.status == 200)
    #expect(answer.header("Content-Type") == "image/jpeg")
    #expect(answer.body == picture)
    #expect(!server.board.wantsPicture)
  }

  @Test func `a snapshot of nothing fails after two seconds`() throws {
    let start = Date()
    let answer = try server().answer("/snapshot.jpg")
    #expect(answer.status == 503)
    #expect(answer.text == "no picture\n")
    #expect((1.9...4).contains(Date().timeIntervalSince(start)))
  }
}
