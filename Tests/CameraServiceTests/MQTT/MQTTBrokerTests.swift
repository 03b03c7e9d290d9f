import Foundation
import PlainText
import Testing

@testable import CameraService

@Suite(
  .serialized,
  .enabled(if: Broker.isInstalled, "no mosquitto: run Tools/set-up"),
  .timeLimit(.minutes(2))
)
struct MQTTBrokerTests {
  let broker: Broker

  init() throws {
    broker = try Broker()
    try broker.start()
  }

  @Test func `Results arrive in order, the label and the status are kept`() throws {
    let subscription = try broker.subscribe("test/#")
    let daemon = try MQTTDaemon(broker)
    daemon.publish(0..<500)
    try wait("500 results") { subscription.payloads(of: "test/camera/result").count >= 500 }
    #expect(sequences(subscription.payloads(of: "test/camera/result")) == Array(0..<500))
    let late = try broker.subscribe("test/#")
    try wait("what is kept") { late.messages.count >= 3 }
    #expect(
      Set(late.messages.map { "\($0.topic) \($0.isRetained) \($0.payload)" }) == [
        "test/camera/status true online", "test/camera/label true stop",
        "test/camera/camera true starting",
      ]
    )
    try wait("acknowledgements") { daemon.publisher.currentCounts.waiting == 0 }
    #expect(daemon.publisher.currentCounts.delivered == 500)
    #expect(daemon.publisher.currentCounts.dropped == 0)
    #expect(daemon.log == ["cnncamd: mqtt: connected to 127.0.0.1:\(broker.port)"])
  }

  @Test func `A daemon that ends says that it is offline, within a second`() throws {
    let subscription = try broker.subscribe("test/camera/status")
    let daemon = try MQTTDaemon(broker)
    try daemon.waitUntilConnected()
    daemon.publish(0..<20)
    let start = Date()
    daemon.publisher.stop(withinMilliseconds: 2000)
    #expect(Date().timeIntervalSince(start) < 1)
    try wait("offline") {
      subscription.payloads(of: "test/camera/status") == ["online", "offline"]
    }
  }
}
