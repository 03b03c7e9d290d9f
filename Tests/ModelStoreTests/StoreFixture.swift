import CSignature
import Foundation
import ModelFormat
import ModelSamples
import Synchronization
@testable import ModelStore

/// A folder for a test, with models and a store; it goes away with the value.
final class StoreFixture: Sendable {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent(
      "edgecnn-store-" + UUID().uuidString
    )
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// The folder of the store.
  var store: String { path("store") }

  func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  /// Writes a file and returns its path.
  @discardableResult
  func write(_ bytes: [UInt8], _ name: String) throws -> String {
    try Data(bytes).write(to: url.appendingPathComponent(name))
    return path(name)
  }

  func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: url.appendingPathComponent(name)))
  }

  /// Names in the store but for the lock.
  var storeNames: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: store)) ?? [])
      .filter { $0 != "lock" }.sorted()
  }

  /// Opens the store.
  func open(
    _ verification: Verification = Verification(),
    limit: Int = 1 << 20,
    watch: (@Sendable (FolderStep) -> Bool)? = nil,
    events: EventLog = EventLog()
  ) throws(ModelStoreError) -> ModelStore {
    try ModelStore.open(
      StoreFolder(path: store, watch: watch),
      verification: verification,
      maximumBytes: limit,
      report: { events.add($0) }
    )
  }
}

/// What was reported, from any thread.
final class EventLog: Sendable {
  private let list = Mutex<[UpdateEvent]>([])

  func add(_ event: UpdateEvent) { list.withLock { $0.append(event) } }

  var events: [UpdateEvent] { list.withLock { $0 } }
  var messages: [String] { events.map(\.message) }
}

/// Models that differ in what they are called.
enum Models {
  static func named(_ name: String, labels: [String] = ColorModel.labels) throws -> [UInt8] {
    var model = try ColorModel.contents()
    model.metadata = [.init(key: "source.name", value: name)]
    model.labels = labels
    return model.encode()
  }

  static func hash(_ bytes: [UInt8]) -> UInt64 { XXH64.hash(bytes) }

  static func fileName(_ bytes: [UInt8]) -> String {
    String(format: "%016lx.bin", UInt(hash(bytes)))
  }

  /// The key pair of a seed.
  static func publicKey(seed: UInt8) -> PublicKey {
    var key = [UInt8](repeating: 0, count: 32)
    precondition(cs_public_key([UInt8](repeating: seed, count: 32), &key) == nil)
    return PublicKey(key)
  }

  /// The file with a signature behind it.
  static func signed(_ bytes: [UInt8], seed: UInt8) -> [UInt8] {
    var signature = [UInt8](repeating: 0, count: 64)
    let secret = [UInt8](repeating: seed, count: 32)
    precondition(cs_sign(secret, bytes, bytes.count, &signature) == nil)
    let key = publicKey(seed: seed).bytes
    return bytes + SignatureBlock(publicKey: key, signature: signature).encoded
  }
}
