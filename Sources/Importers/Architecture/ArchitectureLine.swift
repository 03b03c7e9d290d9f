/// One call of a network text: `name = operator(operand, …, option=value, …)`.
struct ArchitectureLine: Sendable, Equatable {
  /// Line in the file, from 1.
  let number: Int
  /// Name of the result.
  let name: String
  /// The operator.
  let callee: String
  /// Names of the operands.
  let operands: [String]
  /// Options in the order written; no name comes twice.
  let options: [(name: String, value: String)]

  static func == (a: ArchitectureLine, b: ArchitectureLine) -> Bool {
    a.number == b.number && a.name == b.name && a.callee == b.callee && a.operands == b.operands
      && a.options.map(\.name) == b.options.map(\.name)
      && a.options.map(\.value) == b.options.map(\.value)
  }

  /// Prefix of the parameters' names.
  var prefix: String { self["from"] ?? name }

  /// The text of an option, or nil where it is not given.
  subscript(option: String) -> String? { options.first { $0.name == option }?.value }
}

/// A network text that does not follow the grammar.
struct ArchitectureError: Error, Equatable {
  /// Line in the file, from 1.
  var line: Int
  /// What, found, expected.
  var problem: String
}

/// Splits a network text into its lines.
///
/// ```
/// # A comment.
/// input image 1x28x28
/// conv1 = conv(image, out=8, kernel=5)
/// relu1 = relu(conv1)
/// fc = linear(relu1, out=10)
/// output fc
/// ```
struct ArchitectureGrammar {
  /// Name and extents of each input.
  private(set) var inputs: [(line: Int, name: String, extents: [Int])] = []
  /// Calls in order.
  private(set) var calls: [ArchitectureLine] = []
  /// Names of the outputs, or none for the last result.
  private(set) var outputs: [(line: Int, name: String)] = []

  /// Reads all lines.
  ///
  /// - Throws: `ArchitectureError` at the first line that does not follow the grammar.
  init(_ text: String) throws(ArchitectureError) {
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    {
      let content = Self.trimmed(Self.withoutComment(line))
      if !content.isEmpty { try read(content, number: index + 1) }
    }
  }

  private mutating func read(_ line: String, number: Int) throws(ArchitectureError) {
    let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
    if words[0] == "input", !line.contains("=") {
      guard words.count == 3, Self.isName(words[1]), let extents = Self.extents(words[2]),
        [1, 2, 3].contains(extents.count)
      else {
        throw ArchitectureError(line: number, problem: "expected \"input NAME CxHxW\"")
      }
      inputs.append((number, words[1], extents))
      return
    }
    if words[0] == "output", !line.contains("=") {
      guard words.count > 1, words.dropFirst().allSatisfy(Self.isName) else {
        throw ArchitectureError(line: number, problem: "expected \"output NAME\"")
      }
      outputs += words.dropFirst().map { (number, $0) }
      return
    }
    calls.append(try Self.call(line, number: number))
  }

  private static func call(
    _ line: String,
    number: Int
  ) throws(ArchitectureError) -> ArchitectureLine {
    let expected = "expected \"NAME = OPERATOR(OPERAND, …, OPTION=VALUE, …)\""
    guard let equals = line.firstIndex(of: "="), let open = line.firstIndex(of: "("),
      equals < open, line.last == ")"
    else { throw ArchitectureError(line: number, problem: expected) }
    let name = trimmed(line[..<equals])
    let callee = trimmed(line[line.index(after: equals)..<open])
    guard isName(name), isName(callee) else {
      throw ArchitectureError(line: number, problem: expected)
    }
    var operands: [String] = []
    var options: [(name: String, value: String)] = []
    let inside = line[line.index(after: open)..<line.index(before: line.endIndex)]
    for part in inside.split(separator: ",", omittingEmptySubsequences: false) {
      let argument = trimmed(part)
      if argument.isEmpty, trimmed(inside).isEmpty { break }
      let pieces = argument.split(separator: "=", omittingEmptySubsequences: false).map(trimmed)
      switch pieces.count {
      case 1 where isName(pieces[0]): operands.append(pieces[0])
      case 2 where isName(pieces[0]) && !pieces[1].isEmpty:
        guard !options.contains(where: { $0.name == pieces[0] }) else {
          throw ArchitectureError(line: number, problem: "option \"\(pieces[0])\" comes twice")
        }
        options.append((pieces[0], pieces[1]))
      default:
        throw ArchitectureError(
          line: number,
          problem: "argument \"\(argument)\", expected a name or OPTION=VALUE"
        )
      }
    }
    return ArchitectureLine(
      number: number,
      name: name,
      callee: callee,
      operands: operands,
      options: options
    )
  }

  /// A number sign at the start or after a space begins a comment; inside a name it does not.
  private static func withoutComment(_ line: Substring) -> Substring {
    var previous: Character = " "
    for index in line.indices {
      if line[index] == "#", previous.isWhitespace { return line[..<index] }
      previous = line[index]
    }
    return line
  }

  private static func trimmed(_ text: some StringProtocol) -> String {
    let start = text.firstIndex { !$0.isWhitespace } ?? text.endIndex
    let end = text.lastIndex { !$0.isWhitespace }.map { text.index(after: $0) } ?? start
    return String(text[start..<max(start, end)])
  }

  private static func isName(_ text: String) -> Bool {
    !text.isEmpty
      && text.unicodeScalars.allSatisfy {
        !$0.properties.isWhitespace && !"=(),".unicodeScalars.contains($0)
      }
  }

  /// `3x224x224`, each from 1 to 65536, and at most 2^28 in all.
  static func extents(_ text: String) -> [Int]? {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    let isSmall = parts.reduce(1) { $0.saturatingProduct($1) } <= 1 << 28
    return isSmall && parts.allSatisfy { (1...65536).contains($0) } ? parts : nil
  }
}
