import PlainText
import Synchronization

@testable import CameraService

/// What takes models in, in memory, by the rules of the real one.
final class FakeInbox: Sendable {
  struct State {
    var bytes: [UInt8] = []
    var expected = 0
    var hash: UInt64?
    var status = ModelDelivery.Status.none
    var number: UInt64 = 0
    var offered: [String] = []
    var rollBacks = 0
  }

  let state = Mutex(State())
  private let limit = 1 << 20

  var delivery: ModelDelivery {
    ModelDelivery(
      begin: { [self] count, hash in
        state.withLock { state in
          guard count <= limit else { return .refused(TextBuilder("too large")) }
          if count != state.expected || hash != state.hash {
            (state.bytes, state.expected, state.hash) = ([], count, hash)
          }
          return .received(state.bytes.count)
        }
      },
      append: { [self] bytes, offset in
        state.withLock { state in
          guard offset <= state.bytes.count else {
            var reason = TextBuilder("chunk at ")
            reason.append("", offset)
            reason.append(", expected ", state.bytes.count)
            return .refused(reason)
          }
          if offset + bytes.count > state.bytes.count {
            state.bytes.append(contentsOf: bytes.dropFirst(state.bytes.count - offset))
          }
          return .received(state.bytes.count)
        }
      },
      finish: { [self] in
        state.withLock { state in
          guard state.bytes.count == state.expected else {
            return .refused(TextBuilder("bytes missing"))
          }
          state.status =
            state.bytes.first == 0x45
            ? .taken(hash: 0xABC) : .refused(TextBuilder("not a \"model\""))
          state.number += 1
          return .received(state.bytes.count)
        }
      },
      offer: { [self] path in
        state.withLock { $0.offered.append(path) }
        return TextBuilder(path.hasPrefix("/nowhere") ? "/nowhere: not found" : "")
      },
      rollBack: { [self] in
        state.withLock { $0.rollBacks += 1 }
        return TextBuilder()
      },
      status: { [self] in state.withLock { ($0.status, $0.number) } }
    )
  }
}
