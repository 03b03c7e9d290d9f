/// Why bytes are not a valid `model.bin`: where, what was found there, and what was expected.
public struct ModelFormatError: Error, Sendable, Equatable {
  /// The part of the file that the error is in.
  public enum Place: Sendable, Equatable {
    /// The file as a whole or its header.
    case header
    /// A section, by its number in FORMAT.md.
    case section(UInt32)
    /// A tensor record.
    case tensor(Int)
    /// An operator record.
    case operation(Int)
    /// A golden vector.
    case golden(Int)
  }

  /// The part of the file that the error is in.
  public var place: Place
  /// The field or the rule.
  public var what: String
  /// The offending value.
  public var found: String
  /// What a valid file has there.
  public var expected: String

  /// An error at `place`.
  public init(_ place: Place, _ what: String, _ found: String, expected: String) {
    self.place = place
    self.what = what
    self.found = found
    self.expected = expected
  }

  /// One line, lower case: *where: what found, expected …*.
  public var message: String { "\(placeName): \(what) \(found), expected \(expected)" }

  private var placeName: String {
    switch place {
    case .header: "header"
    case .section(let kind):
      if let section = SectionKind(rawValue: kind) {
        "section \(section.name)"
      } else {
        "section of kind \(kind)"
      }
    case .tensor(let index): "tensor \(index)"
    case .operation(let index): "operator \(index)"
    case .golden(let index): "golden vector \(index)"
    }
  }
}

/// Throws unless `condition` holds.
func require(
  _ condition: Bool,
  _ place: ModelFormatError.Place,
  _ what: @autoclosure () -> String,
  _ found: @autoclosure () -> String,
  _ expected: @autoclosure () -> String
) throws(ModelFormatError) {
  if !condition { throw ModelFormatError(place, what(), found(), expected: expected()) }
}
