internal import CLinux

/// A lock with a condition.
public final class Monitor: @unchecked Sendable {
  private let monitor = cl_monitor_create()

  /// A monitor that nobody is in.
  public init() {}

  deinit { cl_monitor_destroy(monitor) }

  /// Calls `body` while no other thread is inside.
  @inlinable
  public func locked<Value>(_ body: () -> Value) -> Value {
    enter()
    defer { leave() }
    return body()
  }

  /// As `locked`, and wakes whoever waits.
  @inlinable
  public func changing<Value>(_ body: () -> Value) -> Value {
    locked {
      defer { notify() }
      return body()
    }
  }

  /// Waits, unless `isDone` already, for a change or until the monotonic clock shows `deadline`; may return early.
  public func wait(until deadline: Int64, unless isDone: () -> Bool) {
    locked {
      if !isDone() { waitInside(until: deadline) }
    }
  }

  /// Inside: leaves, waits for a change or until the monotonic clock shows `deadline` (negative: for ever), and enters again.
  ///
  /// May return early.
  public func waitInside(until deadline: Int64) { _ = cl_monitor_wait(monitor, deadline) }

  /// Wakes whoever waits.
  public func notify() { cl_monitor_notify(monitor) }

  @usableFromInline func enter() { cl_monitor_enter(monitor) }
  @usableFromInline func leave() { cl_monitor_leave(monitor) }
}
