import Foundation
import PlainText
import Testing

@testable import CameraService

@Suite(.serialized, .withBroker, .timeLimit(.minutes(5)))
struct MQTTBrokerTests {
  let broker: Broker

  init() throws {
    broker = try Broker()
    try broker.start()
  }

  @Test func `Results arrive in order, labels and states are kept`() throws {
    let subscription = try broker.subscribe("test/#")
    let daemon = try MQTTDaemon(port: broker.port)
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

  @Test(arguments: [0, 1])
  func `A retained result is there for who comes later`(qos: Int) throws {
    let daemon = try MQTTDaemon(port: broker.port) {
      $0.retain = true
      $0.qos = qos
    }
    daemon.publish(0..<10)
    try wait("delivery") { daemon.publisher.currentCounts.delivered == 10 }
    let late = try broker.subscribe("test/camera/result")
    try wait("what is kept") { !late.messages.isEmpty }
    #expect(
      late.messages == [
        Subscription.Message(
          topic: "test/camera/result",
          isRetained: true,
          payload: "{\"sequence\":9}"
        )
      ]
    )
  }

  @Test func `Only changes are published where the settings say so`() throws {
    let subscription = try broker.subscribe("test/camera/result")
    let daemon = try MQTTDaemon(port: broker.port) { $0.publication = .changes }
    for number in 0..<100 {
      daemon.publisher.publish(
        result: TextBuilder(string: "{\"sequence\":\(number)}"),
        label: "stop",
        isChange: number % 30 == 0
      )
    }
    try wait("delivery") { daemon.publisher.currentCounts.delivered == 4 }
    #expect(try results(subscription, through: 90) == [0, 30, 60, 90])
  }

  @Test func `An interval lets changes and the first of every interval through`() throws {
    let daemon = try MQTTDaemon(port: broker.port) {
      $0.publication = .interval
      $0.intervalSeconds = 1
    }
    func publish(_ isChange: Bool) {
      daemon.publisher.publish(result: TextBuilder("{}"), label: nil, isChange: isChange)
    }
    for number in 0..<100 { publish(number == 50) }
    try wait("delivery") { daemon.publisher.currentCounts.delivered == 2 }
    usleep(1_000_000)
    publish(false)
    try wait("delivery") { daemon.publisher.currentCounts.delivered == 3 }
    #expect(daemon.publisher.currentCounts.waiting == 0)
  }

  @Test func `The label is published again after a restart that lost it, and the camera's state`()
    throws
  {
    let relay = try Relay(to: broker.port)
    let daemon = try MQTTDaemon(port: relay.port)
    daemon.publish(0..<1)
    daemon.bulletin.state = .running
    try wait("delivery") { daemon.publisher.currentCounts.delivered == 1 }
    relay.shut()
    broker.stop()
    try broker.start()
    let subscription = try broker.subscribe("test/camera/+")
    daemon.bulletin.state = .cameraLost(sinceNanoseconds: 5)
    try relay.open()
    try wait("states") { subscription.messages.count >= 3 }
    #expect(
      Set(subscription.messages.map { "\($0.topic) \($0.payload)" }) == [
        "test/camera/status online", "test/camera/label stop", "test/camera/camera lost",
      ]
    )
  }

  @Test func `A daemon that ends delivers what waits and says that it is offline, within a second`()
    throws
  {
    let subscription = try broker.subscribe("test/camera/#")
    let daemon = try MQTTDaemon(port: broker.port)
    try daemon.waitUntilConnected()
    daemon.publish(0..<200)
    let start = Date()
    daemon.publisher.stop(withinMilliseconds: 2000)
    #expect(Date().timeIntervalSince(start) < 1)
    try wait("offline") {
      subscription.payloads(of: "test/camera/status") == ["online", "offline"]
    }
    #expect(sequences(subscription.payloads(of: "test/camera/result")) == Array(0..<200))
  }

  @Test func `The broker says that the daemon is offline when its connection breaks`() throws {
    let relay = try Relay(to: broker.port)
    let subscription = try broker.subscribe("test/camera/status")
    let daemon = try MQTTDaemon(port: relay.port)
    try daemon.waitUntilConnected()
    relay.shut()
    try wait("offline") {
      subscription.payloads(of: "test/camera/status") == ["online", "offline"]
    }
    #expect(daemon.publisher.currentCounts.connections == 1)
  }

  @Test func `What was published while the broker was away comes in order, once it is back`()
    throws
  {
    let relay = try Relay(to: broker.port)
    let daemon = try MQTTDaemon(port: relay.port)
    daemon.publish(0..<10)
    try wait("delivery") { daemon.publisher.currentCounts.delivered == 10 }
    relay.shut()
    broker.stop()
    daemon.publish(10..<300)
    usleep(3_000_000)
    try broker.start()
    let subscription = try broker.subscribe("test/camera/result")
    try relay.open()
    try wait("all results") { daemon.publisher.currentCounts.delivered == 300 }
    // The connection may have been cut before the acknowledgement of one that had arrived: at least once.
    #expect(try results(subscription, through: 299) == Array(10..<300))
    #expect(daemon.publisher.currentCounts.dropped == 0)
  }

  @Test func `The oldest results make room for new ones, and are counted`() throws {
    broker.stop()
    let relay = try Relay(to: broker.port)
    relay.shut()
    let daemon = try MQTTDaemon(port: relay.port) { $0.queueMessages = 50 }
    daemon.publish(0..<200)
    #expect(daemon.publisher.currentCounts.dropped == 150)
    #expect(daemon.publisher.currentCounts.waiting == 50)
    try broker.start()
    let subscription = try broker.subscribe("test/camera/result")
    try relay.open()
    try wait("50 results") { daemon.publisher.currentCounts.delivered == 50 }
    #expect(try results(subscription, through: 199) == Array(150..<200))
    #expect(daemon.publisher.currentCounts.dropped == 150)
  }

  @Test func `A connection on which nothing arrives any more is given up, and nothing is lost`()
    throws
  {
    let relay = try Relay(to: broker.port)
    let subscription = try broker.subscribe("test/camera/result")
    let daemon = try MQTTDaemon(port: relay.port) { $0.keepaliveSeconds = 5 }
    daemon.publish(0..<10)
    try wait("delivery") { daemon.publisher.currentCounts.delivered == 10 }
    relay.block(true)
    let start = Date()
    daemon.publish(10..<100)
    // The frame loop waits for nobody.
    #expect(Date().timeIntervalSince(start) < 0.5)
    try daemon.waitForLog(
      "cnncamd: warning: mqtt: 127.0.0.1:\(relay.port): the broker does not answer; "
        + "trying again from time to time",
      seconds: 20
    )
    relay.block(false)
    try wait("all results", seconds: 30) { daemon.publisher.currentCounts.delivered == 100 }
    let numbers = try results(subscription, through: 99)
    // What was under way when the connection was given up may arrive twice; what is new is in order.
    var news: [Int] = []
    for number in numbers where number > news.last ?? -1 { news.append(number) }
    #expect(news == Array(0..<100))
  }

  @Test func `Ten restarts of the broker lose nothing`() throws {
    let daemon = try MQTTDaemon(port: broker.port) { $0.reconnectMilliseconds = 10 }
    try daemon.waitUntilConnected()
    for time in 1...10 as ClosedRange<UInt64> {
      broker.stop()
      daemon.publish(0..<100)
      try broker.start()
      try daemon.waitUntilConnected(times: time + 1)
      try wait("delivery") { daemon.publisher.currentCounts.waiting == 0 }
    }
    #expect(daemon.publisher.currentCounts.delivered == 1000)
    #expect(daemon.publisher.currentCounts.dropped == 0)
  }

  @Test func `Home Assistant is told of the device, retained`() throws {
    let daemon = try MQTTDaemon(port: broker.port) { $0.commands = true }
    try daemon.waitUntilConnected()
    let subscription = try broker.subscribe("homeassistant/#")
    try wait("announcements") { subscription.messages.count >= 7 }
    let expected = [
      "sensor/edgecnn_test_camera/label": "test/camera/label",
      "sensor/edgecnn_test_camera/score": "test/camera/result",
      "binary_sensor/edgecnn_test_camera/problem": "test/camera/camera",
      "binary_sensor/edgecnn_test_camera/connectivity": "test/camera/status",
      "camera/edgecnn_test_camera/picture": "test/camera/snapshot",
      "button/edgecnn_test_camera/snapshot": "test/camera/command",
      "button/edgecnn_test_camera/reload": "test/camera/command",
    ]
    #expect(subscription.messages.count == expected.count)
    var identifiers: Set<String> = []
    for message in subscription.messages {
      let name = message.topic.dropFirst("homeassistant/".count).dropLast("/config".count)
      let topic = try #require(expected[String(name)], "\(message.topic)")
      let object =
        try JSONSerialization.jsonObject(with: Data(message.payload.utf8)) as? [String: Any]
      let announcement = try #require(object)
      #expect(message.isRetained)
      #expect(
        ["state_topic", "topic", "command_topic"].compactMap { announcement[$0] as? String }
          == [topic]
      )
      let device = try #require(announcement["device"] as? [String: Any])
      #expect(device["identifiers"] as? [String] == ["edgecnn_test_camera"])
      #expect(device["name"] as? String == "Hall \"1\"")
      #expect(device["model"] as? String == "lenet")
      #expect(device["sw_version"] as? String == "1.2")
      let availability = announcement["availability_topic"] as? String
      #expect(availability == (name.hasSuffix("connectivity") ? nil : "test/camera/status"))
      identifiers.insert(try #require(announcement["unique_id"] as? String))
    }
    #expect(identifiers.count == expected.count)
  }

  @Test func `Buttons that were announced go away when commands are no longer taken`() throws {
    let first = try MQTTDaemon(port: broker.port) { $0.commands = true }
    try first.waitUntilConnected()
    first.publisher.stop(withinMilliseconds: 2000)
    let second = try MQTTDaemon(port: broker.port)
    try second.waitUntilConnected()
    second.publish(0..<1)
    try wait("delivery") { second.publisher.currentCounts.delivered == 1 }
    let subscription = try broker.subscribe("homeassistant/#")
    try wait("announcements") { subscription.messages.count >= 4 }
    usleep(200_000)
    #expect(subscription.messages.count == 4)
    #expect(!subscription.messages.contains { $0.topic.contains("button") })
  }
}
