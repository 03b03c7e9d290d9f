/// Text of a page that is well-formed XML as well as HTML, whatever it is given.
///
/// Names of elements and attributes are literals; everything else is escaped, and characters that XML forbids or that turn the
/// direction of text are replaced.
struct Markup {
  /// The page so far.
  private(set) var text = ""

  /// An element with content.
  mutating func element(
    _ name: StaticString,
    _ attributes: KeyValuePairs<StaticString, String> = [:],
    _ content: (inout Markup) -> Void
  ) {
    open(name, attributes)
    text += ">"
    content(&self)
    text += "</\(name)>"
  }

  /// An element that holds text.
  mutating func element(
    _ name: StaticString,
    _ attributes: KeyValuePairs<StaticString, String>,
    _ content: String
  ) {
    element(name, attributes) { $0.write(content) }
  }

  /// An element without attributes that holds text.
  mutating func element(_ name: StaticString, _ content: String) { element(name, [:], content) }

  /// An element that never has content, as `<br/>`.
  mutating func empty(
    _ name: StaticString,
    _ attributes: KeyValuePairs<StaticString, String> = [:]
  ) {
    open(name, attributes)
    text += "/>"
  }

  /// An empty box that style sheet and `style` make a drawing of; with a closing tag, which HTML wants here.
  mutating func box(_ kind: String, _ style: String) {
    element("i", ["class": kind, "style": style], "")
  }

  /// Text between elements.
  mutating func write(_ string: String) { text += Self.escaped(string) }

  /// A literal that is markup already.
  mutating func literal(_ markup: StaticString) { text += "\(markup)" }

  /// A line feed, for readers of the source.
  mutating func newLine() { text += "\n" }

  private mutating func open(
    _ name: StaticString,
    _ attributes: KeyValuePairs<StaticString, String>
  ) {
    text += "<\(name)"
    for (key, value) in attributes { text += " \(key)=\"\(Self.escaped(value))\"" }
  }

  static func escaped(_ string: String) -> String {
    var result = ""
    for scalar in string.unicodeScalars {
      switch scalar.value {
      case 0x26: result += "&amp;"
      case 0x3C: result += "&lt;"
      case 0x3E: result += "&gt;"
      case 0x22: result += "&quot;"
      case 0x27: result += "&#39;"
      case 0x09, 0x0A, 0x0D: result += " "
      case 0..<0x20, 0x7F..<0xA0, 0xFFFE, 0xFFFF: result += "\u{FFFD}"
      case 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
