public import ModelFormat

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
    switch self {
    case .file(let path, let reason):
      return "\(path): cannot be read, \(reason)"
    case .model(let path, let error):
      return "\(path): \(error.message)"
    case .kernelSet(let name, let available):
      var names = ""
      for (index, each) in available.enumerated() { names += index == 0 ? each : ", \(each)" }
      let isBuilt = KernelSet.builtNames.contains { $0.utf8.elementsEqual(name.utf8) }
      let why = isBuilt ? "not on this CPU" : "not in this build"
      return "kernel set \"\(name)\": \(why), expected one of \(names)"
    case .threads(let count):
      return "threads: \(count), expected 1 to \(Network.maximumThreads)"
    case .resources(let what, let count):
      return "\(what): the system refused \(count)"
    }
  }
}
