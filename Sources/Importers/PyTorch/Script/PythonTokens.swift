/// One word of Python source.
enum PythonToken: Equatable, Sendable {
  case name(String)
  case number(String)
  case string(String)
  case symbol(String)
  case newline
  case indent
  case dedent
}

/// Splits Python source into words; source that is not Python gives words all the same.
struct PythonTokenizer {
  private let text: [UInt8]
  private var position = 0
  private var tokens: [PythonToken] = []
  private var indents = [0]
  private var depth = 0

  /// The words of `source`.
  static func tokens(of source: String) -> [PythonToken] {
    var tokenizer = PythonTokenizer(text: Array(source.utf8))
    tokenizer.run()
    return tokenizer.tokens
  }

  private init(text: [UInt8]) { self.text = text }

  private func peek(_ ahead: Int = 0) -> UInt8 {
    position + ahead < text.count ? text[position + ahead] : 0
  }

  private mutating func run() {
    var isLineStart = true
    while position < text.count {
      if isLineStart, depth == 0 {
        isLineStart = false
        guard indentation() else {
          isLineStart = true
          continue
        }
      }
      let byte = peek()
      switch byte {
      case 10:
        position += 1
        if depth == 0 {
          end()
          isLineStart = true
        }
      case UInt8(ascii: "#"): while position < text.count, peek() != 10 { position += 1 }
      case UInt8(ascii: "\\") where peek(1) == 10: position += 2
      case UInt8(ascii: "\\") where peek(1) == 13 && peek(2) == 10: position += 3
      case 9, 12, 13, 32: position += 1
      case UInt8(ascii: ";"):
        position += 1
        end()
      default: word(byte)
      }
    }
    end()
    for _ in indents.dropFirst() { tokens.append(.dedent) }
  }

  private mutating func end() {
    switch tokens.last {
    case nil, .newline, .indent, .dedent: break
    default: tokens.append(.newline)
    }
  }

  /// Measures the line's indentation; false for an empty line, which has none.
  private mutating func indentation() -> Bool {
    var column = 0
    while peek() == 32 || peek() == 9 {
      column += peek() == 9 ? 8 : 1
      position += 1
    }
    if peek() == 13 { position += 1 }
    guard position < text.count, peek() != 10, peek() != UInt8(ascii: "#") else {
      while position < text.count, peek() != 10 { position += 1 }
      position += 1
      return false
    }
    if column > indents.last ?? 0 {
      indents.append(column)
      tokens.append(.indent)
    }
    while column < indents.last ?? 0 {
      indents.removeLast()
      tokens.append(.dedent)
    }
    return true
  }

  private mutating func word(_ byte: UInt8) {
    if let prefix = stringPrefix() {
      string(prefix: prefix)
    } else if isNameStart(byte) {
      let start = position
      while isNameStart(peek()) || isDigit(peek()) { position += 1 }
      tokens.append(.name(String(decoding: text[start..<position], as: UTF8.self)))
    } else if isDigit(byte) || byte == UInt8(ascii: ".") && isDigit(peek(1)) {
      number()
    } else {
      symbol()
    }
  }

  private func isNameStart(_ byte: UInt8) -> Bool {
    byte == 95 || (65...90).contains(byte) || (97...122).contains(byte) || byte > 127
  }

  private func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

  private mutating func number() {
    let start = position
    while isDigit(peek()) || isNameStart(peek()) || peek() == UInt8(ascii: ".") {
      let isExponent = peek() | 32 == UInt8(ascii: "e")
      position += 1
      if isExponent, peek() == UInt8(ascii: "-") || peek() == UInt8(ascii: "+"), isDigit(peek(1)) {
        position += 1
      }
    }
    let digits = text[start..<position].filter { $0 != 95 }
    tokens.append(.number(String(decoding: digits, as: UTF8.self)))
  }

  private mutating func symbol() {
    for length in [3, 2] where position + length <= text.count {
      let candidate = String(decoding: text[position..<position + length], as: UTF8.self)
      if Self.longSymbols.contains(candidate) {
        tokens.append(.symbol(candidate))
        position += length
        return
      }
    }
    let character = String(decoding: [peek()], as: UTF8.self)
    if "([{".contains(character) { depth += 1 }
    if ")]}".contains(character) { depth = max(0, depth - 1) }
    tokens.append(.symbol(character))
    position += 1
  }

  private static let longSymbols: Set<String> = [
    "**=", "//=", ">>=", "<<=", "...", "->", "**", "//", "==", "!=", "<=", ">=", "+=", "-=", "*=",
    "/=", "%=", "@=",
    ":=", "<<", ">>",
  ]

  /// Length of `r`, `b`, `f`, `u` before a quote; nil where no string starts here.
  private func stringPrefix() -> Int? {
    for length in 0...2 {
      let byte = peek(length)
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") { return length }
      guard "rRbBfFuU".utf8.contains(byte) else { return nil }
    }
    return nil
  }

  private mutating func string(prefix: Int) {
    position += prefix
    let quote = peek()
    let isTriple = peek(1) == quote && peek(2) == quote
    position += isTriple ? 3 : 1
    var content: [UInt8] = []
    while position < text.count {
      let byte = peek()
      if byte == UInt8(ascii: "\\"), position + 1 < text.count {
        content.append(text[position + 1])
        position += 2
      } else if byte == quote, !isTriple || peek(1) == quote && peek(2) == quote {
        position += isTriple ? 3 : 1
        break
      } else {
        content.append(byte)
        position += 1
      }
    }
    tokens.append(.string(String(decoding: content, as: UTF8.self)))
  }
}
