import Foundation
import FoundationXML

/// What a strict parser makes of a page.
final class PageParser: NSObject, XMLParserDelegate {
  /// Names of elements with those of their attributes, in order.
  private(set) var elements: [String] = []
  /// All text between elements.
  private(set) var text = ""
  /// The text inside of elements that have an identifier.
  private(set) var textByID: [String: String] = [:]
  private var open: [String?] = []

  /// What is wrong with a page.
  struct Malformed: Error {
    var reason: String
  }

  init(_ page: String) throws {
    super.init()
    let parser = XMLParser(data: Data(page.utf8))
    parser.delegate = self
    guard parser.parse() else {
      throw Malformed(
        reason: "line \(parser.lineNumber): \(parser.parserError.map { "\($0)" } ?? "")"
      )
    }
  }

  func parser(
    _ parser: XMLParser,
    didStartElement name: String,
    namespaceURI: String?,
    qualifiedName: String?,
    attributes: [String: String]
  ) {
    elements.append(([name] + attributes.keys.sorted()).joined(separator: " "))
    open.append(attributes["id"])
  }

  func parser(
    _ parser: XMLParser,
    didEndElement name: String,
    namespaceURI: String?,
    qualifiedName: String?
  ) {
    open.removeLast()
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) {
    text += string
    for id in open { if let id { textByID[id, default: ""] += string } }
  }
}
