internal import Threads

/// The newest result and picture, posted by the frame loop and copied out by whoever publishes them.
///
/// Any thread may read. Memory grows to the largest result and picture and stays.
public final class Bulletin: @unchecked Sendable {
  private struct Notice {
    var bytes: [UInt8] = []
    var number: UInt64 = 0

    mutating func post(_ content: UnsafeBufferPointer<UInt8>) {
      bytes.removeAll(keepingCapacity: true)
      bytes.append(contentsOf: content)
      number += 1
    }

    func copy(after last: UInt64, into target: inout [UInt8]) -> UInt64? {
      guard number > last else { return nil }
      target.removeAll(keepingCapacity: true)
      target.append(contentsOf: bytes)
      return number
    }
  }

  private let monitor = Monitor()
  private var result = Notice()
  private var picture = Notice()
  private var isOver = false
  private var watchers = 0
  private var wantsOnePicture = false
  private var currentState = ServiceState.starting
  private var currentDescription = ServiceDescription()
  private var stateNumber: UInt64 = 0
  private var listener: (() -> Void)?

  /// A board with nothing on it.
  public init() {}

  /// Calls `listener` after every piece of news from now on, in the poster's thread and with the board locked.
  ///
  /// It must cost next to nothing, and not use the board. When the call returns, the listener before it is not called any more.
  public func setListener(_ listener: (() -> Void)?) { monitor.locked { self.listener = listener } }

  private func announce() {
    monitor.notify()
    listener?()
  }

  /// Posts the newest result, a JSON object without a line's end.
  public func post(result json: UnsafeBufferPointer<UInt8>) {
    monitor.locked {
      result.post(json)
      announce()
    }
  }

  /// Posts the newest picture, a whole JPEG file.
  public func post(picture jpeg: UnsafeBufferPointer<UInt8>) {
    monitor.locked {
      picture.post(jpeg)
      wantsOnePicture = false
      announce()
    }
  }

  /// What the service is doing.
  public var state: ServiceState {
    get { monitor.locked { currentState } }
    set {
      monitor.locked {
        guard currentState != newValue else { return }
        currentState = newValue
        stateNumber += 1
        announce()
      }
    }
  }

  /// With what it does it.
  public var description: ServiceDescription {
    get { monitor.locked { currentDescription } }
    set {
      monitor.locked {
        currentDescription = newValue
        stateNumber += 1
        announce()
      }
    }
  }

  /// Copies the newest result over `target` if it is newer than number `last` (0: any), and returns its number.
  public func copyResult(after last: UInt64, into target: inout [UInt8]) -> UInt64? {
    monitor.locked { result.copy(after: last, into: &target) }
  }

  /// Copies the newest picture over `target` if it is newer than number `last` (0: any), and returns its number.
  public func copyPicture(after last: UInt64, into target: inout [UInt8]) -> UInt64? {
    monitor.locked { picture.copy(after: last, into: &target) }
  }

  /// Whether somebody wants pictures.
  public var wantsPicture: Bool { monitor.locked { watchers > 0 || wantsOnePicture } }

  /// From now on every picture is wanted, until as many `endWatching` as `beginWatching`.
  public func beginWatching() { monitor.locked { watchers += 1 } }

  /// The end of a `beginWatching`.
  public func endWatching() { monitor.locked { watchers -= 1 } }

  /// The next picture is wanted; later ones are not.
  public func requestPicture() { monitor.locked { wantsOnePicture = true } }

  /// Numbers of the newest result and picture, and of changes of state and description.
  public var numbers: (result: UInt64, picture: UInt64, state: UInt64) {
    monitor.locked { (result.number, picture.number, stateNumber) }
  }

  /// Waits until something is posted, the state changes, `end()` is called or the monotonic clock shows `deadline`.
  ///
  /// May return early: look at what there is.
  public func waitForNews(until deadline: Int64) {
    monitor.wait(until: deadline) { isOver }
  }

  /// Whether `end()` has been called.
  public var hasEnded: Bool { monitor.locked { isOver } }

  /// Wakes all who wait; nobody waits from now on.
  public func end() {
    monitor.locked {
      isOver = true
      monitor.notify()
    }
  }
}
