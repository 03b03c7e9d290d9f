internal import ModelFormat
internal import PlainText
internal import Runtime

/// Where the keeper's models are: in a store, or without one in memory alone.
final class ModelSource {
  private let options: UpdateOptions
  private let verification: Verification
  private let store: ModelStore?
  /// Without a store: the configured file as it was taken last.
  private var hash: UInt64?

  /// The folder of the store.
  var folder: StoreFolder? { store?.folder }

  private init(_ options: UpdateOptions, _ verification: Verification, _ store: ModelStore?) {
    self.options = options
    self.verification = verification
    self.store = store
  }

  static func open(
    _ options: UpdateOptions,
    _ verification: Verification,
    _ report: @escaping (UpdateEvent) -> Void
  ) throws(ModelStoreError) -> ModelSource {
    guard !options.folder.isEmpty else { return ModelSource(options, verification, nil) }
    let store = try ModelStore.open(
      StoreFolder(path: options.folder),
      verification: verification,
      maximumBytes: options.maximumBytes,
      report: report
    )
    return ModelSource(options, verification, store)
  }

  func first() throws(ModelStoreError) -> StoredModel {
    if let store { return try store.first(configured: options.file) }
    guard !options.file.isEmpty else { throw .none(tried: "neither a file nor a folder is set") }
    guard let model = try take(options.file, isConfigured: true, former: nil) else {
      throw .none(tried: options.file)
    }
    return model
  }

  func take(
    _ path: String,
    isConfigured: Bool,
    former: ModelFile?
  ) throws(ModelStoreError) -> StoredModel? {
    if let store { return try store.take(path, isConfigured: isConfigured, former: former) }
    let bytes = try ModelBytes.reading(path, limit: options.maximumBytes)
    let found = XXH64.hash(bytes.bytes)
    guard found != hash else { return nil }
    let file = try verification.verify(bytes, name: path)
    try verification.compare(file, with: former, name: path)
    hash = found
    return StoredModel(file: file, hash: found, isOnTrial: false)
  }

  func adopt(
    _ delivery: ModelInbox.Delivery,
    former: ModelFile?
  ) throws(ModelStoreError) -> StoredModel? {
    guard let store else { throw .transfer(.noFolder) }
    return try store.adopt(
      delivery.file,
      hash: delivery.hash,
      name: "the model received",
      isConfigured: false,
      former: former
    )
  }

  func goBack() throws(ModelStoreError) -> StoredModel? { try store?.goBack() }

  func endTrial() { store?.endTrial() }

  func endOrderly() { store?.endOrderly() }
}

extension ModelBytes {
  /// A copy of a file in memory, which what happens to the file does not touch.
  static func reading(_ path: String, limit: Int) throws(ModelStoreError) -> ModelBytes {
    guard let size = FileMark(of: path)?.size else {
      // Says what the system says.
      _ = try OpenFile(reading: path)
      throw .model(.file(path: path, reason: "changed while it was read"))
    }
    guard size <= limit else {
      throw .tooLarge(path: path, found: Int(clamping: size), limit: limit)
    }
    let file = try OpenFile(reading: path)
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(64, Int(size)),
      alignment: 64
    )
    let bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<Int(size)])
    let owner = ModelBytes(bytes) {
      UnsafeRawBufferPointer(start: $0.baseAddress, count: $0.count).deallocate()
    }
    let count = try file.read(UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(size)]), at: 0)
    guard count == Int(size) else {
      throw .model(.file(path: path, reason: "changed while it was read"))
    }
    return owner
  }
}
