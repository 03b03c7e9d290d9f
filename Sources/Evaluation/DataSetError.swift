/// Why a data set cannot be used.
public enum DataSetError: Error, Equatable {
  /// A file or folder that is missing, unreadable or not what it should be.
  case file(path: String, problem: String)
  /// A place without a single image; `found` files were looked at.
  case noImages(path: String, found: Int)
  /// Classes that the model does not have, at most five of `count`.
  case unknownClasses(path: String, examples: [String], count: Int, outputs: Int)

  /// One line: where, what, found, expected.
  public var message: String {
    switch self {
    case .file(let path, let problem): "\(path): \(problem)"
    case .noImages(let path, let found):
      "\(path): no readable images, found \(found), expected JPEG or PNG"
    case .unknownClasses(let path, let examples, let count, let outputs):
      "\(path): \(count) classes that the model does not name: \(examples.joined(separator: ", "))\(count > examples.count ? ", …" : "")"
        + "; expected its labels or 0…\(outputs - 1); give their order with --labels FILE"
    }
  }
}
