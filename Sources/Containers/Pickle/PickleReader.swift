/// Interprets pickles of protocols 0 to 5 without constructing or calling anything.
///
/// Every instruction is at least one byte and makes at most one value, so steps and memory are bounded by the bytes.
/// Instructions that only a running Python can serve (extension registry, out-of-band buffers) are refused.
public struct PickleReader {
  private let bytes: [UInt8]
  private var offset: Int
  private let end: Int
  private var nodes: [PickleDocument.Node] = []
  private var stack: [Int] = []
  private var marks: [Int] = []
  private var memo: [Int: Int] = [:]
  private var start = 0
  /// Values copied out of containers so far; a small pickle could ask for the same large copy again and again.
  private var copied = 0

  /// Reads the pickle at `offset`, and leaves `offset` after it.
  ///
  /// - Throws: `PickleError` with the byte where it went wrong.
  public static func read(
    _ bytes: [UInt8],
    at offset: inout Int
  ) throws(PickleError) -> PickleDocument {
    guard offset >= 0, offset < bytes.count else { throw .truncated(byte: bytes.count) }
    var reader = PickleReader(bytes: bytes, offset: offset)
    let document = try reader.run()
    offset = reader.offset
    return document
  }

  /// Reads the pickle that `bytes` start with.
  ///
  /// - Throws: `PickleError` with the byte where it went wrong.
  public static func read(_ bytes: [UInt8]) throws(PickleError) -> PickleDocument {
    var offset = 0
    return try read(bytes, at: &offset)
  }

  private init(bytes: [UInt8], offset: Int) {
    self.bytes = bytes
    self.offset = offset
    end = bytes.count
  }

  // MARK: The loop

  private mutating func run() throws(PickleError) -> PickleDocument {
    while true {
      start = offset
      let code = try byte()
      if code == UInt8(ascii: ".") {
        return PickleDocument(nodes: nodes, root: try pop())
      }
      guard
        try constant(code)
          ? true
          : try container(code) ? true : try memory(code) ? true : try construction(code)
      else { throw .unknownInstruction(code: code, byte: start) }
    }
  }

  /// None, numbers, texts and bytes.
  private mutating func constant(_ code: UInt8) throws(PickleError) -> Bool {
    switch code {
    case UInt8(ascii: "N"): push(.none)
    case 0x88: push(.bool(true))
    case 0x89: push(.bool(false))
    case UInt8(ascii: "K"): push(.int(try unsigned(1)))
    case UInt8(ascii: "M"): push(.int(try unsigned(2)))
    case UInt8(ascii: "J"):
      push(.int(Int(Int32(truncatingIfNeeded: try unsigned(4)))))
    case UInt8(ascii: "I"):
      let text = try line()
      if text == "00" || text == "01" {
        push(.bool(text == "01"))
      } else {
        push(.int(try integer(text)))
      }
    case UInt8(ascii: "L"):
      let text = try line()
      push(.int(try integer(text.hasSuffix("L") ? String(text.dropLast()) : text)))
    case 0x8A: try pushLong(count: try unsigned(1))
    case 0x8B: try pushLong(count: try unsigned(4))
    case UInt8(ascii: "F"):
      let text = try line()
      guard let value = Double(text) else { throw malformed("\"\(text)\", expected a number") }
      push(.float(value))
    case UInt8(ascii: "G"):
      var bits: UInt64 = 0
      for _ in 0..<8 { bits = bits << 8 | UInt64(try byte()) }
      push(.float(Double(bitPattern: bits)))
    case UInt8(ascii: "S"): push(.string(try quoted()))
    case UInt8(ascii: "T"): push(.string(try latin(try unsigned(4))))
    case UInt8(ascii: "U"): push(.string(try latin(try unsigned(1))))
    case UInt8(ascii: "V"): push(.string(try escapedLine()))
    case UInt8(ascii: "X"): push(.string(try text(try unsigned(4))))
    case 0x8C: push(.string(try text(try unsigned(1))))
    case 0x8D: push(.string(try text(try unsigned(8))))
    case UInt8(ascii: "B"): push(.bytes(Array(try take(try unsigned(4)))))
    case UInt8(ascii: "C"): push(.bytes(Array(try take(try unsigned(1)))))
    case 0x8E, 0x96: push(.bytes(Array(try take(try unsigned(8)))))
    default: return false
    }
    return true
  }

  /// Lists, tuples, sets and dictionaries.
  private mutating func container(_ code: UInt8) throws(PickleError) -> Bool {
    switch code {
    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: ")"): push(.tuple([]))
    case UInt8(ascii: "t"): push(.tuple(try popToMark()))
    case 0x85:
      push(.tuple([try pop()]))
    case 0x86:
      let second = try pop()
      push(.tuple([try pop(), second]))
    case 0x87:
      let third = try pop()
      let second = try pop()
      push(.tuple([try pop(), second, third]))
    case UInt8(ascii: "]"): push(.list([]))
    case UInt8(ascii: "l"): push(.list(try popToMark()))
    case UInt8(ascii: "}"): push(.dictionary([]))
    case UInt8(ascii: "d"): push(.dictionary(try pairs(try popToMark())))
    case 0x8F: push(.set([]))
    case 0x91: push(.set(try popToMark()))
    case UInt8(ascii: "a"): try extend(with: [try pop()])
    case UInt8(ascii: "e"), 0x90: try extend(with: try popToMark())
    case UInt8(ascii: "s"):
      let value = try pop()
      try set(pairs: [PickleDocument.Pair(key: try pop(), value: value)])
    case UInt8(ascii: "u"): try set(pairs: try pairs(try popToMark()))
    default: return false
    }
    return true
  }

  /// The stack itself and the memo.
  private mutating func memory(_ code: UInt8) throws(PickleError) -> Bool {
    switch code {
    case 0x80:
      let version = try byte()
      guard version <= 5 else { throw malformed("protocol \(version), expected 0 to 5") }
    case 0x95: _ = try unsigned(8)
    case UInt8(ascii: "0"):
      if marks.last == stack.count { marks.removeLast() } else { _ = try pop() }
    case UInt8(ascii: "1"): _ = try popToMark()
    case UInt8(ascii: "2"): stack.append(try top())
    case UInt8(ascii: "p"): memo[try integer(try line())] = try top()
    case UInt8(ascii: "q"): memo[try unsigned(1)] = try top()
    case UInt8(ascii: "r"): memo[try unsigned(4)] = try top()
    case 0x94: memo[memo.count] = try top()
    case UInt8(ascii: "g"): try recall(try integer(try line()))
    case UInt8(ascii: "h"): try recall(try unsigned(1))
    case UInt8(ascii: "j"): try recall(try unsigned(4))
    default: return false
    }
    return true
  }

  /// Classes, and what would be made of them.
  private mutating func construction(_ code: UInt8) throws(PickleError) -> Bool {
    switch code {
    case UInt8(ascii: "c"):
      let module = try line()
      try pushGlobal(module: module, name: try line())
    case 0x93:
      guard case .string(let name) = nodes[try pop()], case .string(let module) = nodes[try pop()]
      else { throw malformed("a class whose name is not text") }
      try pushGlobal(module: module, name: name)
    case UInt8(ascii: "i"):
      let module = try line()
      let name = try line()
      push(.tuple(try popToMark()))
      let arguments = try pop()
      try pushGlobal(module: module, name: name)
      try construct(type: try pop(), arguments: arguments)
    case UInt8(ascii: "o"):
      let parts = try popToMark()
      guard let type = parts.first else { throw malformed("an object without a class") }
      push(.tuple(Array(parts.dropFirst())))
      try construct(type: type, arguments: try pop())
    case UInt8(ascii: "R"), 0x81:
      let arguments = try pop()
      try construct(type: try pop(), arguments: arguments)
    case 0x92:
      _ = try pop()
      let arguments = try pop()
      try construct(type: try pop(), arguments: arguments)
    case UInt8(ascii: "b"): try build(state: try pop())
    case UInt8(ascii: "P"):
      push(.string(try line()))
      push(.persistent(try pop()))
    case UInt8(ascii: "Q"): push(.persistent(try pop()))
    case 0x82, 0x83, 0x84, 0x97, 0x98:
      throw malformed(
        "instruction 0x\(String(code, radix: 16)) needs a running Python; save the model again"
      )
    default: return false
    }
    return true
  }

  // MARK: Objects

  private mutating func pushGlobal(module: String, name: String) throws(PickleError) {
    guard !PickleGlobals.isRefused(module: module, name: name) else {
      throw .refusedGlobal(module: module, name: name, byte: start)
    }
    push(.global(module: module, name: name))
  }

  /// Containers of the standard library become containers; everything else is recorded, not called.
  private mutating func construct(type: Int, arguments: Int) throws(PickleError) {
    guard case .tuple(let values) = nodes[arguments] else {
      throw malformed("arguments that are no tuple")
    }
    switch nodes[type] {
    case .global(let module, let name):
      switch "\(module).\(name)" {
      case "collections.OrderedDict", "collections.defaultdict", "builtins.dict",
        "__builtin__.dict":
        push(.dictionary(try initialPairs(values)))
        return
      case "builtins.set", "builtins.frozenset", "__builtin__.set", "__builtin__.frozenset",
        "builtins.list", "__builtin__.list", "builtins.tuple", "__builtin__.tuple", "torch.Size":
        let items = try members(values)
        push(name == "list" ? .list(items) : .tuple(items))
        return
      case "_codecs.encode":
        if let first = values.first, case .string(let text) = nodes[first],
          text.unicodeScalars.allSatisfy({ $0.value < 256 })
        {
          try count(copies: text.utf8.count)
          push(.bytes(text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }))
          return
        }
      default: break
      }
    case .persistent, .object: break
    default: throw malformed("calls a value that is no class")
    }
    push(.object(PickleDocument.Record(type: type, arguments: arguments)))
  }

  private mutating func count(copies: Int) throws(PickleError) {
    copied += copies
    guard copied <= end else { throw malformed("copies more values than the file has bytes") }
  }

  private mutating func members(_ arguments: [Int]) throws(PickleError) -> [Int] {
    guard let first = arguments.first else { return [] }
    switch nodes[first] {
    case .list(let items), .tuple(let items), .set(let items):
      try count(copies: items.count)
      return items
    default: return []
    }
  }

  private mutating func initialPairs(_ arguments: [Int]) throws(PickleError) -> [PickleDocument
    .Pair]
  {
    var result: [PickleDocument.Pair] = []
    for argument in arguments {
      switch nodes[argument] {
      case .dictionary(let pairs):
        try count(copies: pairs.count)
        result += pairs
      case .list(let items), .tuple(let items):
        try count(copies: items.count)
        for item in items {
          switch nodes[item] {
          case .list(let pair), .tuple(let pair):
            guard pair.count == 2 else { throw malformed("an entry of \(pair.count) values") }
            result.append(PickleDocument.Pair(key: pair[0], value: pair[1]))
          default: throw malformed("an entry that is no pair")
          }
        }
      default: continue
      }
    }
    return result
  }

  private mutating func build(state: Int) throws(PickleError) {
    let target = try top()
    switch nodes[target] {
    case .object(var record):
      record.state = state
      nodes[target] = .object(record)
    case .dictionary, .list, .set, .tuple: break  // attributes of a container, such as _metadata
    default: throw malformed("state for a value that has none")
    }
  }

  // MARK: Containers

  private mutating func extend(with items: [Int]) throws(PickleError) {
    let target = try top()
    switch nodes[target] {
    case .list(var list):
      nodes[target] = .none
      list += items
      nodes[target] = .list(list)
    case .set(var set):
      nodes[target] = .none
      set += items
      nodes[target] = .set(set)
    case .object(var record):
      nodes[target] = .none
      record.items += items
      nodes[target] = .object(record)
    default: throw malformed("appends to a value that is no list")
    }
  }

  private mutating func set(pairs: [PickleDocument.Pair]) throws(PickleError) {
    let target = try top()
    switch nodes[target] {
    case .dictionary(var list):
      nodes[target] = .none
      list += pairs
      nodes[target] = .dictionary(list)
    case .object(var record):
      nodes[target] = .none
      record.pairs += pairs
      nodes[target] = .object(record)
    default: throw malformed("sets an entry of a value that is no dict")
    }
  }

  private func pairs(_ items: [Int]) throws(PickleError) -> [PickleDocument.Pair] {
    guard items.count % 2 == 0 else { throw malformed("a key without a value") }
    return stride(from: 0, to: items.count, by: 2).map {
      PickleDocument.Pair(key: items[$0], value: items[$0 + 1])
    }
  }

  // MARK: Stack

  private mutating func push(_ node: PickleDocument.Node) {
    stack.append(nodes.count)
    nodes.append(node)
  }

  private mutating func pop() throws(PickleError) -> Int {
    guard let value = stack.last, stack.count > marks.last ?? 0 else {
      throw malformed("takes a value from an empty stack")
    }
    stack.removeLast()
    return value
  }

  private func top() throws(PickleError) -> Int {
    guard let value = stack.last, stack.count > marks.last ?? 0 else {
      throw malformed("reads the top of an empty stack")
    }
    return value
  }

  private mutating func popToMark() throws(PickleError) -> [Int] {
    guard let mark = marks.popLast() else { throw malformed("closes a group that was not opened") }
    let items = Array(stack[mark...])
    stack.removeSubrange(mark...)
    return items
  }

  private mutating func recall(_ key: Int) throws(PickleError) {
    guard let value = memo[key] else {
      throw malformed("recalls value \(key), which is not stored")
    }
    stack.append(value)
  }

  // MARK: Bytes

  private func malformed(_ problem: String) -> PickleError {
    .malformed(byte: start, problem: problem)
  }

  private mutating func byte() throws(PickleError) -> UInt8 {
    guard offset < end else { throw .truncated(byte: end) }
    defer { offset += 1 }
    return bytes[offset]
  }

  private mutating func take(_ count: Int) throws(PickleError) -> ArraySlice<UInt8> {
    guard count >= 0, count <= end - offset else { throw .truncated(byte: end) }
    defer { offset += count }
    return bytes[offset..<offset + count]
  }

  /// A little-endian number of up to eight bytes; one that Int cannot hold comes out negative.
  private mutating func unsigned(_ count: Int) throws(PickleError) -> Int {
    var value: UInt64 = 0
    for (index, byte) in try take(count).enumerated() { value |= UInt64(byte) << (8 * index) }
    return Int(truncatingIfNeeded: value)
  }

  private mutating func pushLong(count: Int) throws(PickleError) {
    let digits = try take(count)
    guard count <= 8 else {
      push(.bigInteger(Array(digits)))
      return
    }
    var value = UInt64(bitPattern: digits.last.map { $0 > 127 ? -1 : 0 } ?? 0)
    for (index, byte) in digits.enumerated() {
      value = value & ~(0xFF << (8 * index)) | UInt64(byte) << (8 * index)
    }
    push(.int(Int(truncatingIfNeeded: value)))
  }

  private mutating func line() throws(PickleError) -> String {
    guard let newline = bytes[offset..<end].firstIndex(of: 10) else {
      throw .truncated(byte: end)
    }
    defer { offset = newline + 1 }
    return String(decoding: bytes[offset..<newline], as: UTF8.self)
  }

  /// A line of Latin-1, in which `\\u` with four or `\\U` with eight hexadecimal digits is everything else.
  private mutating func escapedLine() throws(PickleError) -> String {
    guard let newline = bytes[offset..<end].firstIndex(of: 10) else {
      throw .truncated(byte: end)
    }
    let line = bytes[offset..<newline]
    offset = newline + 1
    var scalars = String.UnicodeScalarView()
    var index = line.startIndex
    while index < line.endIndex {
      let digits = index + 1 < line.endIndex ? [0x75: 4, 0x55: 8][line[index + 1]] : nil
      if line[index] == UInt8(ascii: "\\"), let digits, index + 2 + digits <= line.endIndex {
        let text = String(decoding: line[index + 2..<index + 2 + digits], as: UTF8.self)
        guard let value = UInt32(text, radix: 16), let scalar = Unicode.Scalar(value) else {
          throw malformed("an escape that is no character")
        }
        scalars.append(scalar)
        index += 2 + digits
      } else {
        scalars.append(Unicode.Scalar(line[index]))
        index += 1
      }
    }
    return String(scalars)
  }

  private mutating func text(_ count: Int) throws(PickleError) -> String {
    String(decoding: try take(count), as: UTF8.self)
  }

  private mutating func latin(_ count: Int) throws(PickleError) -> String {
    var scalars = String.UnicodeScalarView()
    for byte in try take(count) { scalars.append(Unicode.Scalar(byte)) }
    return String(scalars)
  }

  /// A Python 2 text in quotes, with the escapes that repr writes.
  private mutating func quoted() throws(PickleError) -> String {
    let text = Array(try line())
    guard text.count >= 2, let quote = text.first, quote == "'" || quote == "\"",
      text.last == quote
    else { throw malformed("a text without quotes") }
    var result = ""
    var index = 1
    while index < text.count - 1 {
      guard text[index] == "\\", index + 1 < text.count - 1 else {
        result.append(text[index])
        index += 1
        continue
      }
      switch text[index + 1] {
      case "n": result.append("\n")
      case "t": result.append("\t")
      case "r": result.append("\r")
      case "x" where index + 3 < text.count - 1:
        guard let value = UInt8(String(text[index + 2...index + 3]), radix: 16) else {
          throw malformed("an escape that is not hexadecimal")
        }
        result.unicodeScalars.append(Unicode.Scalar(value))
        index += 2
      case let other: result.append(other)
      }
      index += 2
    }
    return result
  }

  private func integer(_ text: String) throws(PickleError) -> Int {
    guard let value = Int(text) else { throw malformed("\"\(text)\", expected an integer") }
    return value
  }
}
