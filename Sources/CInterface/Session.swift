internal import CEdgeCNN
internal import ModelFormat
internal import Pixels
internal import Runtime

/// What an `edgecnn_network` points to.
struct Session: ~Copyable {
  /// The network; the session owns a reference, so that using it counts none.
  let network: Unmanaged<Network>
  /// The file's strings in place.
  let text: InPlaceText
  /// Why the last function failed.
  let error: UnsafeMutablePointer<edgecnn_error>
  /// How images become the input; nil until there is one.
  var images: UnsafeMutablePointer<PixelPlan>?

  /// A session of a network.
  init(_ network: Network) {
    self.network = .passRetained(network)
    text = InPlaceText(network.file)
    error = .allocate(capacity: 1)
    _ = Message(error)
  }

  deinit {
    images?.deinitialize(count: 1)
    images?.deallocate()
    error.deallocate()
    network.release()
  }

  /// The session of a handle.
  static func at(_ handle: OpaquePointer) -> UnsafeMutablePointer<Session> {
    UnsafeMutablePointer(handle)
  }
}

/// Empties the error text of `handle` and calls `body` with its session and its network.
///
/// - Returns: what `body` does; `EDGECNN_ARGUMENT` where `handle` is nil.
func withSession(
  _ handle: OpaquePointer?,
  _ body: (UnsafeMutablePointer<Session>, Network) -> edgecnn_status
) -> edgecnn_status {
  guard let handle else { return EDGECNN_ARGUMENT }
  let session = Session.at(handle)
  _ = Message(session.pointee.error)
  return session.pointee.network._withUnsafeGuaranteedRef { body(session, $0) }
}

extension UnsafeMutablePointer<Session> {
  /// Leaves the text that `write` makes and returns `status`.
  func fail(_ status: edgecnn_status, _ write: (inout Message) -> Void) -> edgecnn_status {
    var message = Message(pointee.error)
    write(&message)
    return status
  }

  /// Leaves *what: NULL, expected a pointer*.
  func missing(_ what: StaticString) -> edgecnn_status {
    fail(EDGECNN_ARGUMENT) {
      $0.append(what)
      $0.append(": NULL, expected a pointer")
    }
  }

  /// Leaves *what: found, rule expected*.
  func refuse(
    _ what: StaticString,
    _ found: Int,
    _ rule: StaticString,
    _ expected: Int
  ) -> edgecnn_status {
    fail(EDGECNN_ARGUMENT) {
      $0.append(what)
      $0.append(": ")
      $0.append(UInt(bitPattern: found))
      $0.append(rule)
      $0.append(UInt(bitPattern: expected))
    }
  }
}
