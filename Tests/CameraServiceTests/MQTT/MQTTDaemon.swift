import Foundation
import PlainText
import Synchronization

@testable import CameraService

/// A publisher with its thread, and the lines of its log.
final class MQTTDaemon {
  let publisher: MQTTPublisher
  let bulletin = Bulletin()
  private let lines = LogLines()

  init(
    port: Int,
    delivery: ModelDelivery? = nil,
    _ change: (inout MQTTSettings) -> Void = { _ in }
  ) throws {
    var settings = MQTTSettings()
    settings.host = "127.0.0.1"
    settings.port = port
    settings.prefix = "test/camera"
    settings.publication = .all
    settings.reconnectMilliseconds = 100
    change(&settings)
    let lines = lines
    publisher = try MQTTPublisher.start(
      settings,
      device: MQTTDevice(name: "Hall \"1\"", model: "lenet", softwareVersion: "1.2"),
      delivery: delivery,
      bulletin: bulletin,
      log: Log(
        level: .debug,
        isJournal: false,
        clock: { 0 },
        sink: { lines.append(String($0.string.dropLast())) }
      )
    )
  }

  deinit { publisher.stop(withinMilliseconds: 2000) }

  var log: [String] { lines.all }

  func waitUntilConnected(times: UInt64 = 1) throws {
    try wait("a connection") {
      publisher.currentCounts.isConnected && publisher.currentCounts.connections >= times
    }
  }

  /// Waits for a line about MQTT.
  func waitForLog(_ line: String, seconds: Double = 15) throws {
    try wait("the line \(line) in \(log)", seconds: seconds) { log.contains(line) }
  }

  func publish(_ numbers: Range<Int>) {
    for number in numbers {
      publisher.publish(
        result: TextBuilder(string: "{\"sequence\":\(number)}"),
        label: "stop",
        isChange: true
      )
    }
  }
}

/// Lines from any thread.
final class LogLines: Sendable {
  private let lines = Mutex<[String]>([])

  var all: [String] { lines.withLock { $0 } }

  func append(_ line: String) { lines.withLock { $0.append(line) } }
}

/// The numbers of results that `MQTTDaemon.publish` made.
func sequences(_ payloads: [String]) -> [Int] {
  payloads.compactMap { Int($0.dropFirst("{\"sequence\":".count).dropLast()) }
}

/// The numbers of all results, once result `last` is among them: the broker acknowledges before its subscribers print.
func results(_ subscription: Subscription, through last: Int) throws -> [Int] {
  var numbers: [Int] = []
  try wait("result \(last)") {
    numbers = sequences(subscription.payloads(of: "test/camera/result"))
    return numbers.contains(last)
  }
  return numbers
}
