import Foundation
import ModelFormat
import ModelSamples
import Testing
@testable import ModelStore

@Suite struct ModelKeeperTests {
  private let fixture: StoreFixture
  private let (a, b): ([UInt8], [UInt8])
  private let events = EventLog()
  private var options = UpdateOptions()

  init() throws {
    fixture = try StoreFixture()
    (a, b) = (try Models.named("a"), try Models.named("b"))
    options.file = try fixture.write(a, "model.bin")
    options.folder = fixture.store
    options.maximumBytes = 1 << 20
    options.trialFrames = 3
  }

  private func start(_ options: UpdateOptions) throws -> ModelKeeper {
    let events = events
    return try ModelKeeper.start(options) { events.add($0) }
  }

  /// Waits, as a frame loop does, until a new model is ready.
  private func next(_ keeper: ModelKeeper) async throws -> LoadedModel? {
    for _ in 0..<500 {
      if let model = keeper.takeReady() { return model }
      try await Task.sleep(for: .milliseconds(10))
    }
    return nil
  }

  private func wait(_ keeper: ModelKeeper, until isDone: (UpdateStatus) -> Bool) async throws {
    for _ in 0..<500 where !isDone(keeper.status) {
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  private func names(_ model: LoadedModel?) -> [String] {
    model.map { [$0.name, $0.hashText] } ?? []
  }

  private func text(_ bytes: [UInt8]) -> String { String(Models.fileName(bytes).dropLast(4)) }

  @Test(arguments: [false, true])
  func `a file that is replaced is taken within seconds, and the old model given back`(
    hasStore: Bool
  ) async throws {
    var options = options
    if !hasStore { options.folder = "" }
    let keeper = try start(options)
    #expect(names(keeper.first) == ["a", text(a)])
    #expect(keeper.takeReady() == nil)
    try fixture.write(b, "new.bin")
    #expect(rename(fixture.path("new.bin"), options.file) == 0)
    let model = try #require(try await next(keeper))
    #expect(names(model) == ["b", text(b)])
    #expect(model.isOnTrial == hasStore)
    keeper.retire(keeper.first)
    model.network.run()
    keeper.stop()
    #expect(events.messages == ["model \(text(b)) taken from \(options.file)"])
    #expect(keeper.status.taken == 1)
  }

  @Test func `a file that is overwritten in place does not harm the model in use`() async throws {
    var options = options
    options.folder = ""
    let keeper = try start(options)
    let before = keeper.first.network.file.hash
    try FileHandle(forWritingTo: URL(fileURLWithPath: options.file)).truncate(atOffset: 0)
    #expect(keeper.first.network.file.hash == before)
    keeper.stop()
  }

  @Test func `a half-written file is refused, and taken when it is whole`() async throws {
    let keeper = try start(options)
    try fixture.write(Array(b[..<500]), "model.bin")
    keeper.checkNow()
    try await wait(keeper) { $0.refused == 1 }
    #expect(
      events.messages == [
        "\(options.file): header: file size \(b.count), expected 500, the bytes there are; is the file cut off?"
      ]
    )
    #expect(events.events.map(\.level) == [.error])
    try fixture.write(b, "model.bin")
    #expect(names(try await next(keeper)) == ["b", text(b)])
    keeper.stop()
  }

  @Test func `frames end the trial, and fewer do not`() async throws {
    do {
      let keeper = try start(options)
      try fixture.write(b, "model.bin")
      keeper.checkNow()
      #expect(try await next(keeper)?.isOnTrial == true)
      keeper.countFrame()
      keeper.countFrame()
      keeper.stop()
    }
    let state = try #require(StoreState(try fixture.bytes("store/state")))
    #expect(state.trialStarts == 0)
    let again = try start(options)
    #expect(again.first.isOnTrial)
    for _ in 0..<3 { again.countFrame() }
    again.stop()
    #expect(StoreState(try fixture.bytes("store/state"))?.trialStarts == nil)
  }

  @Test func `a model comes in portions and is gone back from`() async throws {
    let keeper = try start(options)
    _ = try keeper.inbox.begin(byteCount: b.count, hash: Models.hash(b))
    _ = try b.withUnsafeBytes { try keeper.inbox.append($0, at: 0) }
    try keeper.inbox.finish()
    #expect(names(try await next(keeper)) == ["b", text(b)])
    keeper.goBack()
    #expect(names(try await next(keeper)) == ["a", text(a)])
    keeper.goBack()
    keeper.stop()
    #expect(
      events.messages == [
        "model \(text(b)) taken from the model received",
        "back to model \(text(a)), as was asked for", "no model to go back to",
      ]
    )
  }

  @Test func `a file of this machine is taken, and the model in use is not`() async throws {
    let keeper = try start(options)
    keeper.offer(path: try fixture.write(b, "other.bin"))
    #expect(names(try await next(keeper)) == ["b", text(b)])
    keeper.offer(path: fixture.path("other.bin"))
    try await wait(keeper) { if case .same = $0.phase { true } else { false } }
    #expect(keeper.takeReady() == nil)
    keeper.offer(path: fixture.path("absent.bin"))
    try await wait(keeper) { $0.refused == 1 }
    #expect(
      events.messages.last
        == "\(fixture.path("absent.bin")): cannot be read, No such file or directory"
    )
    keeper.stop()
  }

  @Test func `with a key an unsigned model stops the start and an update`() async throws {
    var options = options
    options.publicKey = Models.publicKey(seed: 4).hexadecimal
    let error = #expect(throws: ModelStoreError.self) { try start(options) }
    #expect(
      error?.message
        == "no model: \(options.file): not signed, expected a signature; sign it with cnnconvert sign"
    )
    try fixture.write(Models.signed(a, seed: 4), "model.bin")
    let keeper = try start(options)
    #expect(keeper.first.name == "a")
    keeper.offer(path: try fixture.write(b, "b.bin"))
    try await wait(keeper) { $0.refused == 1 }
    keeper.offer(path: try fixture.write(Models.signed(b, seed: 4), "b.bin"))
    #expect(try await next(keeper)?.name == "b")
    keeper.stop()
  }

  @Test func `neither a file nor a folder is an error`() throws {
    let error = #expect(throws: ModelStoreError.self) { try start(UpdateOptions()) }
    #expect(error?.message == "no model: neither a file nor a folder is set")
  }
}
