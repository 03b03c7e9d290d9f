/// A TensorFlow file that cannot be read as what it claims to be.
public struct TensorFlowFileError: Error, Sendable, Equatable, CustomStringConvertible {
  /// File name without its folder.
  public var file: String
  /// One line: what, found, expected; what to do.
  public var problem: String

  /// An error in `file`, which may be a path: only its last component is kept.
  public init(_ file: String, _ problem: String) {
    self.file = file.split(separator: "/").last.map(String.init) ?? file
    self.problem = problem
  }

  /// `file: problem`.
  public var description: String { "\(file): \(problem)" }
}
