import Foundation
import Synchronization

/// A way to a broker that can be shut, cut and blocked: what happens to networks.
final class Relay: Sendable {
  private struct State {
    var listener: Int32 = -1
    var connections: Set<Int32> = []
  }

  let port: Int
  private let target: Int
  private let state = Mutex(State())
  private let isBlocked = Atomic(false)

  /// A way to `target` on a free port, open.
  init(to target: Int) throws {
    self.target = target
    port = try Broker.freePort()
    try open()
  }

  deinit { shut() }

  /// Takes connections.
  func open() throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
    let isListening = Broker.withAddress(port) { bind(descriptor, $0, $1) } == 0
    guard isListening, listen(descriptor, 16) == 0 else { throw WaitError(what: "a relay's port") }
    state.withLock { $0.listener = descriptor }
    thread { [weak self] in
      while true {
        let client = accept(descriptor, nil, nil)
        guard client >= 0, let self else { return }
        connect(client)
      }
    }
  }

  /// Refuses connections, and ends those that there are.
  func shut() {
    state.withLock { state in
      if state.listener >= 0 {
        shutdown(state.listener, Int32(SHUT_RDWR))
        close(state.listener)
        state.listener = -1
      }
      for descriptor in state.connections { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }
  }

  /// Carries nothing any more without anybody being told; or goes on.
  func block(_ isBlocked: Bool) { self.isBlocked.store(isBlocked, ordering: .relaxed) }

  private func connect(_ client: Int32) {
    let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard Broker.withAddress(target, { Glibc.connect(server, $0, $1) }) == 0 else {
      close(client)
      close(server)
      return
    }
    state.withLock { _ = ($0.connections.insert(client), $0.connections.insert(server)) }
    let open = Both()
    pump(client, server, open)
    pump(server, client, open)
  }

  private final class Both: Sendable {
    let left = Atomic(2)
  }

  private func pump(_ from: Int32, _ to: Int32, _ open: Both) {
    thread { [self] in
      var bytes = [UInt8](repeating: 0, count: 65536)
      while true {
        while isBlocked.load(ordering: .relaxed) { usleep(5000) }
        let count = read(from, &bytes, bytes.count)
        guard count > 0, send(to, bytes, count, Int32(MSG_NOSIGNAL)) == count else {
          break
        }
      }
      shutdown(from, Int32(SHUT_RDWR))
      shutdown(to, Int32(SHUT_RDWR))
      guard open.left.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 else { return }
      state.withLock { _ = ($0.connections.remove(from), $0.connections.remove(to)) }
      close(from)
      close(to)
    }
  }

  private func thread(_ body: @escaping @Sendable () -> Void) { Thread(block: body).start() }
}
