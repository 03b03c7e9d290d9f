internal import PlainText

/// Why bytes are not a valid `model.bin`: where, what was found there, and what was expected.
///
/// It is one reference, so that throwing it through the reader's checks costs next to nothing.
public struct ModelFormatError: Error, Sendable, Equatable {
  private let finding: Finding

  /// An error at `place`, which may have a name, that says what `Finding.text` makes of the rest.
  init(
    _ place: Place,
    named name: String = "",
    field: UnsafePointer<UInt8>,
    _ line: UnsafePointer<UInt8>,
    _ values: Finding.Values
  ) {
    finding = Finding(place: place, name: name, field: field, line: line, values: values)
  }

  /// The part of the file that the error is in.
  public var place: Place { finding.place }

  /// One line, lower case: *where: what found, expected …*.
  public var message: String { finding.text.string }

  /// Whether both say the same.
  public static func == (a: ModelFormatError, b: ModelFormatError) -> Bool {
    a.finding.text.bytes == b.finding.text.bytes
  }
}

extension ModelFormatError {
  /// The part of the file that an error is in.
  public struct Place: Sendable, Equatable {
    private enum Part: UInt32 {
      case header
      case section
      case tensor
      case operation
      case golden
      case signature
    }

    private let part: Part
    private let index: UInt32

    /// The file as a whole or its header.
    public static var header: Place { Place(part: .header, index: 0) }
    /// A section, by its number in FORMAT.md.
    public static func section(_ kind: UInt32) -> Place { Place(part: .section, index: kind) }
    /// A section.
    public static func section(_ kind: SectionKind) -> Place { section(kind.rawValue) }
    /// A tensor record.
    public static func tensor(_ index: Int) -> Place { place(.tensor, index) }
    /// An operator record.
    public static func operation(_ index: Int) -> Place { place(.operation, index) }
    /// A golden vector.
    public static func golden(_ index: Int) -> Place { place(.golden, index) }

    /// The signature block.
    public static var signature: Place { Place(part: .signature, index: 0) }

    private static func place(_ part: Part, _ index: Int) -> Place {
      Place(part: part, index: UInt32(truncatingIfNeeded: index))
    }

    func append(to text: inout TextBuilder) {
      switch part {
      case .header: return text.append("header")
      case .section:
        if let section = SectionKind(rawValue: index) {
          text.append("section ")
          return text.append(section.name)
        }
        text.append("section of kind ")
      case .tensor: text.append("tensor ")
      case .operation: text.append("operator ")
      case .golden: text.append("golden vector ")
      case .signature: return text.append("signature block")
      }
      text.append(UInt64(index))
    }
  }
}
