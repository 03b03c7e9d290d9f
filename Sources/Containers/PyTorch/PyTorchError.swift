/// Why a PyTorch or safetensors file was not read.
public enum PyTorchError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A pickle inside the file; `place` says which.
  case pickle(place: String, PickleError)
  /// The zip archive around it.
  case zip(ZipError)
  /// Bytes that are not what the format prescribes.
  case malformed(place: String, problem: String)
  /// Another file of the PyTorch world, and what to do with it.
  case unsupported(what: String, hint: String)

  /// Where, what, what to do, in one line.
  public var description: String {
    switch self {
    case .pickle(let place, let error): place.isEmpty ? "\(error)" : "\(place): \(error)"
    case .zip(let error): "\(error)"
    case .malformed(let place, let problem): "\(place): \(problem)"
    case .unsupported(let what, let hint): "\(what): \(hint)"
    }
  }
}
