import Foundation
import ModelFormat
import Testing
import Threads
@testable import ModelStore

@Suite struct ModelInboxTests {
  private let fixture: StoreFixture
  private let model: [UInt8]
  private let inbox: ModelInbox

  init() throws {
    fixture = try StoreFixture()
    model = try Models.named("m")
    try FileManager.default.createDirectory(
      atPath: fixture.store,
      withIntermediateDirectories: false
    )
    inbox = Self.inbox(fixture)
  }

  private static func inbox(_ fixture: StoreFixture) -> ModelInbox {
    ModelInbox(StoreFolder(path: fixture.store), maximumBytes: 100_000, monitor: Monitor())
  }

  private func append(_ range: Range<Int>, to other: ModelInbox? = nil) throws -> Int {
    try model[range].withUnsafeBytes { try (other ?? inbox).append($0, at: range.lowerBound) }
  }

  private func refusal(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch { return (error as? ModelStoreError)?.message }
  }

  @Test(arguments: [1, 63, 64, 1000, 1_000_000])
  func `portions of any size make the model`(_ size: Int) throws {
    #expect(try inbox.begin(byteCount: model.count) == 0)
    for start in stride(from: 0, to: model.count, by: size) {
      let end = min(start + size, model.count)
      #expect(try append(start..<end) == end)
    }
    try inbox.finish()
    let delivery = try #require(inbox.takeDelivery())
    #expect(delivery.hash == Models.hash(model))
    #expect(try fixture.bytes("store/" + delivery.file) == model)
    #expect(inbox.takeDelivery() == nil)
  }

  @Test func `portions that come twice or overlap change nothing`() throws {
    _ = try inbox.begin(byteCount: model.count)
    #expect(try append(0..<100) == 100)
    #expect(try append(0..<100) == 100)
    #expect(try append(50..<80) == 100)
    #expect(try append(50..<200) == 200)
    #expect(try append(200..<model.count) == model.count)
    try inbox.finish()
    #expect(inbox.takeDelivery()?.hash == Models.hash(model))
  }

  @Test func `what does not fit is refused by name`() throws {
    #expect(
      refusal { _ = try append(0..<1) } == "transfer: a portion, expected the beginning first"
    )
    #expect(
      refusal { _ = try inbox.begin(byteCount: 100_001) }
        == "transfer: 100001 bytes, expected 1 to 100000"
    )
    #expect(
      refusal { _ = try inbox.begin(byteCount: 0) } == "transfer: 0 bytes, expected 1 to 100000"
    )
    _ = try inbox.begin(byteCount: 150)
    #expect(refusal { _ = try append(1..<2) } == "transfer: offset 1, expected 0")
    #expect(refusal { _ = try append(0..<151) } == "transfer: end at 151, expected at most 150")
    #expect(refusal { try inbox.finish() } == "transfer: 0 bytes, expected 150")
    #expect(
      model.withUnsafeBytes { bytes in refusal { _ = try inbox.append(bytes, at: -1) } }
        == "transfer: offset -1, expected 0"
    )
    #expect(
      model.withUnsafeBytes { bytes in refusal { _ = try inbox.append(bytes, at: .max) } }
        == "transfer: offset \(Int.max), expected 0"
    )
    inbox.abandon()
    #expect(fixture.storeNames == [])
    let none = ModelInbox(nil, maximumBytes: 10, monitor: Monitor())
    #expect(
      refusal { _ = try none.begin(byteCount: 1) }
        == "transfer: no store folder, expected one to keep a model in"
    )
  }

  @Test func `a transfer with a hash goes on after the process has ended`() throws {
    _ = try inbox.begin(byteCount: model.count, hash: Models.hash(model))
    _ = try append(0..<300)
    let next = Self.inbox(fixture)
    #expect(try next.begin(byteCount: model.count, hash: Models.hash(model)) == 300)
    #expect(try append(300..<model.count, to: next) == model.count)
    try next.finish()
    #expect(next.takeDelivery()?.hash == Models.hash(model))
  }

  @Test func `a transfer without a hash, or of another model, starts again`() throws {
    _ = try inbox.begin(byteCount: model.count)
    _ = try append(0..<300)
    #expect(try inbox.begin(byteCount: model.count) == 0)
    _ = try append(0..<300)
    #expect(try inbox.begin(byteCount: 500, hash: 7) == 0)
    #expect(fixture.storeNames == ["0000000000000007.part"])
  }

  @Test func `bytes that were lost on the way are found, and nothing of them is kept`() throws {
    _ = try inbox.begin(byteCount: model.count, hash: Models.hash(model))
    _ = try append(0..<model.count)
    let part = try #require(fixture.storeNames.first)
    var damaged = model
    damaged[5] ^= 1
    try fixture.write(damaged, "store/" + part)
    let expected = Models.fileName(model).dropLast(4)
    let found = Models.fileName(damaged).dropLast(4)
    #expect(
      refusal { try inbox.finish() }
        == "transfer: hash \(found), expected \(expected); send it again"
    )
    #expect(fixture.storeNames == [])
    #expect(try inbox.begin(byteCount: model.count, hash: Models.hash(model)) == 0)
  }

  @Test func `one model after the other`() throws {
    _ = try inbox.begin(byteCount: model.count)
    _ = try append(0..<model.count)
    try inbox.finish()
    #expect(
      refusal { _ = try inbox.begin(byteCount: 1) }
        == "transfer: the model before is being verified, expected to wait for that"
    )
    _ = inbox.takeDelivery()
    inbox.release()
    #expect(try inbox.begin(byteCount: 1) == 0)
  }
}
