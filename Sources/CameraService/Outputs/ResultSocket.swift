internal import CLinux
internal import PlainText

/// Result lines for all who connect to a Unix socket.
///
/// Nobody is waited for. A client that reads too slowly misses lines, whole ones, and is let go when it has taken nothing for ten
/// seconds. Whoever connects gets the newest line at once. The frame loop drives it; after the first lines it takes no memory.
final class ResultSocket {
  /// What the kernel keeps for a client, about: some hundred lines, so that nobody reads what is long past.
  private static let bufferBytes: Int32 = 32_768
  /// The longest line; the rest of one that was sent in part is kept for each client.
  private static let mostLineBytes = 16_384
  private static let patienceNanoseconds: Int64 = 10_000_000_000

  private struct Client {
    var descriptor: Int32
    /// The rest of a line that was sent in part.
    var rest: [UInt8] = []
    /// When it last took something.
    var activeAt: Int64
  }

  private let path: String
  private let maximumClients: Int
  private let listener: Int32
  private var clients: [Client] = []
  private var newest: [UInt8] = []

  /// Lines that a client missed, summed over clients.
  private(set) var skipped: UInt64 = 0
  /// Clients that were let go because they took nothing.
  private(set) var dismissed: UInt64 = 0
  /// Connections that were refused because there were enough.
  private(set) var refused: UInt64 = 0

  private init(path: String, maximumClients: Int, listener: Int32) {
    self.path = path
    self.maximumClients = maximumClients
    self.listener = listener
    clients.reserveCapacity(maximumClients)
    newest.reserveCapacity(Self.mostLineBytes)
  }

  /// A socket at `path` with these permissions; one that nobody listens to any more is replaced.
  static func open(
    _ path: String,
    permissions: Int,
    maximumClients: Int
  ) throws(ServiceError) -> ResultSocket {
    var listener: Int32 = -1
    let error = path.withTerminatedBytes { cl_listen($0, UInt32(permissions), &listener) }
    guard error == 0 else {
      var text = TextBuilder(string: path)
      text.append(": no socket can be made there, ")
      text.append(TextBuilder(cString: cl_error_text(error)))
      throw ServiceError(subject: .results, message: text)
    }
    return ResultSocket(path: path, maximumClients: maximumClients, listener: listener)
  }

  /// Clients at the moment.
  var clientCount: Int { clients.count }

  /// Sends a line, its end included, to all; `now` is the monotonic clock.
  @inline(never)
  func write(_ line: UnsafeBufferPointer<UInt8>, now: Int64) {
    accept(now)
    guard line.count <= Self.mostLineBytes else {
      skipped += UInt64(clients.count)
      return
    }
    newest.removeAll(keepingCapacity: true)
    newest.append(contentsOf: line)
    var index = 0
    while index < clients.count {
      if send(line, to: index, now) { index += 1 } else { dismiss(index) }
    }
  }

  /// Takes connections that wait; between frames that do not come.
  func accept(_ now: Int64) {
    while true {
      var descriptor: Int32 = -1
      guard cl_accept(listener, Self.bufferBytes, &descriptor) == 0 else { return }
      guard clients.count < maximumClients else {
        _ = cl_close_file(descriptor)
        refused += 1
        continue
      }
      var client = Client(descriptor: descriptor, activeAt: now)
      client.rest.reserveCapacity(Self.mostLineBytes)
      clients.append(client)
      let isThere = newest.withUnsafeBufferPointer { line in
        line.isEmpty || send(line, to: clients.count - 1, now)
      }
      if !isThere { dismiss(clients.count - 1) }
    }
  }

  /// Sends what is left of an older line, then this one; false where the client is gone or takes nothing.
  private func send(_ line: UnsafeBufferPointer<UInt8>, to index: Int, _ now: Int64) -> Bool {
    let left = clients[index].rest.count
    if left > 0 {
      var sent = 0
      let error = clients[index].rest.withUnsafeBytes {
        cl_send(clients[index].descriptor, $0.baseAddress, left, &sent)
      }
      if sent > 0 { clients[index].activeAt = now }
      clients[index].rest.removeFirst(sent)
      guard error == 0 || cl_would_wait(error) != 0 else { return false }
      guard clients[index].rest.isEmpty else { return skip(index, now) }
    }
    var sent = 0
    let error = cl_send(clients[index].descriptor, line.baseAddress, line.count, &sent)
    guard error == 0 || cl_would_wait(error) != 0 else { return false }
    if sent == 0 { return skip(index, now) }
    clients[index].activeAt = now
    if sent < line.count { clients[index].rest.append(contentsOf: line[sent...]) }
    return true
  }

  /// The client misses a line; false where it has missed lines for too long.
  private func skip(_ index: Int, _ now: Int64) -> Bool {
    skipped += 1
    guard now - clients[index].activeAt > Self.patienceNanoseconds else { return true }
    dismissed += 1
    return false
  }

  private func dismiss(_ index: Int) {
    _ = cl_close_file(clients[index].descriptor)
    clients.remove(at: index)
  }

  /// Ends all connections and removes the socket.
  func close() {
    for client in clients { _ = cl_close_file(client.descriptor) }
    clients.removeAll(keepingCapacity: true)
    _ = cl_close_file(listener)
    _ = path.withTerminatedBytes { cl_remove_file($0) }
  }
}
