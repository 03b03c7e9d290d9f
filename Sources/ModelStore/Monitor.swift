internal import CLinux

/// A lock with a condition.
final class Monitor: @unchecked Sendable {
  private let monitor = cl_monitor_create()

  deinit { cl_monitor_destroy(monitor) }

  /// Calls `body` while no other thread is inside.
  func locked<Value>(_ body: () -> Value) -> Value {
    cl_monitor_enter(monitor)
    defer { cl_monitor_leave(monitor) }
    return body()
  }

  /// As `locked`, and wakes whoever waits.
  func changing<Value>(_ body: () -> Value) -> Value {
    locked {
      defer { cl_monitor_notify(monitor) }
      return body()
    }
  }

  /// Waits, unless `isDone` already, for a change or until the monotonic clock shows `deadline`; may return early.
  func wait(until deadline: Int64, unless isDone: () -> Bool) {
    cl_monitor_enter(monitor)
    if !isDone() { _ = cl_monitor_wait(monitor, deadline) }
    cl_monitor_leave(monitor)
  }
}
