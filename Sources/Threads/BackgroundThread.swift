internal import CLinux

/// A thread that runs one closure; without `join` it runs on by itself.
public struct BackgroundThread: ~Copyable {
  private final class Body {
    let run: () -> Void
    let isLowPriority: Bool

    init(isLowPriority: Bool, run: @escaping () -> Void) {
      self.run = run
      self.isLowPriority = isLowPriority
    }
  }

  private let thread: OpaquePointer?

  /// Starts it.
  ///
  /// - Parameters:
  ///   - name: what ps shows, at most 15 bytes.
  ///   - isLowPriority: whether it gives way to all threads of usual priority, as those that it starts do.
  ///   - run: what it does.
  /// - Throws: `ThreadError` where there can be no other thread.
  public init(
    _ name: StaticString,
    isLowPriority: Bool = false,
    run: @escaping () -> Void
  ) throws(ThreadError) {
    let body = Unmanaged.passRetained(Body(isLowPriority: isLowPriority, run: run))
    var thread: OpaquePointer?
    let words = UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
    let error = cl_thread_start(
      words,
      { context in
        guard let context else { return }
        let body = Unmanaged<Body>.fromOpaque(context).takeRetainedValue()
        if body.isLowPriority { cl_lower_priority() }
        body.run()
      },
      body.toOpaque(),
      &thread
    )
    guard error == 0 else {
      body.release()
      throw ThreadError(code: error)
    }
    self.thread = thread
  }

  /// Waits for its end.
  public consuming func join() { cl_thread_join(thread) }
}
