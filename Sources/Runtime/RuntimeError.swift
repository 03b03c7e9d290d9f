public import ModelFormat
internal import PlainText

/// Why a model cannot be loaded or prepared.
public enum RuntimeError: Error, Sendable, Equatable {
  /// A file could not be opened, mapped or read: its path and the system's reason.
  case file(path: String, reason: String)
  /// The bytes are not a valid flat file: the path, or where else they come from.
  case model(path: String, ModelFormatError)
  /// A kernel set is unknown, or this build or CPU does not have it.
  case kernelSet(String, available: [String])
  /// A thread count out of range.
  case threads(Int)
  /// The system refused memory or threads: what for, and how many bytes or threads.
  case resources(String, Int)

  /// One line, lower case: *where: what, found, expected*.
  public var message: String {
    var text = TextBuilder()
    switch self {
    case .file(let path, let reason):
      text.append("", path)
      text.append(": cannot be read, ", reason)
    case .model(let path, let error):
      text.append("", path)
      text.append(": ", error.message)
    case .kernelSet(let name, let available):
      let isBuilt = KernelSet.builtNames.contains { $0.hasBytes(of: name) }
      text.append("kernel set \"", name)
      text.append("\": ")
      text.append(isBuilt ? "not on this CPU" : "not in this build")
      var separator: StaticString = ", expected one of "
      for each in available {
        text.append(separator, each)
        separator = ", "
      }
    case .threads(let count):
      text.append("threads: ", count)
      text.append(", expected 1 to ", Network.maximumThreads)
    case .resources(let what, let count):
      text.append("", what)
      text.append(": the system refused ", count)
    }
    return text.string
  }
}
