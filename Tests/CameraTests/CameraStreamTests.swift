import Testing

@testable import Camera

/// A stream whose camera is not there, as on a machine without one; the others are tested with a kernel's drivers.
struct CameraStreamTests {
  static func events(_ device: String, milliseconds: Int64 = 400) throws -> [String] {
    var options = CameraOptions()
    options.device = device
    let stream = try #require(CameraStream.start(options))
    defer { stream.stop() }
    var lines: [String] = []
    for _ in 0..<4 {
      switch stream.next(timeoutNanoseconds: milliseconds * 250_000) {
      case .event(let event): lines.append("\(event.severity) \(event.state) \(event.message)")
      case .timedOut: break
      case .frame, .ended: Issue.record("no frame and no end expected")
      }
    }
    #expect(stream.description == nil)
    return lines
  }

  @Test func `a camera that is not there is said once and waited for`() throws {
    #expect(
      try Self.events("no such camera 7f3a")
        == ["warning lost no camera no such camera 7f3a found; waiting for it"]
    )
    #expect(
      try Self.events("/dev/v4l/by-id/none")
        == ["warning lost no camera /dev/v4l/by-id/none found; waiting for it"]
    )
  }

  @Test(arguments: ["/dev/null", "/etc/passwd"])
  func `a file that is no camera is named`(path: String) throws {
    #expect(
      try Self.events(path)
        == [
          "warning lost \(path): Wrong medium type; not a node that captures pictures"
        ]
    )
  }

  @Test func `tries that fail are counted and get rarer`() throws {
    var options = CameraOptions()
    options.device = "/dev/null"
    let stream = try #require(CameraStream.start(options))
    _ = stream.next(timeoutNanoseconds: 100_000_000)
    let clock = ContinuousClock()
    let end = clock.now + .milliseconds(1000)
    while clock.now < end { _ = stream.next(timeoutNanoseconds: 50_000_000) }
    stream.stop()
    // After 0, 100, 300 and 700 ms.
    #expect((3...5).contains(stream.counters.openFailures))
    #expect(stream.counters.captured == 0)
  }

  @Test func `a stopped stream has ended`() throws {
    let stream = try #require(CameraStream.start(CameraOptions()))
    stream.stop()
    guard case .ended = stream.next(timeoutNanoseconds: 1_000_000_000) else {
      Issue.record("expected the end")
      return
    }
    stream.stop()
  }
}
