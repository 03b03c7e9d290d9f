internal import CLinux

/// A thread that runs one closure.
struct BackgroundThread: ~Copyable {
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
  /// - Throws: `.system` where there can be no other thread.
  init(
    _ name: StaticString,
    isLowPriority: Bool,
    run: @escaping () -> Void
  ) throws(ModelStoreError) {
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
      throw .system(path: "model", .startThread, code: error)
    }
    self.thread = thread
  }

  /// Waits for its end.
  consuming func join() { cl_thread_join(thread) }
}
