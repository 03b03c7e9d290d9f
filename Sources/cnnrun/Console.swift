internal import CLinux

/// Standard output and standard error.
enum Console {
  /// Writes text to standard output.
  ///
  /// Ends the program with status 1 where that fails: silently if nobody reads any more (a closed pipe), else saying why.
  static func write(_ text: String) {
    let error = put(text, 1)
    guard error != 0 else { return }
    if cl_is_closed_pipe(error) == 0 {
      report("standard output: " + String(cString: cl_error_text(error)))
    }
    cl_exit(1)
  }

  /// Writes a line about something wrong to standard error.
  static func report(_ message: String) {
    _ = put("cnnrun: " + message + "\n", 2)
  }

  private static func put(_ text: String, _ descriptor: Int32) -> Int32 {
    var text = text
    return text.withUTF8 { cl_write(descriptor, $0.baseAddress, $0.count) }
  }
}
