/// Parses Python by recursive descent, as far as forward functions go.
struct PythonParser {
  private let tokens: [PythonToken]
  private var position = 0
  private var depth = 0

  private init(_ tokens: [PythonToken]) { self.tokens = tokens }

  /// Classes and functions of a source text; everything else is passed over.
  static func program(_ source: String) -> PythonProgram {
    var parser = PythonParser(PythonTokenizer.tokens(of: source))
    var program = PythonProgram()
    while parser.position < parser.tokens.count {
      if parser.accept(name: "class"), let name = parser.acceptName() {
        program.classes[name] = parser.classBody()
      } else if parser.accept(name: "def"), let function = parser.function() {
        program.functions[function.name] = function
      } else {
        parser.position += 1
      }
    }
    return program
  }

  /// The statements of a function's body.
  ///
  /// - Throws: `PythonSyntaxError` at what is not understood.
  static func statements(_ body: [PythonToken]) throws(PythonSyntaxError) -> [PythonStatement] {
    try statements(body, depth: 0)
  }

  private static func statements(
    _ body: [PythonToken],
    depth: Int
  ) throws(PythonSyntaxError) -> [PythonStatement] {
    var parser = PythonParser(body)
    parser.depth = depth
    var result: [PythonStatement] = []
    while parser.position < body.count { result.append(try parser.statement()) }
    return result
  }

  // MARK: Definitions

  private mutating func classBody() -> PythonClass {
    var result = PythonClass()
    var body = PythonParser(block())
    while body.position < body.tokens.count {
      if body.accept(name: "def") {
        if let function = body.function() { result.functions[function.name] = function }
        continue
      }
      let start = body.position
      if let name = body.acceptName(), body.accept(":") || body.peek == .symbol("=") {
        while let token = body.peek, token != .symbol("="), token != .newline {
          body.position += 1
        }
        if body.accept("="), let value = try? body.expression() { result.constants[name] = value }
      }
      if body.position == start { body.position += 1 }
      while let token = body.peek, token != .newline {
        body.position += token == .indent ? 0 : 1
        if token == .indent { break }
      }
      if body.peek == .indent { _ = body.indented() } else { body.position += 1 }
    }
    return result
  }

  private mutating func function() -> PythonFunction? {
    guard let name = acceptName(), accept("(") else { return nil }
    var parameters: [(name: String, value: PythonExpression?)] = []
    while let token = peek, token != .symbol(")") {
      guard let parameter = acceptName() else {
        position += 1
        continue
      }
      if accept(":") { skipAnnotation() }
      var value: PythonExpression?
      if accept("=") {
        guard let parsed = try? expression() else { return nil }
        value = parsed
      }
      parameters.append((parameter, value))
    }
    return PythonFunction(name: name, parameters: parameters, body: block())
  }

  /// Passes over a type, up to `,`, `=` or `)` outside brackets.
  private mutating func skipAnnotation() {
    var open = 0
    while let token = peek {
      if open == 0, [.symbol(","), .symbol("="), .symbol(")")].contains(token) { return }
      if token == .symbol("[") || token == .symbol("(") { open += 1 }
      if token == .symbol("]") || token == .symbol(")") { open -= 1 }
      position += 1
    }
  }

  /// The words after the next colon at the end of a line: an indented block, or the rest of the line.
  private mutating func block() -> [PythonToken] {
    var open = 0
    while let token = peek {
      if token == .symbol("(") || token == .symbol("[") { open += 1 }
      if token == .symbol(")") || token == .symbol("]") { open -= 1 }
      position += 1
      if token == .symbol(":"), open <= 0 { break }
    }
    if accept(.newline) { return peek == .indent ? indented() : [] }
    let start = position
    while let token = peek, token != .newline { _ = token; position += 1 }
    _ = accept(.newline)
    return Array(tokens[start..<position])
  }

  private mutating func indented() -> [PythonToken] {
    guard accept(.indent) else { return [] }
    let start = position
    var level = 1
    while let token = peek {
      if token == .indent { level += 1 }
      if token == .dedent { level -= 1 }
      if level == 0 { break }
      position += 1
    }
    let body = Array(tokens[start..<position])
    _ = accept(.dedent)
    return body
  }

  // MARK: Statements

  private mutating func statement() throws(PythonSyntaxError) -> PythonStatement {
    depth += 1
    defer { depth -= 1 }
    guard depth < 64 else { throw PythonSyntaxError(found: "nesting beyond 64 levels") }
    switch peek {
    case .newline, .indent, .dedent:
      position += 1
      return .nothing
    case .name("return"):
      position += 1
      if accept(.newline) || peek == nil { return .return_(.none) }
      return try ended(.return_(try expressions()))
    case .name("if"): return try branch()
    case .name("for"):
      position += 1
      let target = try targetList()
      guard accept(name: "in") else { throw unexpected }
      let iterable = try expressions()
      return .loop(target, over: iterable, try Self.statements(block(), depth: depth))
    case .name("with"):
      // `with torch.no_grad():` changes nothing here.
      let body = try Self.statements(block(), depth: depth)
      return .branch([(.bool(true), body)], otherwise: [])
    case .name("pass"), .name("assert"), .name("global"), .name("import"), .name("from"),
      .name("del"):
      while let token = peek, token != .newline { _ = token; position += 1 }
      return .nothing
    case .name("raise"):
      while let token = peek, token != .newline { _ = token; position += 1 }
      return .raise
    case .name("while"), .name("try"), .name("def"), .name("class"), .name("lambda"),
      .name("yield"):
      throw unexpected
    default: return try simple()
    }
  }

  private mutating func branch() throws(PythonSyntaxError) -> PythonStatement {
    var cases: [(test: PythonExpression, body: [PythonStatement])] = []
    while accept(name: cases.isEmpty ? "if" : "elif") {
      let test = try expression()
      cases.append((test, try Self.statements(block(), depth: depth)))
      while accept(.newline) {}
    }
    var otherwise: [PythonStatement] = []
    if accept(name: "else") { otherwise = try Self.statements(block(), depth: depth) }
    return .branch(cases, otherwise: otherwise)
  }

  private mutating func simple() throws(PythonSyntaxError) -> PythonStatement {
    let first = try expressions()
    if accept(":") {
      skipAnnotation()
      guard accept("=") else { return .nothing }
      return try ended(.assign([first], try expressions()))
    }
    for operation in ["+", "-", "*", "/", "//", "%", "**"] where accept(operation + "=") {
      return try ended(.augment(first, operation, try expressions()))
    }
    var targets: [PythonExpression] = []
    var value = first
    while accept("=") {
      targets.append(value)
      value = try expressions()
    }
    return try ended(targets.isEmpty ? .evaluate(first) : .assign(targets, value))
  }

  private mutating func ended(
    _ statement: PythonStatement
  ) throws(PythonSyntaxError) -> PythonStatement {
    guard peek == nil || accept(.newline) || peek == .dedent else { throw unexpected }
    return statement
  }

  /// Names before `in`.
  private mutating func targetList() throws(PythonSyntaxError) -> PythonExpression {
    var names: [PythonExpression] = []
    _ = accept("(")
    repeat {
      guard let name = acceptName() else { throw unexpected }
      names.append(.name(name))
    } while accept(",")
    _ = accept(")")
    return names.count == 1 ? names[0] : .tuple(names)
  }

  // MARK: Expressions

  /// One expression, or several with commas: a tuple.
  private mutating func expressions() throws(PythonSyntaxError) -> PythonExpression {
    var list = [try starred()]
    var isTuple = false
    while accept(",") {
      isTuple = true
      guard startsExpression else { break }
      list.append(try starred())
    }
    return isTuple ? .tuple(list) : list[0]
  }

  private var startsExpression: Bool {
    switch peek {
    case .name, .number, .string, .symbol("("), .symbol("["), .symbol("-"), .symbol("*"): true
    default: false
    }
  }

  private mutating func starred() throws(PythonSyntaxError) -> PythonExpression {
    if accept("*") { return .star(try expression()) }
    return try expression()
  }

  private mutating func expression() throws(PythonSyntaxError) -> PythonExpression {
    depth += 1
    defer { depth -= 1 }
    guard depth < 64 else { throw PythonSyntaxError(found: "nesting beyond 64 levels") }
    let value = try operation(0)
    guard accept(name: "if") else { return value }
    let test = try operation(0)
    guard accept(name: "else") else { throw unexpected }
    return .conditional(test: test, then: value, otherwise: try expression())
  }

  /// Binary operators by binding strength, weakest first.
  private static let levels: [[String]] = [
    ["or"], ["and"], ["not"], ["==", "!=", "<", ">", "<=", ">=", "is", "in"], ["+", "-"],
    ["*", "/", "//", "%", "@"],
  ]

  private mutating func operation(_ level: Int) throws(PythonSyntaxError) -> PythonExpression {
    guard level < Self.levels.count else { return try factor() }
    if level == 2 {
      if accept(name: "not") {
        depth += 1
        defer { depth -= 1 }
        guard depth < 64 else { throw PythonSyntaxError(found: "nesting beyond 64 levels") }
        return .unary("not", try operation(level))
      }
      return try operation(level + 1)
    }
    var left = try operation(level + 1)
    var count = 0
    while let found = Self.levels[level].first(where: { peek == .symbol($0) || peek == .name($0) })
    {
      position += 1
      count += 1
      guard count < 64 else { throw PythonSyntaxError(found: "a chain of 64 operators") }
      let isNegated = found == "is" && accept(name: "not")
      let right = try operation(level + 1)
      left = .binary(found, left, right)
      if isNegated { left = .unary("not", left) }
    }
    return left
  }

  private mutating func factor() throws(PythonSyntaxError) -> PythonExpression {
    depth += 1
    defer { depth -= 1 }
    guard depth < 96 else { throw PythonSyntaxError(found: "nesting beyond 96 levels") }
    if accept("-") { return .unary("-", try factor()) }
    if accept("+") { return try factor() }
    let base = try trailed(try atom())
    if accept("**") { return .binary("**", base, try factor()) }
    return base
  }

  /// Attributes, calls and subscripts.
  private mutating func trailed(
    _ base: PythonExpression
  ) throws(PythonSyntaxError) -> PythonExpression {
    var value = base
    var count = 0
    while true {
      count += 1
      guard count < 64 else { throw PythonSyntaxError(found: "a chain of 64 calls") }
      if accept(".") {
        guard let name = acceptName() else { throw unexpected }
        value = .attribute(value, name)
      } else if accept("(") {
        value = try call(value)
      } else if accept("[") {
        var indices = [try index()]
        while accept(",") { indices.append(try index()) }
        guard accept("]") else { throw unexpected }
        value = .subscript_(value, indices)
      } else {
        return value
      }
    }
  }

  private mutating func call(
    _ callee: PythonExpression
  ) throws(PythonSyntaxError) -> PythonExpression {
    var arguments: [PythonExpression] = []
    var named: [(name: String, value: PythonExpression)] = []
    while !accept(")") {
      if case .name(let name) = peek, position + 1 < tokens.count,
        tokens[position + 1] == .symbol("=")
      {
        position += 2
        named.append((name, try expression()))
      } else {
        arguments.append(try starred())
      }
      guard accept(",") || peek == .symbol(")") else { throw unexpected }
    }
    return .call(callee, arguments, named)
  }

  private mutating func index() throws(PythonSyntaxError) -> PythonIndex {
    var parts: [PythonExpression?] = [nil]
    if peek != .symbol(":") { parts[0] = try expression() }
    while accept(":") {
      parts.append(
        peek == .symbol(":") || peek == .symbol("]") || peek == .symbol(",")
          ? nil : try expression()
      )
    }
    if parts.count == 1, let item = parts[0] { return .item(item) }
    guard parts.count <= 3 else { throw unexpected }
    return .slice(parts[0], parts.count > 1 ? parts[1] : nil, parts.count > 2 ? parts[2] : nil)
  }

  private mutating func atom() throws(PythonSyntaxError) -> PythonExpression {
    switch peek {
    case .number(let text):
      position += 1
      if let value = Int(text) { return .int(value) }
      if let value = Double(text.hasSuffix(".") ? text + "0" : text) { return .float(value) }
      throw PythonSyntaxError(found: "number \(text)")
    case .string(let text):
      position += 1
      var whole = text
      while case .string(let more) = peek {
        whole += more
        position += 1
      }
      return .string(whole)
    case .name(let name):
      guard !Self.keywords.contains(name) else { throw unexpected }
      position += 1
      switch name {
      case "None": return .none
      case "True", "False": return .bool(name == "True")
      default: return .name(name)
      }
    case .symbol("("):
      position += 1
      if accept(")") { return .tuple([]) }
      let inner = try expressions()
      guard accept(")") else { throw unexpected }
      return inner
    case .symbol("["):
      position += 1
      var items: [PythonExpression] = []
      while !accept("]") {
        items.append(try starred())
        guard accept(",") || peek == .symbol("]") else { throw unexpected }
      }
      return .list(items)
    default: throw unexpected
    }
  }

  private static let keywords: Set<String> = [
    "lambda", "yield", "await", "async", "for", "while", "def", "class", "import", "return", "if",
    "else",
  ]

  // MARK: Words

  private var peek: PythonToken? { position < tokens.count ? tokens[position] : nil }

  private var unexpected: PythonSyntaxError {
    switch peek {
    case .name(let text), .number(let text), .symbol(let text):
      PythonSyntaxError(found: "\"\(text)\"")
    case .string: PythonSyntaxError(found: "a text")
    default: PythonSyntaxError(found: "the end of a line")
    }
  }

  private mutating func accept(_ token: PythonToken) -> Bool {
    guard peek == token else { return false }
    position += 1
    return true
  }

  private mutating func accept(_ symbol: String) -> Bool { accept(.symbol(symbol)) }

  private mutating func accept(name: String) -> Bool { accept(.name(name)) }

  private mutating func acceptName() -> String? {
    guard case .name(let name) = peek else { return nil }
    position += 1
    return name
  }
}
