internal import Containers
internal import GraphIR

/// Follows a module's forward function, and builds what it would compute.
///
/// Nothing of Python runs: names mean PyTorch's operators, or nothing. TorchScript code and the class sources in legacy files
/// are read alike; modules of `torch.nn` are known without source. Steps and depth are bounded.
struct PyTorchInterpreter {
  typealias Value = PyTorchScriptValue
  typealias Scope = [String: PyTorchScriptValue]

  /// What has been built.
  var network: PyTorchNetwork
  /// Operators that cannot be built, so far.
  var unsupported: [UnsupportedOperator] = []
  let archive: PyTorchArchive
  private var programs: [String: PythonProgram] = [:]
  private var steps = 0
  private var depth = 0
  /// The module whose code is being followed, for names of nodes.
  private(set) var place = ""
  /// Whether to take modules of unknown classes as chains of what they contain.
  let chainsUnknownModules: Bool

  /// An interpreter over a network that has its input.
  init(network: PyTorchNetwork, archive: PyTorchArchive, chainsUnknownModules: Bool = false) {
    self.network = network
    self.archive = archive
    self.chainsUnknownModules = chainsUnknownModules
  }

  var path: String { network.parameters.path }

  /// An error about code that is not understood.
  func failure(_ problem: String) -> ImportError {
    .malformed(
      path: path,
      place: place.isEmpty ? "forward" : "module \"\(place)\"",
      problem: problem
    )
  }

  // MARK: Modules

  /// The result of a module for the given arguments.
  mutating func run(
    _ module: PyTorchModule,
    _ arguments: [Value],
    named: Scope = [:]
  ) throws(ImportError) -> Value {
    depth += 1
    let outer = place
    if !module.name.isEmpty { place = module.name }
    defer {
      depth -= 1
      place = outer
    }
    try step()
    guard depth < 300 else { throw failure("modules within modules beyond 300 levels") }
    if module.className.hasPrefix("torch.nn.") {
      guard let input = arguments.first else { throw failure("called without input") }
      return try standard(module, input)
    }
    if let type = classSource(module), let function = type.functions["forward"] {
      return try call(function, [.module(module)] + arguments, named: named)
    }
    if chainsUnknownModules || module.className == "torchvision.ops.misc.ConvNormActivation",
      let input = arguments.first
    {
      return try chain(module, input)
    }
    throw failure("class \(module.className) comes without its source")
  }

  /// The modules inside, one after another.
  mutating func chain(_ module: PyTorchModule, _ input: Value) throws(ImportError) -> Value {
    var value = input
    for child in module.children { value = try run(child, [value]) }
    return value
  }

  /// The class's functions, from TorchScript code or the source in a legacy file.
  func classSource(_ module: PyTorchModule) -> PythonClass? {
    if let (file, name) = Self.scriptPath(module.className) {
      return archive.scripts[file].map { PythonParser.program($0) }?.classes[name]
    }
    return archive.sources[module.className].map { PythonParser.program($0) }?
      .classes[module.shortClassName]
  }

  /// `__torch__.a.b.C` is class C in `__torch__/a/b.py`.
  private static func scriptPath(_ name: String) -> (file: String, name: String)? {
    guard name.hasPrefix("__torch__."), let dot = name.lastIndex(of: ".") else { return nil }
    let file = name[..<dot].split(separator: ".").joined(separator: "/") + ".py"
    return (file, String(name[name.index(after: dot)...]))
  }

  // MARK: Functions

  mutating func call(
    _ function: PythonFunction,
    _ arguments: [Value],
    named: Scope
  ) throws(ImportError) -> Value {
    depth += 1
    defer { depth -= 1 }
    guard depth < 300 else { throw failure("calls within calls beyond 300 levels") }
    var scope: Scope = [:]
    for (index, parameter) in function.parameters.enumerated() {
      if index < arguments.count {
        scope[parameter.name] = arguments[index]
      } else if let value = named[parameter.name] {
        scope[parameter.name] = value
      } else if let value = parameter.value {
        scope[parameter.name] = try evaluate(value, &scope)
      } else {
        scope[parameter.name] = Value.none
      }
    }
    let body: [PythonStatement]
    do throws(PythonSyntaxError) {
      body = try PythonParser.statements(function.body)
    } catch { throw failure("function \(function.name) is not understood at \(error.found)") }
    return try run(body, &scope) ?? .none
  }

  /// Runs statements; the value of `return`, or nil where none was reached.
  private mutating func run(
    _ statements: [PythonStatement],
    _ scope: inout Scope
  ) throws(ImportError) -> Value? {
    for statement in statements {
      try step()
      switch statement {
      case .nothing: continue
      case .raise: throw failure("the code raises an exception for this input")
      case .evaluate(let expression): _ = try evaluate(expression, &scope)
      case .return_(let expression): return try evaluate(expression, &scope)
      case .assign(let targets, let expression):
        let value = try evaluate(expression, &scope)
        for target in targets { try assign(target, value, &scope) }
      case .augment(let target, let operation, let expression):
        let left = try evaluate(target, &scope)
        let right = try evaluate(expression, &scope)
        try assign(target, try arithmetic(operation, left, right), &scope)
      case .branch(let cases, let otherwise):
        var chosen = otherwise
        for (test, body) in cases where try evaluate(test, &scope).isTrue {
          chosen = body
          break
        }
        if let value = try run(chosen, &scope) { return value }
      case .loop(let target, let iterable, let body):
        for item in try items(of: try evaluate(iterable, &scope)) {
          try assign(target, item, &scope)
          if let value = try run(body, &scope) { return value }
        }
      }
    }
    return nil
  }

  /// Counts a step; work on a parameter counts by its size.
  mutating func step(_ elements: Int = 0) throws(ImportError) {
    steps += 1 + elements / 4096
    guard steps < 200_000 else { throw failure("the code does not end within 200000 steps") }
  }

  private func items(of value: Value) throws(ImportError) -> [Value] {
    switch value {
    case .list(let items): return items
    case .module(let module): return module.children.map { .module($0) }
    default: throw failure("a loop over \(value.kind)")
    }
  }

  private mutating func assign(
    _ target: PythonExpression,
    _ value: Value,
    _ scope: inout Scope
  ) throws(ImportError) {
    switch target {
    case .name(let name): scope[name] = value
    case .tuple(let targets), .list(let targets):
      guard let items = value.elements, items.count == targets.count else {
        throw failure("takes \(value.kind) apart into \(targets.count)")
      }
      for (target, item) in zip(targets, items) { try assign(target, item, &scope) }
    case .attribute: return  // an attribute that later calls may read; inference does not need it
    default: throw failure("an assignment that is not understood")
    }
  }

  // MARK: Expressions

  mutating func evaluate(
    _ expression: PythonExpression,
    _ scope: inout Scope
  ) throws(ImportError) -> Value {
    depth += 1
    defer { depth -= 1 }
    guard depth < 300 else { throw failure("expressions within expressions beyond 300 levels") }
    try step()
    switch expression {
    case .none: return .none
    case .bool(let value): return .bool(value)
    case .int(let value): return .int(value)
    case .float(let value): return .float(value)
    case .string(let value): return .string(value)
    case .name(let name): return scope[name] ?? .name(name)
    case .list(let items), .tuple(let items): return try list(of: try values(items, &scope))
    case .star: throw failure("a star that is not understood")
    case .attribute(let base, let name):
      return try attribute(name, of: try evaluate(base, &scope))
    case .subscript_(let base, let indices):
      return try subscript_(try evaluate(base, &scope), indices, &scope)
    case .unary("not", let inner): return .bool(!(try evaluate(inner, &scope).isTrue))
    case .unary(_, let inner):
      return try arithmetic("*", try evaluate(inner, &scope), .int(-1))
    case .binary("and", let a, let b):
      let left = try evaluate(a, &scope)
      return left.isTrue ? try evaluate(b, &scope) : left
    case .binary("or", let a, let b):
      let left = try evaluate(a, &scope)
      return left.isTrue ? left : try evaluate(b, &scope)
    case .binary(let operation, let a, let b):
      let left = try evaluate(a, &scope)
      return try arithmetic(operation, left, try evaluate(b, &scope))
    case .conditional(let test, let then, let otherwise):
      return try evaluate(try evaluate(test, &scope).isTrue ? then : otherwise, &scope)
    case .call(let callee, let arguments, let named):
      let function = try evaluate(callee, &scope)
      let values = try self.values(arguments, &scope)
      var keywords: Scope = [:]
      for (name, value) in named { keywords[name] = try evaluate(value, &scope) }
      return try call(function, values, keywords)
    }
  }

  /// A list, or a list of lists, but nothing deeper.
  func list(of items: [Value]) throws(ImportError) -> Value {
    var inner = 0
    for elements in items.compactMap(\.elements) {
      inner += elements.count
      guard inner < 1 << 12, !elements.contains(where: { $0.elements != nil }) else {
        throw failure("a list of large or nested lists")
      }
    }
    guard items.count < 1 << 14 else { throw failure("a list of \(items.count) values") }
    return .list(items)
  }

  private mutating func values(
    _ expressions: [PythonExpression],
    _ scope: inout Scope
  ) throws(ImportError) -> [Value] {
    var result: [Value] = []
    for expression in expressions {
      if case .star(let inner) = expression {
        result += try items(of: try evaluate(inner, &scope))
      } else {
        result.append(try evaluate(expression, &scope))
      }
    }
    guard result.count < 1 << 16 else { throw failure("a list of \(result.count) values") }
    return result
  }

  private mutating func call(
    _ function: Value,
    _ arguments: [Value],
    _ named: Scope
  ) throws(ImportError) -> Value {
    switch function {
    case .module(let module): return try run(module, arguments, named: named)
    case .method(.module(let module), let name):
      if name == "forward" || name == "__call__" {
        return try run(module, arguments, named: named)
      }
      guard let function = classSource(module)?.functions[name] else {
        throw failure("method \(name) of \(module.className) comes without its source")
      }
      return try call(function, [.module(module)] + arguments, named: named)
    case .method(let receiver, let name):
      return try operate(name, [receiver] + arguments, named)
    case .name(let name):
      if let (file, short) = Self.scriptPath(name), let source = archive.scripts[file],
        let function = PythonParser.program(source).functions[short]
      {
        return try call(function, arguments, named: named)
      }
      return try operate(String(name.split(separator: ".").last ?? ""), arguments, named)
    default: throw failure("a call of \(function.kind)")
    }
  }

  private mutating func attribute(_ name: String, of base: Value) throws(ImportError) -> Value {
    switch base {
    case .name(let path):
      if path == "CONSTANTS", let index = Int(name.dropFirst()),
        let elements = archive.constants?.elements, elements.indices.contains(index)
      {
        return try constant(elements[index], name: "constant \(index)")
      }
      return .name("\(path).\(name)")
    case .module(let module): return try attribute(name, of: module)
    case .tensor(let value) where name == "shape":
      return .list(value.shape.map { .int($0) })
    case .constant(let tensor, _) where name == "shape":
      return .list(tensor.shape.map { .int($0) })
    case .constant(let tensor, let label) where name == "T" && tensor.shape.count == 2:
      return .constant(tensor.transposed([1, 0]), name: label)
    case .tensor where ["device", "dtype", "data"].contains(name): return base
    case .constant where ["device", "dtype", "data"].contains(name): return base
    default: return .method(base, name)
    }
  }

  /// A child, parameter, constant or function of a module.
  mutating func attribute(
    _ name: String,
    of module: PyTorchModule
  ) throws(ImportError) -> Value {
    if let child = module.child(name) { return .module(child) }
    let full = module.name.isEmpty ? name : "\(module.name).\(name)"
    if network.parameters.contains(full) {
      let tensor = try network.take(full)
      try step(tensor.count)
      return .constant(tensor, name: full)
    }
    if let value = module[name] { return try constant(value, name: full) }
    if let value = classSource(module)?.constants[name] {
      var scope: Scope = [:]
      return try evaluate(value, &scope)
    }
    return .method(.module(module), name)
  }

  private func constant(_ value: PickleValue, name: String) throws(ImportError) -> Value {
    if value.isNone { return .none }
    if let bool = value.bool { return .bool(bool) }
    if let int = value.int { return .int(int) }
    if let double = value.double { return .float(double) }
    if let string = value.string { return .string(string) }
    do throws(PyTorchError) {
      if let tensor = try archive.tensor(value) {
        let values = try archive.floats(of: tensor)
        return .constant(Tensor(shape: tensor.shape, values: values), name: name)
      }
    } catch { throw failure("\(error)") }
    let inner = value.elements ?? value.object?.arguments.elements?.first?.elements
    guard let inner, inner.count < 1 << 12 else { return .name(name) }
    var items: [Value] = []
    for item in inner {
      if let int = item.int {
        items.append(.int(int))
      } else if let double = item.double {
        items.append(.float(double))
      } else {
        items.append(.none)
      }
    }
    return .list(items)
  }

  // MARK: Subscripts

  private mutating func subscript_(
    _ base: Value,
    _ indices: [PythonIndex],
    _ scope: inout Scope
  ) throws(ImportError) -> Value {
    if case .name = base { return base }  // a type: List[int]
    if case .module(let module) = base, case .item(let expression)? = indices.first {
      let children = module.children
      guard let index = try evaluate(expression, &scope).int,
        children.indices.contains(index < 0 ? index + children.count : index)
      else { throw failure("a subscript of \(module.shortClassName) that is not understood") }
      return .module(children[index < 0 ? index + children.count : index])
    }
    if let items = base.elements {
      guard indices.count == 1 else { throw failure("a subscript of a list with commas") }
      switch indices[0] {
      case .item(let expression):
        guard let index = try evaluate(expression, &scope).int,
          items.indices.contains(index < 0 ? index + items.count : index)
        else { throw failure("a subscript outside its list") }
        return items[index < 0 ? index + items.count : index]
      case .slice(let start, let end, nil):
        let (from, to) = try bounds(start, end, items.count, &scope)
        return .list(Array(items[from..<max(from, to)]))
      default: throw failure("a slice with a step")
      }
    }
    var result = base
    for (axis, index) in indices.enumerated() {
      guard case .slice(let start, let end, let step) = index else {
        throw failure("an element taken out of \(base.kind)")
      }
      if start == nil, end == nil, step == nil { continue }
      var parts: [Value] = []
      for (part, standard) in [(start, 0), (end, Int.max), (step, 1)] {
        if let part {
          parts.append(try evaluate(part, &scope))
        } else {
          parts.append(.int(standard))
        }
      }
      result = try operate("slice", [result, .int(axis)] + parts, [:])
    }
    return result
  }

  private mutating func bounds(
    _ start: PythonExpression?,
    _ end: PythonExpression?,
    _ count: Int,
    _ scope: inout Scope
  ) throws(ImportError) -> (Int, Int) {
    var from = 0
    var to = count
    if let start { from = try evaluate(start, &scope).int ?? 0 }
    if let end { to = try evaluate(end, &scope).int ?? count }
    if from < 0 { from = max(0, from + count) }
    if to < 0 { to = max(0, to + count) }
    return (min(from, count), min(to, count))
  }
}
