internal import CLinux
internal import ModelFormat
internal import PlainText
internal import Runtime

/// A verified model in a store.
struct StoredModel {
  let file: ModelFile
  let hash: UInt64
  let isOnTrial: Bool
}

/// The folder with the model in use and the last good one; one thread at a time.
///
/// Models are files `HASH.bin` that never change once they have that name. `state` says which of them is which: replacing it is
/// what makes a change. A power cut at any instant leaves the state before or after, both with whole files.
final class ModelStore {
  /// Starts that a model on trial gets: one more than a single power cut takes.
  static let trialStarts = 2
  private static let candidate = "candidate"

  let folder: StoreFolder
  private let verification: Verification
  private let maximumBytes: Int
  private let lock: Int32
  private let report: (UpdateEvent) -> Void
  private(set) var state: StoreState

  private init(
    _ folder: StoreFolder,
    _ verification: Verification,
    _ maximumBytes: Int,
    _ lock: Int32,
    _ state: StoreState,
    _ report: @escaping (UpdateEvent) -> Void
  ) {
    self.folder = folder
    self.verification = verification
    self.maximumBytes = maximumBytes
    self.lock = lock
    self.state = state
    self.report = report
  }

  deinit { _ = cl_close_file(lock) }

  /// Opens a folder, made where there is none, for this process alone.
  static func open(
    _ folder: StoreFolder,
    verification: Verification,
    maximumBytes: Int,
    report: @escaping (UpdateEvent) -> Void
  ) throws(ModelStoreError) -> ModelStore {
    let path = folder.path
    var error = path.withTerminatedBytes { cl_make_folder($0) }
    guard error == 0 else { throw .system(path: path, .makeFolder, code: error) }
    var lock: Int32 = 0
    let lockPath = folder.path(of: "lock")
    error = lockPath.withTerminatedBytes { cl_lock_file($0, &lock) }
    guard error == 0 else {
      if cl_is_locked(error) != 0 { throw .locked(path: path) }
      throw .system(path: lockPath, .write, code: error)
    }
    let store = ModelStore(folder, verification, maximumBytes, lock, StoreState(), report)
    try store.readState()
    store.tidy()
    return store
  }

  static func name(_ hash: UInt64) -> String {
    var text = TextBuilder()
    text.append(hash, radix: 16, digits: 16)
    text.append(".bin")
    return text.string
  }

  /// Where a model is, or would be.
  func path(of hash: UInt64) -> String { folder.path(of: Self.name(hash)) }

  private func exists(_ hash: UInt64) -> Bool { FileMark(of: path(of: hash)) != nil }

  /// Opens a model of the store with all that it must be.
  private func open(_ hash: UInt64) throws(ModelStoreError) -> ModelFile {
    let path = path(of: hash)
    let file = try verification.open(path, name: path)
    let found = file.hash
    guard found == hash else { throw .damaged(path: path, found: found) }
    return file
  }

  // MARK: Changes

  private func commit(_ next: StoreState) throws(ModelStoreError) {
    try folder.replace("state", by: next.encoded)
    state = next
  }

  /// As `commit`, where a service should rather go on than end: the change then lasts until the process ends.
  private func commitOrReport(_ next: StoreState) {
    do throws(ModelStoreError) { try commit(next) } catch {
      report(UpdateEvent(level: .error, message: error.message))
      state = next
    }
  }

  /// Takes a file from anywhere: copied, verified, put in place.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - isConfigured: whether it is the configured file, which is not taken a second time.
  ///   - former: the model in use.
  /// - Returns: the model; nil where it is the one in use, or the configured file was seen before.
  /// - Throws: why it is refused.
  func take(
    _ path: String,
    isConfigured: Bool,
    former: ModelFile?
  ) throws(ModelStoreError) -> StoredModel? {
    if isConfigured {
      // Reading wears out no flash memory.
      let (hash, _) = try OpenFile(reading: path)
        .readAll(limit: maximumBytes) { _, _ throws(ModelStoreError) in }
      if hash == state.seen && state.current != nil { return nil }
      if hash == state.current {
        var next = state
        next.seen = hash
        try commit(next)
        return nil
      }
    }
    let hash = try copy(path)
    return try adopt(
      Self.candidate,
      hash: hash,
      name: path,
      isConfigured: isConfigured,
      former: former
    )
  }

  /// Copies a file to the candidate and gives its hash; what is there when it returns outlives a power cut.
  private func copy(_ path: String) throws(ModelStoreError) -> UInt64 {
    let source = try OpenFile(reading: path)
    let target = try folder.create(Self.candidate)
    let (hash, _) = try source.readAll(limit: maximumBytes) {
      [folder] (bytes, offset) throws(ModelStoreError) in
      try folder.write(bytes, at: offset, to: target, Self.candidate)
    }
    try folder.sync(target, Self.candidate)
    return hash
  }

  /// Verifies a file of the folder that has been written and synced, and makes it the model to use; nil where it is already.
  ///
  /// A file that is refused is removed.
  func adopt(
    _ file: String,
    hash: UInt64,
    name: String,
    isConfigured: Bool,
    former: ModelFile?
  ) throws(ModelStoreError) -> StoredModel? {
    do throws(ModelStoreError) {
      if hash == state.current {
        try folder.remove(file)
        return nil
      }
      if hash == state.failed && exists(hash) {
        throw .failedBefore(path: name, kept: path(of: hash))
      }
      let model = try verification.open(folder.path(of: file), name: name)
      guard model.hash == hash else {
        throw .damaged(path: folder.path(of: file), found: model.hash)
      }
      try verification.compare(model, with: former, name: name)
      try folder.rename(file, to: Self.name(hash))
      try folder.sync()
      var next = state
      if state.trialStarts == nil { next.previous = state.current }
      next.current = hash
      if next.failed == hash { next.failed = nil }
      if isConfigured { next.seen = hash }
      // The first one of all is all there is.
      next.trialStarts = next.previous == nil ? nil : 1
      try commit(next)
      tidy()
      return StoredModel(file: model, hash: hash, isOnTrial: next.trialStarts != nil)
    } catch {
      if !error.isInterruption { try? folder.remove(file) }
      throw error
    }
  }

  /// The model in use has proven itself.
  func endTrial() {
    guard state.trialStarts != nil else { return }
    var next = state
    next.trialStarts = nil
    commitOrReport(next)
  }

  /// The service ends by intent: this start is not held against a model on trial.
  func endOrderly() {
    guard let starts = state.trialStarts, starts > 0 else { return }
    var next = state
    next.trialStarts = starts - 1
    commitOrReport(next)
  }

  /// The last good model instead of the one in use, which is kept aside and not taken again; nil where there is none.
  func goBack() throws(ModelStoreError) -> StoredModel? {
    guard let previous = state.previous else { return nil }
    let file = try open(previous)
    try commit(state.withoutCurrent)
    return StoredModel(file: file, hash: previous, isOnTrial: false)
  }

  // MARK: Start

  /// The model to begin with: a new configured file, else the current one, else the last good one, else the configured file.
  ///
  /// - Parameter configured: the path of a file that may have been replaced since; empty for none.
  /// - Returns: a verified model.
  /// - Throws: `.none` where nothing can be used.
  func first(configured: String) throws(ModelStoreError) -> StoredModel {
    leaveFailedTrial()
    var tried = TextBuilder("none in ")
    tried.append("", folder.path)
    if !configured.isEmpty {
      let former = verification.requiresSameLabels ? state.current.flatMap { try? open($0) } : nil
      do throws(ModelStoreError) {
        if let new = try take(configured, isConfigured: true, former: former) { return new }
      } catch {
        try note(error, &tried)
      }
    }
    if let current = state.current {
      do throws(ModelStoreError) {
        let file = try open(current)
        countStart()
        return StoredModel(file: file, hash: current, isOnTrial: state.trialStarts != nil)
      } catch {
        try note(error, &tried)
      }
      do throws(ModelStoreError) {
        if let model = try goBack() {
          announceReturn(from: current, to: model.hash, "cannot be used")
          return model
        }
      } catch {
        try note(error, &tried)
      }
      // Nothing of the store is left to use: the configured file, though it was looked at before.
      state = StoreState()
      if !configured.isEmpty {
        do throws(ModelStoreError) {
          if let model = try take(configured, isConfigured: true, former: nil) { return model }
        } catch {
          try note(error, &tried)
        }
      }
    }
    throw .none(tried: tried.string)
  }

  private func note(
    _ error: ModelStoreError,
    _ tried: inout TextBuilder
  ) throws(ModelStoreError) {
    if error.isInterruption { throw error }
    tried = TextBuilder(string: error.message)
    report(UpdateEvent(level: .error, message: error.message))
  }

  private func countStart() {
    guard let starts = state.trialStarts else { return }
    var next = state
    next.trialStarts = starts + 1
    commitOrReport(next)
  }

  private func leaveFailedTrial() {
    guard let starts = state.trialStarts, starts >= Self.trialStarts,
      let bad = state.current, let good = state.previous
    else { return }
    commitOrReport(state.withoutCurrent)
    announceReturn(from: bad, to: good, "did not get through its trial")
  }

  private func announceReturn(from bad: UInt64, to good: UInt64, _ reason: StaticString) {
    var text = TextBuilder("model ")
    text.append(bad, radix: 16, digits: 16)
    text.append(" ")
    text.append(reason)
    text.append(": back to ")
    text.append(good, radix: 16, digits: 16)
    text.append("; it is kept as ", path(of: bad))
    report(UpdateEvent(level: .error, message: text.string))
  }

  // MARK: Files

  private func readState() throws(ModelStoreError) {
    let path = folder.path(of: "state")
    guard FileMark(of: path) != nil else { return salvage("no state") }
    var bytes: [UInt8] = []
    _ = try OpenFile(reading: path)
      .readAll(limit: 4096) { portion, _ throws(ModelStoreError) in
        bytes.append(contentsOf: portion)
      }
    guard let known = StoreState(bytes) else { return salvage("a damaged state") }
    state = known
  }

  /// Makes do with the models that are there.
  private func salvage(_ reason: StaticString) {
    let names = (try? folder.names()) ?? []
    var hashes = names.compactMap { Self.hash(of: $0) }
    guard !hashes.isEmpty else { return }
    var text = TextBuilder(string: folder.path)
    text.append(": ")
    text.append(reason)
    text.append(", expected one beside ", hashes.count)
    text.append(" models; the newest that can be used is")
    report(UpdateEvent(level: .warning, message: text.string))
    hashes.sort { modified($0) > modified($1) }
    for hash in hashes where (try? open(hash)) != nil {
      if state.current == nil {
        state.current = hash
      } else if state.previous == nil {
        state.previous = hash
      }
    }
  }

  private func modified(_ hash: UInt64) -> Int64 { FileMark(of: path(of: hash))?.modified ?? 0 }

  /// Removes what no state names; a transfer that can go on stays.
  private func tidy() {
    let kept = [state.current, state.previous, state.failed]
    for name in (try? folder.names()) ?? [] {
      let isLeft = name.hasBytes(of: Self.candidate) || name.hasBytes(of: "state.new")
      guard isLeft || Self.hash(of: name).map({ !kept.contains($0) }) ?? false else { continue }
      try? folder.remove(name)
    }
  }

  /// The hash in a model's name, nil for other names.
  private static func hash(of name: String) -> UInt64? {
    var bytes: [UInt8] = []
    name.appendBytes(to: &bytes)
    guard bytes.count == 20, let digits = KeyText.hexadecimal([UInt8](bytes[..<16])),
      digits.count == 8
    else { return nil }
    let hash = digits.reduce(0) { $0 << 8 | UInt64($1) }
    return Self.name(hash).hasBytes(of: name) ? hash : nil
  }
}

extension StoreState {
  /// The state after the current model has failed.
  var withoutCurrent: StoreState {
    var next = self
    next.failed = current
    next.current = previous
    next.previous = nil
    next.trialStarts = nil
    return next
  }
}
