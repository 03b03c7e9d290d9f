internal import CLinux
internal import PlainText

/// Result lines on standard output or at the end of a file.
///
/// A file is opened again after `reopen()`, which is what SIGHUP does, so that it may be rotated away. Lines that cannot be
/// written, because the disk is full, are counted, and the next one is tried again.
final class ResultLines {
  private let path: String
  private var descriptor: Int32 = -1

  /// The results that could not be written.
  private(set) var dropped: UInt64 = 0
  /// The errno value of the last failure, 0 after a line that was written.
  private(set) var error: Int32 = 0

  /// Lines to `path`, where `-` is standard output.
  init(path: String) {
    self.path = path
    reopen()
  }

  deinit { close() }

  private var isStandardOutput: Bool { path.hasBytes(of: "-") }

  private func close() {
    if descriptor >= 0 && !isStandardOutput { _ = cl_close_file(descriptor) }
  }

  /// Closes the file and opens what now has its name.
  func reopen() {
    close()
    guard !isStandardOutput else {
      descriptor = 1
      return
    }
    descriptor = -1
    var opened: Int32 = -1
    error = path.withTerminatedBytes { cl_open_to_append($0, &opened) }
    if error == 0 { descriptor = opened }
  }

  /// Writes a line, its end included.
  func write(_ line: UnsafeBufferPointer<UInt8>) {
    if descriptor < 0 { reopen() }
    if descriptor >= 0 { error = cl_write(descriptor, line.baseAddress, line.count) }
    if error != 0 { dropped += 1 }
  }

  /// Whether nobody reads any more and nobody will.
  var isClosedPipe: Bool { error != 0 && isStandardOutput && cl_is_closed_pipe(error) != 0 }
}
