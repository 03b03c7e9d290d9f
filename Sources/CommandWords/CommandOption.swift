internal import PlainText

/// The words of a command that begin with a dash: one case an option.
public protocol CommandOption: CaseIterable {
  /// The option as it is typed.
  var name: StaticString { get }
  /// Whether a value may follow.
  var takesValue: Bool { get }
  /// What `-h` means too.
  static var help: Self { get }
}

extension CommandOption {
  /// The option that a word is; throws where there is none, or where it has a value and must not.
  public init(_ word: Words.Word, of program: StaticString) throws(UsageError) {
    self = try Self.named(word.name, of: program)
    guard word.value != nil && !takesValue else { return }
    var message = TextBuilder(name)
    message.append(" takes no value")
    throw UsageError(message)
  }

  private static func named(_ name: String, of program: StaticString) throws(UsageError) -> Self {
    for option in allCases where name.hasBytes(of: option.name) { return option }
    if name.hasBytes(of: "-h") { return .help }
    throw .unknownOption(name, among: allCases.map { $0.name }, of: program)
  }
}
