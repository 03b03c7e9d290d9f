internal import CLinux
internal import ModelFormat
internal import PlainText
internal import Runtime
internal import Threads

/// Gives the frame loop its model: the first one, and each new one when it is verified and ready to run.
///
/// Everything slow (copying, verifying, preparing, giving memory back) is done by a thread of its own, most of it at low priority. While
/// a new model is prepared, two networks and two files are in memory.
public final class ModelKeeper: @unchecked Sendable {
  private static let pollNanoseconds: Int64 = 1_000_000_000
  private static let stopNanoseconds: Int64 = 500_000_000

  /// What is wanted of the thread.
  private struct Requests {
    var checksFile = false
    var goesBack = false
    var endsTrial = false
    var stops = false
    var offered: [String] = []
    var retired: [LoadedModel] = []

    var isEmpty: Bool {
      !(checksFile || goesBack || endsTrial || stops) && offered.isEmpty && retired.isEmpty
    }
  }

  /// Where models arrive in portions.
  public let inbox: ModelInbox

  private let options: UpdateOptions
  private let source: ModelSource
  private let report: (UpdateEvent) -> Void
  private let monitor = Monitor()
  private var thread: BackgroundThread?

  // Under the monitor.
  private var requests = Requests()
  private var ready: LoadedModel?
  private var currentStatus = UpdateStatus()
  private var hasEnded = false

  // The frame loop's.
  private var trialFramesLeft = 0
  private var beginning: LoadedModel?

  // The thread's.
  private var watch: FileWatch
  /// The newest model that was taken.
  private var newest: ModelFile
  private var newestHash: UInt64

  private init(
    _ options: UpdateOptions,
    _ source: ModelSource,
    _ first: LoadedModel,
    _ watch: FileWatch,
    _ report: @escaping (UpdateEvent) -> Void
  ) {
    self.options = options
    self.source = source
    beginning = first
    self.watch = watch
    self.report = report
    inbox = ModelInbox(source.folder, maximumBytes: options.maximumBytes, monitor: monitor)
    newest = first.file
    newestHash = first.hash
    trialFramesLeft = first.isOnTrial ? max(1, options.trialFrames) : 0
  }

  /// Opens the store, loads the first model on this thread, and starts the other.
  ///
  /// - Parameters:
  ///   - options: where models come from.
  ///   - report: told what happens, by both threads, one at a time.
  /// - Returns: a keeper whose thread runs until `stop()`.
  /// - Throws: `ModelStoreError` where the key or the folder cannot be used, or no model.
  public static func start(
    _ options: UpdateOptions,
    report: @escaping @Sendable (UpdateEvent) -> Void
  ) throws(ModelStoreError) -> ModelKeeper {
    var verification = Verification()
    verification.trustedKeys = try PublicKey.configured(options.publicKey)
    verification.kernels = options.kernels
    verification.requiresSameLabels = options.requiresSameLabels
    let source = try ModelSource.open(options, verification, report)
    // Before the file is read, so that no change of it is missed.
    let watch = FileWatch(options.file)
    let first = try source.first()
    let model = try prepare(first, options)
    let keeper = ModelKeeper(options, source, model, watch, report)
    keeper.thread = try Self.thread("model") { keeper.work() }
    return keeper
  }

  private static func thread(
    _ name: StaticString,
    isLowPriority: Bool = false,
    _ body: @escaping () -> Void
  ) throws(ModelStoreError) -> BackgroundThread {
    do throws(ThreadError) {
      return try BackgroundThread(name, isLowPriority: isLowPriority, run: body)
    } catch {
      throw .system(path: "model", .startThread, code: error.code)
    }
  }

  private static func prepare(
    _ model: StoredModel,
    _ options: UpdateOptions
  ) throws(ModelStoreError) -> LoadedModel {
    do throws(RuntimeError) {
      let network = try Network(model.file, threads: options.threads, kernels: options.kernels)
      return LoadedModel(network: network, hash: model.hash, isOnTrial: model.isOnTrial)
    } catch {
      throw .model(error)
    }
  }

  // MARK: For the frame loop

  /// The model to begin with.
  ///
  /// Traps after the first `retire`.
  public var first: LoadedModel {
    guard let beginning else { preconditionFailure("the first model has been retired") }
    return beginning
  }

  /// A new model, once; nil where there is none.
  ///
  /// Call it between two frames, and `retire` the old one.
  public func takeReady() -> LoadedModel? {
    guard let model = monitor.locked({ takeReadyInside() }) else { return nil }
    trialFramesLeft = model.isOnTrial ? max(1, options.trialFrames) : 0
    return model
  }

  private func takeReadyInside() -> LoadedModel? {
    guard ready != nil else { return nil }
    defer { ready = nil }
    return ready
  }

  /// Has the thread give back the memory of a model that is no longer used, if nobody else refers to it.
  public func retire(_ model: LoadedModel) {
    beginning = nil
    monitor.changing { requests.retired.append(model) }
  }

  /// Counts a classified frame: enough of them end the trial of a new model.
  public func countFrame() {
    guard trialFramesLeft > 0 else { return }
    trialFramesLeft -= 1
    if trialFramesLeft == 0 { monitor.changing { requests.endsTrial = true } }
  }

  // MARK: For any thread

  /// Looks at the configured file now, whether it has changed or not.
  public func checkNow() { monitor.changing { requests.checksFile = true } }

  /// Takes a file of this machine, if it is all that a model must be.
  public func offer(path: String) { monitor.changing { requests.offered.append(path) } }

  /// Puts the model before the one in use back in its place.
  public func goBack() { monitor.changing { requests.goesBack = true } }

  /// What became of the last model that arrived.
  public var status: UpdateStatus { monitor.locked { currentStatus } }

  /// Ends the thread; a trial that is not over is not held against the model.
  ///
  /// Returns after half a second where the thread is still at work on a new model: the process may end then, as it may at any time.
  public func stop() {
    monitor.changing { requests.stops = true }
    let deadline = cl_nanoseconds() + Self.stopNanoseconds
    while !monitor.locked({ hasEnded }) && cl_nanoseconds() < deadline {
      monitor.wait(until: deadline) { hasEnded }
    }
    if monitor.locked({ hasEnded }) { thread.take()?.join() }
  }

  // MARK: The thread

  private func work() {
    while true {
      let deadline = cl_nanoseconds() + Self.pollNanoseconds
      monitor.wait(until: deadline) { !self.requests.isEmpty || inbox.hasDelivery }
      let (requests, delivery) = monitor.locked { takeRequests() }
      if requests.endsTrial { source.endTrial() }
      for path in requests.offered { take(from: path, isConfigured: false) }
      if let delivery {
        arrived(at: "the model received") { former throws(ModelStoreError) in
          try self.source.adopt(delivery, former: former)
        }
        inbox.release()
      }
      if requests.goesBack { goBackNow() }
      if requests.checksFile {
        watch.note()
        take(from: options.file, isConfigured: true)
      } else if options.watchesFile && watch.isChanged() {
        take(from: options.file, isConfigured: true)
      }
      if requests.stops {
        source.endOrderly()
        return monitor.changing { hasEnded = true }
      }
    }
  }

  private func takeRequests() -> (Requests, ModelInbox.Delivery?) {
    defer { requests = Requests() }
    return (requests, inbox.takeDelivery())
  }

  private func take(from path: String, isConfigured: Bool) {
    guard !path.isEmpty else { return }
    arrived(at: path) { former throws(ModelStoreError) in
      try self.source.take(path, isConfigured: isConfigured, former: former)
    }
  }

  /// Verifies what arrived on a thread of low priority, and prepares it on this one.
  private func arrived(
    at place: String,
    _ load: @escaping (ModelFile) throws(ModelStoreError) -> StoredModel?
  ) {
    change(to: .verifying)
    let former = newest
    do throws(ModelStoreError) {
      let outcome = LoadOutcome()
      // The network's own threads would inherit the low priority, so it is prepared here.
      try Self.thread("model-check", isLowPriority: true) {
        do throws(ModelStoreError) { outcome.model = try load(former) } catch {
          outcome.error = error
        }
      }.join()
      if let error = outcome.error { throw error }
      guard let model = outcome.model else { return change(to: .same(newestHash)) }
      try offer(model)
      change(to: .taken(model.hash))
      tell(.info, "model ", model.hash, " taken from ", place)
    } catch {
      change(to: .refused(error.message))
      report(UpdateEvent(level: .error, message: error.message))
    }
  }

  private final class LoadOutcome {
    var model: StoredModel?
    var error: ModelStoreError?
  }

  private func goBackNow() {
    do throws(ModelStoreError) {
      guard let model = try source.goBack() else {
        return report(UpdateEvent(level: .warning, message: "no model to go back to"))
      }
      try offer(model)
      change(to: .wentBack(model.hash))
      tell(.warning, "back to model ", model.hash, ", as was asked for", "")
    } catch {
      report(UpdateEvent(level: .error, message: error.message))
    }
  }

  /// Prepares a model and lays it ready for the frame loop.
  private func offer(_ model: StoredModel) throws(ModelStoreError) {
    let loaded = try Self.prepare(model, options)
    newest = model.file
    newestHash = model.hash
    // One that the loop has not fetched is released here, outside the monitor.
    let unused = monitor.locked { takeReadyInside() }
    monitor.locked { ready = loaded }
    _ = unused
  }

  private func change(to phase: UpdateStatus.Phase) {
    monitor.locked { currentStatus.change(to: phase) }
  }

  private func tell(
    _ level: UpdateEvent.Level,
    _ words: StaticString,
    _ hash: UInt64,
    _ link: StaticString,
    _ place: String
  ) {
    var text = TextBuilder(words)
    text.append(hash, radix: 16, digits: 16)
    text.append(link, place)
    report(UpdateEvent(level: level, message: text.string))
  }
}
