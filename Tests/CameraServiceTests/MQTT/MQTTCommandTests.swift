import Foundation
import Testing

@testable import CameraService

/// What the daemon does when it is told to, by way of a real broker.
@Suite(.serialized, .withBroker, .timeLimit(.minutes(2)))
struct MQTTCommandTests {
  private let broker: Broker
  private let inbox = FakeInbox()
  private let daemon: MQTTDaemon
  private let states: Subscription

  init() throws {
    broker = try Broker()
    try broker.start()
    states = try broker.subscribe("test/camera/model/state")
    daemon = try MQTTDaemon(port: broker.port, delivery: inbox.delivery) { $0.commands = true }
    try daemon.waitUntilConnected()
    // Once a message of the daemon is back, its subscriptions, which came before, are in force.
    daemon.publish(0..<1)
    try wait("delivery") { daemon.publisher.currentCounts.delivered == 1 }
  }

  private func command(_ words: String) throws { try broker.publish("test/camera/command", words) }

  private func waitForState(_ text: String) throws {
    try wait("the state \(text) in \(states.messages)") {
      states.messages.last?.payload == text
    }
  }

  @Test func `reload is handed to the frame loop, once`() throws {
    #expect(!daemon.publisher.takeReload())
    try command("reload")
    try wait("the command") { daemon.publisher.takeReload() }
    #expect(!daemon.publisher.takeReload())
    try daemon.waitForLog("cnncamd: mqtt: command reload")
  }

  @Test func `snapshot publishes the next picture`() throws {
    let pictures = try broker.subscribe("test/camera/snapshot")
    try command("snapshot")
    try wait("the wish") { daemon.bulletin.wantsPicture }
    #expect(pictures.messages.isEmpty)
    Array("JPEG".utf8).withUnsafeBufferPointer { daemon.bulletin.post(picture: $0) }
    try wait("a picture") { pictures.payloads(of: "test/camera/snapshot") == ["JPEG"] }
    Array("NEXT".utf8).withUnsafeBufferPointer { daemon.bulletin.post(picture: $0) }
    try command("reload")
    try wait("the command") { daemon.publisher.takeReload() }
    #expect(pictures.messages.count == 1)
  }

  @Test func `rollback and model go to the store`() throws {
    try command("rollback")
    try command("model /media/stick/model.bin")
    try command("model /nowhere/model.bin")
    try daemon.waitForLog("cnncamd: warning: mqtt: /nowhere: not found")
    inbox.state.withLock { state in
      #expect(state.rollBacks == 1)
      #expect(state.offered == ["/media/stick/model.bin", "/nowhere/model.bin"])
    }
  }

  @Test func `Unknown and retained commands are not obeyed`() throws {
    try command("format c:")
    try daemon.waitForLog(
      "cnncamd: warning: mqtt: unknown command, expected reload, snapshot, rollback or model PATH: "
        + "format c:"
    )
    // A subscriber gets what is retained when it subscribes, which is after the next connection.
    try broker.publish("test/camera/command", "rollback", arguments: ["-r"])
    let second = try MQTTDaemon(port: broker.port, delivery: inbox.delivery) {
      $0.commands = true
      $0.clientID = "second"
    }
    try second.waitForLog(
      "cnncamd: warning: mqtt: retained message on command ignored; publish it without retain"
    )
    #expect(inbox.state.withLock { $0.rollBacks } == 1)
  }

  @Test func `Nothing is obeyed where commands are off`() throws {
    let deaf = try MQTTDaemon(port: broker.port) {
      $0.clientID = "deaf"
      $0.commands = false
    }
    try deaf.waitUntilConnected()
    deaf.publish(0..<1)
    try wait("delivery") { deaf.publisher.currentCounts.delivered == 1 }
    try command("reload")
    try wait("the command") { daemon.publisher.takeReload() }
    usleep(200_000)
    #expect(!deaf.publisher.takeReload())
  }

  @Test func `A model comes in pieces, some of them twice`() throws {
    let prefix = "test/camera/model/"
    try broker.publish(prefix + "begin", "m1 6")
    try waitForState(#"{"state":"receiving","id":"m1","received":0,"bytes":6}"#)
    try broker.publish(prefix + "chunk/m1/0", "EDG")
    try waitForState(#"{"state":"receiving","id":"m1","received":3,"bytes":6}"#)
    try broker.publish(prefix + "chunk/m1/0", "EDG")
    try broker.publish(prefix + "chunk/m1/2", "GEC")
    try waitForState(#"{"state":"receiving","id":"m1","received":5,"bytes":6}"#)
    try broker.publish(prefix + "begin", "m1 6")
    try broker.publish(prefix + "chunk/m1/5", "N")
    try waitForState(#"{"state":"receiving","id":"m1","received":6,"bytes":6}"#)
    try broker.publish(prefix + "commit", "m1")
    try waitForState(#"{"state":"taken","model":"0000000000000abc"}"#)
    #expect(inbox.state.withLock { $0.bytes } == Array("EDGECN".utf8))
  }

  @Test(arguments: [
    ("begin", "", #"model/begin: expected ID BYTES, and perhaps 16 hexadecimal digits of XXH64"#),
    (
      "begin", "m1 6 7",
      #"model/begin: expected ID BYTES, and perhaps 16 hexadecimal digits of XXH64"#
    ),
    (
      "begin", "m/1 6",
      #"model/begin: expected ID BYTES, and perhaps 16 hexadecimal digits of XXH64"#
    ),
    ("begin", "m1 2000000", "too large"),
    ("chunk/m2/0", "x", "model/chunk: no model m2 has begun; begin with model/begin"),
    ("chunk/m1/4", "x", "chunk at 4, expected 0"),
    ("chunk/m1/5", "xy", "model/chunk: bytes 5 to 7, expected none beyond 6"),
    ("chunk/m1/x", "x", "model/chunk: expected the topic model/chunk/ID/OFFSET"),
    ("commit", "m1", "bytes missing"),
    ("commit", "", "model/commit: no model  has begun; begin with model/begin"),
  ])
  func `What does not fit is refused, and why`(topic: String, payload: String, reason: String)
    throws
  {
    try broker.publish("test/camera/model/begin", "m1 6")
    try waitForState(#"{"state":"receiving","id":"m1","received":0,"bytes":6}"#)
    try broker.publish("test/camera/model/" + topic, payload)
    try wait("a refusal in \(states.messages)") {
      states.messages.last?.payload.contains("\"refused\"") ?? false
    }
    let state = try JSONSerialization.jsonObject(
      with: Data(try #require(states.messages.last).payload.utf8)
    )
    #expect((state as? [String: Any])?["reason"] as? String == reason)
  }

  @Test(arguments: [(100_000, "E"), (400_000, "E"), (300_001, "X")])
  func `Tools/send-model sends a model and says what became of it`(count: Int, first: String) throws
  {
    var model = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }
    model[0] = Array(first.utf8)[0]
    let file = broker.folder.appendingPathComponent("model.bin")
    try Data(model).write(to: file)
    let process = try broker.run(
      sendModel.path,
      ["test/camera", file.path, "-h", "127.0.0.1", "-p", "\(broker.port)"],
      output: "tool"
    )
    process.waitUntilExit()
    let output = try String(
      contentsOf: broker.folder.appendingPathComponent("tool"),
      encoding: .utf8
    )
    if first == "E" {
      #expect(output == #"{"state":"taken","model":"0000000000000abc"}"# + "\n")
      #expect(process.terminationStatus == 0)
      #expect(inbox.state.withLock { $0.bytes } == model)
    } else {
      #expect(output == #"{"state":"refused","reason":"not a \"model\""}"# + "\n")
      #expect(process.terminationStatus == 1)
    }
  }
}
