import Foundation
import ModelSamples
import Testing

@testable import CameraService

/// cnncamd as it runs on a board, with pictures of a folder as its camera and a real broker.
@Suite(.serialized, .withBroker, .timeLimit(.minutes(3)))
struct MQTTCommandLineTests {
  private let broker: Broker
  private let model: String

  init() throws {
    broker = try Broker()
    try broker.start()
    model = broker.folder.path + "/model.bin"
    try Data(ColorModel.bytes()).write(to: URL(fileURLWithPath: model))
    let pictures = broker.folder.appendingPathComponent("pictures")
    try FileManager.default.createDirectory(at: pictures, withIntermediateDirectories: false)
    for (name, pixel) in [("red", [250, 5, 5]), ("green", [5, 250, 5])] as [(String, [UInt8])] {
      let picture = Data("P6 8 8 255\n".utf8) + Data((0..<64).flatMap { _ in pixel })
      try picture.write(to: pictures.appendingPathComponent(name + ".ppm"))
    }
  }

  private func start(_ settings: [String] = []) throws -> Process {
    let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let changes =
      [
        "http.enabled=no", "camera.loop=yes", "results.smoothing=0", "results.minimum_score=0",
        "mqtt.host=127.0.0.1", "mqtt.port=\(broker.port)", "mqtt.prefix=test/camera",
        "mqtt.publish=all",
      ] + settings
    return try broker.run(
      tests.deletingLastPathComponent().appendingPathComponent("cnncamd").path,
      [model, "--source", broker.folder.path + "/pictures", "--quiet"]
        + changes.flatMap { ["--set", $0] },
      output: "cnncamd"
    )
  }

  private var log: String {
    let file = broker.folder.appendingPathComponent("cnncamd")
    return (try? String(contentsOf: file, encoding: .utf8)) ?? ""
  }

  @Test func `Results arrive, and after kill -9 the broker says that the daemon is gone`() throws {
    let subscription = try broker.subscribe("test/camera/#")
    let process = try start()
    try wait("results in \(log)") { subscription.payloads(of: "test/camera/result").count > 20 }
    try wait("the camera's state") {
      subscription.payloads(of: "test/camera/camera").last == "running"
    }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    try wait("offline") {
      subscription.payloads(of: "test/camera/status") == ["online", "offline"]
    }
    for payload in subscription.payloads(of: "test/camera/result") {
      let object = try JSONSerialization.jsonObject(with: Data(payload.utf8)) as? [String: Any]
      #expect((object?["top"] as? [Any])?.count == 3)
    }
    #expect(Set(subscription.payloads(of: "test/camera/label")) == ["red", "gr\"een"])
  }

  @Test func `A command gets a picture`() throws {
    let subscription = try broker.subscribe("test/camera/camera")
    let process = try start(["mqtt.commands=yes"])
    defer {
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
    try wait("the camera in \(log)") { subscription.messages.last?.payload == "running" }
    let reader = try broker.run(
      "/usr/bin/mosquitto_sub",
      ["-h", "127.0.0.1", "-p", "\(broker.port)", "-t", "test/camera/snapshot", "-C", "1", "-N"],
      output: "picture"
    )
    // Until the reader is there, pictures are for nobody.
    try wait("a picture in \(log)") {
      try broker.publish("test/camera/command", "snapshot")
      return !reader.isRunning
    }
    let picture = try Data(contentsOf: broker.folder.appendingPathComponent("picture"))
    #expect(picture.prefix(3) == Data([0xFF, 0xD8, 0xFF]))
    #expect(picture.suffix(2) == Data([0xFF, 0xD9]))
  }

  @Test func `A model that is sent takes over, a damaged one does not, and rollback undoes it`()
    throws
  {
    let subscription = try broker.subscribe("test/camera/label")
    let process = try start([
      "mqtt.commands=yes", "update.folder=\(broker.folder.path)/models", "update.trial_frames=5",
    ])
    defer {
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
    func waitForLabels(_ labels: Set<String>) throws {
      try wait("\(labels) in \(log)") {
        Set(subscription.messages.suffix(4).map(\.payload)) == labels
      }
    }
    try waitForLabels(["red", "gr\"een"])
    var contents = try ColorModel.contents()
    contents.labels = ["rouge", "vert", "bleu"]
    let sent = try send(contents.encode())
    #expect(sent.status == 0, "\(sent.output) \(log)")
    #expect(sent.output.contains(#"{"state":"taken","model":""#))
    try waitForLabels(["rouge", "vert"])

    let damaged = try send(try ColorModel.bytes(damagedLayer: 0))
    #expect(damaged.status == 1)
    #expect(damaged.output.contains(#"{"state":"refused","reason":""#), "\(damaged.output)")
    try waitForLabels(["rouge", "vert"])

    try broker.publish("test/camera/command", "rollback")
    try waitForLabels(["red", "gr\"een"])
  }

  /// Sends a model with `Tools/send-model`.
  private func send(_ model: [UInt8]) throws -> (status: Int32, output: String) {
    let file = broker.folder.appendingPathComponent("sent.bin")
    try Data(model).write(to: file)
    let process = try broker.run(
      sendModel.path,
      ["test/camera", file.path, "-h", "127.0.0.1", "-p", "\(broker.port)"],
      output: "tool"
    )
    process.waitUntilExit()
    let output = broker.folder.appendingPathComponent("tool")
    return (process.terminationStatus, try String(contentsOf: output, encoding: .utf8))
  }

  @Test func `SIGTERM says goodbye within a second`() throws {
    let subscription = try broker.subscribe("test/camera/status")
    let process = try start()
    try wait("online in \(log)") { subscription.messages.count == 1 }
    let start = Date()
    process.terminate()
    process.waitUntilExit()
    #expect(Date().timeIntervalSince(start) < 1)
    #expect(process.terminationStatus == 0)
    try wait("offline") {
      subscription.payloads(of: "test/camera/status") == ["online", "offline"]
    }
  }

  @Test func `Ten restarts of the broker cost neither descriptors nor memory`() throws {
    // Few messages wait, so that the queue's memory is in use from the start.
    let process = try start([
      "mqtt.queue_messages=20", "mqtt.queue_bytes=16K", "mqtt.reconnect=100ms",
    ])
    defer {
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
    func restart() throws {
      broker.stop()
      usleep(200_000)
      try broker.start()
      let subscription = try broker.subscribe("test/camera/result")
      try wait("a result after a restart in \(log)", seconds: 20) { !subscription.messages.isEmpty }
      // Long enough for the daemon to begin anew with its patience.
      usleep(1_100_000)
    }
    for _ in 0..<2 { try restart() }
    let before = resources(process)
    for _ in 0..<10 { try restart() }
    let after = resources(process)
    #expect(after.descriptors == before.descriptors)
    #expect(after.bytes - before.bytes <= 256 << 10, "\(before.bytes) → \(after.bytes)")
  }

  private func resources(_ process: Process) -> (descriptors: Int, bytes: Int) {
    let folder = "/proc/\(process.processIdentifier)"
    let names = try? FileManager.default.contentsOfDirectory(atPath: folder + "/fd")
    let text = try? String(contentsOfFile: folder + "/statm", encoding: .utf8)
    let pages = text?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return (names?.count ?? 0, pages * 4096)
  }
}
