import Foundation
import ModelFormat
import Synchronization
import Testing
import Threads
@testable import ModelStore

/// Something that is done with a store, from the state that it is given.
enum Errand: CaseIterable {
  case firstModelOfAll
  case newModelSent
  case newConfiguredFile
  case secondNewModelDuringTheTrial
  case endOfTrial
  case goingBack
  case trialThatFailed
  case thirdModel

  static let (a, b, c) = (
    try! Models.named("a"), try! Models.named("b"), try! Models.named("c")
  )

  /// What the store is before.
  func prepare(_ fixture: StoreFixture) throws {
    guard self != .firstModelOfAll else { return }
    let store = try fixture.open()
    _ = try store.take(fixture.write(Self.a, "a.bin"), isConfigured: false, former: nil)
    guard ![.newModelSent, .newConfiguredFile].contains(self) else { return }
    _ = try store.take(fixture.write(Self.b, "b.bin"), isConfigured: false, former: nil)
    if [.goingBack, .thirdModel].contains(self) { store.endTrial() }
    if self == .trialThatFailed {
      _ = try store.first(configured: "")
    }
  }

  /// Does it.
  func run(_ fixture: StoreFixture, _ store: ModelStore) throws(ModelStoreError) {
    switch self {
    case .firstModelOfAll:
      _ = try store.first(configured: fixture.path("a.bin"))
    case .newModelSent:
      try receive(Self.b, fixture, store)
    case .newConfiguredFile:
      _ = try store.first(configured: fixture.path("b.bin"))
    case .secondNewModelDuringTheTrial, .thirdModel:
      _ = try store.take(fixture.path("c.bin"), isConfigured: false, former: nil)
    case .endOfTrial:
      store.endTrial()
    case .goingBack:
      _ = try store.goBack()
    case .trialThatFailed:
      _ = try store.first(configured: "")
    }
  }

  private func receive(
    _ model: [UInt8],
    _ fixture: StoreFixture,
    _ store: ModelStore
  ) throws(ModelStoreError) {
    let inbox = ModelInbox(store.folder, maximumBytes: 1 << 20, monitor: Monitor())
    _ = try inbox.begin(byteCount: model.count, hash: Models.hash(model))
    for start in stride(from: 0, to: model.count, by: 700) {
      let portion = Array(model[start..<min(start + 700, model.count)])
      try portion.withUnsafeBufferPointer { bytes throws(ModelStoreError) in
        _ = try inbox.append(UnsafeRawBufferPointer(bytes), at: start)
      }
    }
    try inbox.finish()
    guard let delivery = inbox.takeDelivery() else { return }
    _ = try store.adopt(
      delivery.file,
      hash: delivery.hash,
      name: "received",
      isConfigured: false,
      former: nil
    )
  }

  /// The configured file at the next start.
  func configured(_ fixture: StoreFixture) -> String {
    switch self {
    case .firstModelOfAll: fixture.path("a.bin")
    case .newConfiguredFile: fixture.path("b.bin")
    default: ""
    }
  }

  /// Models that may be in use at a start after it was cut off, and those after it was done.
  var acceptable: (cut: [[UInt8]], done: [[UInt8]]) {
    switch self {
    case .firstModelOfAll: ([Self.a], [Self.a])
    case .newModelSent: ([Self.a, Self.b], [Self.b])
    case .newConfiguredFile: ([Self.b], [Self.b])
    case .secondNewModelDuringTheTrial: ([Self.b, Self.c], [Self.c])
    case .endOfTrial: ([Self.b], [Self.b])
    case .goingBack: ([Self.a, Self.b], [Self.a])
    case .trialThatFailed: ([Self.a], [Self.a])
    case .thirdModel: ([Self.b, Self.c], [Self.c])
    }
  }
}

/// Records steps, and stops all from a given one on.
final class StepRecorder: Sendable {
  private let steps = Mutex<[FolderStep]>([])
  private let limit: Int

  init(limit: Int = .max) { self.limit = limit }

  func note(_ step: FolderStep) -> Bool {
    steps.withLock { steps in
      guard steps.count < limit else { return false }
      steps.append(step)
      return true
    }
  }

  var all: [FolderStep] { steps.withLock { $0 } }
}

@Suite struct PowerCutTests {
  private func fixture(_ errand: Errand) throws -> StoreFixture {
    let fixture = try StoreFixture()
    for (bytes, name) in [(Errand.a, "a.bin"), (Errand.b, "b.bin"), (Errand.c, "c.bin")] {
      try fixture.write(bytes, name)
    }
    try errand.prepare(fixture)
    return fixture
  }

  private func content(of folder: String) throws -> [String: [UInt8]] {
    var content: [String: [UInt8]] = [:]
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
      content[name] = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name)))
    }
    return content
  }

  /// The hash of the model that a start finds.
  private func start(_ errand: Errand, _ fixture: StoreFixture) throws -> UInt64 {
    let model = try fixture.open().first(configured: errand.configured(fixture))
    #expect(model.hash == model.file.hash)
    return model.hash
  }

  @Test(arguments: Errand.allCases)
  func `whatever a power cut leaves, a verified model is found`(_ errand: Errand) throws {
    let fixture = try fixture(errand)
    let before = try content(of: fixture.store)
    let recorder = StepRecorder()
    try errand.run(fixture, try fixture.open(watch: { recorder.note($0) }))
    let steps = recorder.all
    #expect(steps.count >= 5)
    var (seen, disk) = (Set<[String: [UInt8]]>(), CrashDisk(before))
    for done in 0...steps.count {
      if done > 0 { disk.apply(steps[done - 1]) }
      // What was seen on the way is allowed less once all is done.
      if done == steps.count { seen = [] }
      for outcome in disk.outcomes where seen.insert(outcome).inserted {
        let board = try StoreFixture()
        for name in ["a.bin", "b.bin"] { try board.write(fixture.bytes(name), name) }
        try FileManager.default.createDirectory(
          atPath: board.store,
          withIntermediateDirectories: false
        )
        for (name, bytes) in outcome { try board.write(bytes, "store/" + name) }
        let found = try start(errand, board)
        let allowed = done == steps.count ? errand.acceptable.done : errand.acceptable.cut
        #expect(
          allowed.map(Models.hash).contains(found),
          "\(done) of \(steps.count) steps, \(outcome.mapValues(\.count))"
        )
      }
    }
  }

  @Test(arguments: Errand.allCases)
  func `a process killed at any step leaves a store that the next one can use`(
    _ errand: Errand
  ) throws {
    var limit = 0
    var isWhole = false
    while !isWhole {
      try #require(limit < 100)
      let fixture = try fixture(errand)
      let recorder = StepRecorder(limit: limit)
      do {
        try errand.run(fixture, try fixture.open(watch: { recorder.note($0) }))
        isWhole = recorder.all.count < limit
      } catch {
        #expect(error.isInterruption)
      }
      let found = try start(errand, fixture)
      let allowed = isWhole ? errand.acceptable.done : errand.acceptable.cut
      #expect(allowed.map(Models.hash).contains(found), "killed after \(limit) steps")
      limit += 1
    }
    #expect(limit > 5)
  }
}
