import Foundation
import ModelFormat
import ModelSamples
import Testing
@testable import ModelStore

@Suite struct ModelStoreTests {
  private let fixture: StoreFixture
  private let (a, b, c): ([UInt8], [UInt8], [UInt8])

  init() throws {
    fixture = try StoreFixture()
    (a, b, c) = (try Models.named("a"), try Models.named("b"), try Models.named("c"))
    for (bytes, name) in [(a, "a.bin"), (b, "b.bin"), (c, "c.bin")] {
      try fixture.write(bytes, name)
    }
  }

  private func take(_ name: String, _ store: ModelStore) throws -> StoredModel? {
    try store.take(fixture.path(name), isConfigured: false, former: nil)
  }

  @Test func `an empty store without a configured file says so`() throws {
    let error = #expect(throws: ModelStoreError.self) {
      try fixture.open().first(configured: "")
    }
    #expect(error?.message == "no model: none in \(fixture.store)")
  }

  @Test func `the first model comes from the configured file, without a trial`() throws {
    let model = try fixture.open().first(configured: fixture.path("a.bin"))
    #expect(model.hash == Models.hash(a))
    #expect(!model.isOnTrial)
    #expect(fixture.storeNames == [Models.fileName(a), "state"].sorted())
  }

  @Test func `a new model is on trial until it is over, and the one before stays`() throws {
    let store = try fixture.open()
    _ = try store.first(configured: fixture.path("a.bin"))
    let model = try #require(try take("b.bin", store))
    #expect(model.hash == Models.hash(b) && model.isOnTrial)
    store.endTrial()
    #expect(store.state.trialStarts == nil)
    #expect(
      fixture.storeNames == [Models.fileName(a), Models.fileName(b), "state"].sorted()
    )
    #expect(try take("c.bin", store)?.isOnTrial == true)
    #expect(
      fixture.storeNames == [Models.fileName(b), Models.fileName(c), "state"].sorted()
    )
  }

  @Test func `the model in use is not taken again`() throws {
    let store = try fixture.open()
    _ = try store.first(configured: fixture.path("a.bin"))
    #expect(try take("a.bin", store) == nil)
    #expect(fixture.storeNames == [Models.fileName(a), "state"].sorted())
  }

  @Test func `a model that was sent stays in use until the configured file changes`() throws {
    do {
      let store = try fixture.open()
      _ = try store.first(configured: fixture.path("a.bin"))
      _ = try take("b.bin", store)
      store.endTrial()
    }
    #expect(try fixture.open().first(configured: fixture.path("a.bin")).hash == Models.hash(b))
    try fixture.write(c, "a.bin")
    #expect(try fixture.open().first(configured: fixture.path("a.bin")).hash == Models.hash(c))
  }

  @Test func `a model that ends the service twice is left for the one before it`() throws {
    let events = EventLog()
    do {
      let store = try fixture.open()
      _ = try store.first(configured: fixture.path("a.bin"))
      _ = try take("b.bin", store)
    }
    #expect(try fixture.open().first(configured: "").hash == Models.hash(b))
    let store = try fixture.open(events: events)
    #expect(try store.first(configured: "").hash == Models.hash(a))
    let (bad, good) = (Models.fileName(b).dropLast(4), Models.fileName(a).dropLast(4))
    let kept = fixture.store + "/" + Models.fileName(b)
    #expect(
      events.messages == [
        "model \(bad) did not get through its trial: back to \(good); it is kept as \(kept)"
      ]
    )
    let error = #expect(throws: ModelStoreError.self) { try take("b.bin", store) }
    #expect(
      error?.message
        == "\(fixture.path("b.bin")): failed in use before, and was taken back; remove \(kept) to try it again"
    )
    try FileManager.default.removeItem(atPath: kept)
    #expect(try take("b.bin", store)?.hash == Models.hash(b))
  }

  @Test func `orderly ends are not held against a model on trial`() throws {
    do {
      let store = try fixture.open()
      _ = try store.first(configured: fixture.path("a.bin"))
      _ = try take("b.bin", store)
      store.endOrderly()
    }
    for _ in 0..<5 {
      let store = try fixture.open()
      let model = try store.first(configured: "")
      #expect(model.hash == Models.hash(b) && model.isOnTrial)
      store.endOrderly()
    }
  }

  @Test func `going back keeps the model aside`() throws {
    let store = try fixture.open()
    _ = try store.first(configured: fixture.path("a.bin"))
    #expect(try store.goBack() == nil)
    _ = try take("b.bin", store)
    #expect(try store.goBack()?.hash == Models.hash(a))
    #expect(store.state.failed == Models.hash(b))
    #expect(try store.goBack() == nil)
  }

  @Test(arguments: 0..<3)
  func `a model that is damaged on disk is left for the one before it`(_ kind: Int) throws {
    do {
      let store = try fixture.open()
      _ = try store.first(configured: fixture.path("a.bin"))
      _ = try take("b.bin", store)
      store.endTrial()
    }
    let current = "store/" + Models.fileName(b)
    switch kind {
    case 0:
      var bytes = b
      bytes[b.count / 2] ^= 1
      try fixture.write(bytes, current)
    case 1: try fixture.write(Array(b[..<100]), current)
    default: try FileManager.default.removeItem(atPath: fixture.path(current))
    }
    let events = EventLog()
    let model = try fixture.open(events: events).first(configured: "")
    #expect(model.hash == Models.hash(a))
    #expect(events.events.map(\.level) == [.error, .error])
    #expect(events.messages.first?.hasPrefix(fixture.path(current) + ": ") == true)
    #expect(events.messages.last?.contains(" cannot be used: back to ") == true)
  }

  @Test func `where nothing of the store can be used the configured file is`() throws {
    do { _ = try fixture.open().first(configured: fixture.path("a.bin")) }
    try fixture.write([1, 2, 3], "store/" + Models.fileName(a))
    #expect(try fixture.open().first(configured: fixture.path("a.bin")).hash == Models.hash(a))
    #expect(try fixture.bytes("store/" + Models.fileName(a)) == a)
  }

  @Test(arguments: ["", "edgecnn model store 1\n", "current 00"])
  func `a damaged state is made good from the models that are there`(_ text: String) throws {
    do {
      let store = try fixture.open()
      _ = try store.first(configured: fixture.path("a.bin"))
      _ = try take("b.bin", store)
      store.endTrial()
    }
    try fixture.write(Array(text.utf8), "store/state")
    let events = EventLog()
    let model = try fixture.open(events: events).first(configured: "")
    #expect(model.hash == Models.hash(b))
    #expect(
      events.messages == [
        "\(fixture.store): a damaged state, expected one beside 2 models; the newest that can be used is"
      ]
    )
  }

  @Test func `a store is for one process`() throws {
    let store = try fixture.open()
    let error = #expect(throws: ModelStoreError.self) { try fixture.open() }
    #expect(
      error?.message
        == "\(fixture.store): is in use by another process, expected a folder of its own for each"
    )
    withExtendedLifetime(store) {}
  }

  @Test func `a file in place of the folder is named`() throws {
    try fixture.write([], "store")
    let error = #expect(throws: ModelStoreError.self) { try fixture.open() }
    #expect(error?.message == "\(fixture.store): cannot be made, Not a directory")
  }

  @Test func `a file over the limit is refused before it is copied whole`() throws {
    let error = #expect(throws: ModelStoreError.self) {
      try fixture.open(limit: 1000).take(fixture.path("a.bin"), isConfigured: false, former: nil)
    }
    #expect(
      error?.message == "\(fixture.path("a.bin")): \(a.count) bytes, expected at most 1000"
    )
  }

  @Test(arguments: ["/dev/zero", "/dev/null", "/"])
  func `what is no file is refused`(_ path: String) throws {
    let error = #expect(throws: ModelStoreError.self) {
      try fixture.open().take(path, isConfigured: false, former: nil)
    }
    let reason = path == "/" ? "Is a directory" : "Invalid argument"
    #expect(error?.message == "\(path): cannot be read, \(reason)")
  }

  @Test func `a state survives its text`() {
    var state = StoreState()
    #expect(StoreState(state.encoded) == state)
    state.current = .max
    state.trialStarts = 2
    #expect(StoreState(state.encoded) == state)
    (state.previous, state.failed, state.seen) = (0, 1, 0x0123_4567_89AB_CDEF)
    #expect(StoreState(state.encoded) == state)
    let bytes = state.encoded
    for index in bytes.indices {
      var damaged = bytes
      damaged[index] ^= 1
      #expect(StoreState(damaged) == nil, "byte \(index)")
      #expect(StoreState(Array(bytes[..<index])) == nil, "cut at \(index)")
    }
    #expect(StoreState(bytes + [0x0A]) == nil)
  }
}
