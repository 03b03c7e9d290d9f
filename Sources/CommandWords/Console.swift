internal import CLinux
public import PlainText

/// Standard output and standard error of a command.
public struct Console: Sendable {
  private let program: StaticString

  /// The console of the command with this name, which begins every line about something wrong.
  public init(program: StaticString) { self.program = program }

  /// The arguments, without the program's name.
  public static var arguments: [String] {
    (1..<max(1, cl_argument_count())).map { index in
      if let argument = cl_argument(index) { TextBuilder(cString: argument).string } else { "" }
    }
  }

  /// Writes text to standard output.
  ///
  /// Ends the program with status 1 where that fails: silently if nobody reads any more (a closed pipe), else saying why.
  public func write(_ text: TextBuilder) {
    let error = put(text, 1)
    guard error != 0 else { return }
    if cl_is_closed_pipe(error) == 0 {
      var message = TextBuilder("standard output: ")
      message.append(TextBuilder(cString: cl_error_text(error)))
      report(message)
    }
    cl_exit(1)
  }

  /// Writes a line about something wrong to standard error: `message`, or *where: message*.
  @inline(never)
  public func report(_ message: TextBuilder, of place: String = "") {
    var line = TextBuilder(program)
    line.append(": ")
    if !place.isEmpty {
      line.append("", place)
      line.append(": ")
    }
    line.append(message)
    line.append("\n")
    _ = put(line, 2)
  }

  /// The exit status of a command that is what `body` gives, and 2 for a mistake in its command line, which is reported.
  public func status(_ body: () throws(UsageError) -> Int32) -> Int32 {
    do throws(UsageError) {
      return try body()
    } catch {
      report(error.message)
      return 2
    }
  }

  private func put(_ text: TextBuilder, _ descriptor: Int32) -> Int32 {
    text.bytes.withUnsafeBufferPointer { cl_write(descriptor, $0.baseAddress, $0.count) }
  }
}
