internal import ModelFormat
internal import PlainText
internal import Threads

/// A model that comes in portions, as messages do; it is kept on disk and not in memory.
///
/// One thread at a time.
public final class ModelInbox: @unchecked Sendable {
  /// A transfer that is whole.
  struct Delivery {
    let file: String
    let hash: UInt64
  }

  private let folder: StoreFolder?
  private let maximumBytes: Int
  private let monitor: Monitor
  /// Under the monitor.
  private var delivery: Delivery?
  private var isBusy = false

  private var file = ""
  private var byteCount = 0
  private var received = 0
  private var expectedHash: UInt64?
  private var isReceiving = false

  /// An inbox in a folder; nil refuses everything.
  init(_ folder: StoreFolder?, maximumBytes: Int, monitor: Monitor) {
    self.folder = folder
    self.maximumBytes = maximumBytes
    self.monitor = monitor
  }

  /// Announces a model of `byteCount` bytes; one that was under way is given up unless it is the same.
  ///
  /// - Parameters:
  ///   - byteCount: bytes of the whole file.
  ///   - hash: XXH64 of the whole file where the sender knows it, as `xxhsum -H1` prints it. Only then a transfer goes on where it
  ///     was cut off, by a lost connection, an end of the service or a power cut.
  /// - Returns: bytes that are there: the offset of the next portion.
  /// - Throws: `ModelStoreError.transfer`, or `.system` where the folder cannot be written.
  public func begin(byteCount: Int, hash: UInt64? = nil) throws(ModelStoreError) -> Int {
    guard let folder else { throw .transfer(.noFolder) }
    guard byteCount > 0, byteCount <= maximumBytes else {
      throw .transfer(.size(found: byteCount, limit: maximumBytes))
    }
    guard !monitor.locked({ isBusy }) else { throw .transfer(.busy) }
    isReceiving = false
    let name = Self.name(hash)
    for other in try folder.names() where Self.isPart(other) && !other.hasBytes(of: name) {
      try folder.remove(other)
    }
    received = 0
    if hash != nil, let size = FileMark(of: folder.path(of: name))?.size, size <= byteCount {
      received = Int(size)
    } else {
      _ = try folder.create(name)
    }
    (file, self.byteCount, expectedHash) = (name, byteCount, hash)
    isReceiving = true
    return received
  }

  /// Adds a portion; one that is there already, or overlaps what is, changes nothing but what is new in it.
  ///
  /// - Returns: bytes that are there now.
  public func append(
    _ bytes: UnsafeRawBufferPointer,
    at offset: Int
  ) throws(ModelStoreError) -> Int {
    guard isReceiving, let folder else { throw .transfer(.notBegun) }
    guard offset >= 0, offset <= received else {
      throw .transfer(.offset(found: offset, expected: received))
    }
    guard bytes.count <= byteCount - offset else {
      throw .transfer(.beyond(end: offset + bytes.count, size: byteCount))
    }
    let known = received - offset
    guard known < bytes.count else { return received }
    let new = UnsafeRawBufferPointer(rebasing: bytes[known...])
    let open = try folder.reopen(file)
    try folder.write(new, at: received, to: open, file)
    received += new.count
    return received
  }

  /// Ends the transfer and hands the model over to be verified; what becomes of it is an `UpdateEvent`.
  ///
  /// Takes the time of reading the file and of writing it to disk.
  public func finish() throws(ModelStoreError) {
    guard isReceiving, let folder else { throw .transfer(.notBegun) }
    guard received == byteCount else {
      throw .transfer(.incomplete(found: received, expected: byteCount))
    }
    isReceiving = false
    let path = folder.path(of: file)
    let (hash, _) = try OpenFile(reading: path)
      .readAll(limit: byteCount) { _, _ throws(ModelStoreError) in }
    if let expectedHash, hash != expectedHash {
      try folder.remove(file)
      throw .transfer(.hash(found: hash, expected: expectedHash))
    }
    let open = try folder.reopen(file)
    try folder.sync(open, file)
    monitor.changing {
      delivery = Delivery(file: file, hash: hash)
      isBusy = true
    }
  }

  /// Gives up the transfer that is under way.
  public func abandon() {
    guard isReceiving, let folder else { return }
    isReceiving = false
    try? folder.remove(file)
  }

  /// Whether something has come in; called inside the monitor.
  var hasDelivery: Bool { delivery != nil }

  /// What has come in, once; called inside the monitor.
  ///
  /// Until `release()` no other transfer begins.
  func takeDelivery() -> Delivery? {
    defer { delivery = nil }
    return delivery
  }

  /// What `takeDelivery()` gave has been dealt with.
  func release() { monitor.locked { isBusy = false } }

  private static func name(_ hash: UInt64?) -> String {
    var text = TextBuilder()
    if let hash {
      text.append(hash, radix: 16, digits: 16)
    } else {
      text.append("unnamed")
    }
    text.append(".part")
    return text.string
  }

  private static func isPart(_ name: String) -> Bool {
    var bytes: [UInt8] = []
    name.appendBytes(to: &bytes)
    return bytes.count > 5 && bytes[(bytes.count - 5)...].elementsEqual(".part".utf8)
  }
}
