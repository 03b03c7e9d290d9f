/// Everything one pickle describes: a graph of inert values, which may contain cycles.
public final class PickleDocument: Sendable {
  /// One value; children are positions in `nodes`.
  enum Node: Sendable {
    case none
    case bool(Bool)
    case int(Int)
    /// An integer beyond 64 bits: two's complement, least significant byte first.
    case bigInteger([UInt8])
    case float(Double)
    case string(String)
    case bytes([UInt8])
    case list([Int])
    case tuple([Int])
    case set([Int])
    case dictionary([Pair])
    case global(module: String, name: String)
    case object(Record)
    case persistent(Int)
  }

  /// A key and its value.
  struct Pair: Sendable {
    var key: Int
    var value: Int
  }

  /// What a pickle wants constructed: class, arguments, state and items, none of it ever called.
  struct Record: Sendable {
    var type: Int
    var arguments: Int
    var state: Int?
    var items: [Int] = []
    var pairs: [Pair] = []
  }

  let nodes: [Node]
  private let rootIndex: Int

  init(nodes: [Node], root: Int) {
    self.nodes = nodes
    rootIndex = root
  }

  /// The pickled value.
  public var root: PickleValue { PickleValue(document: self, identity: rootIndex) }

  /// The persistent identifiers in the pickle, in order of appearance.
  public var persistentIdentifiers: [PickleValue] {
    nodes.compactMap { node in
      if case .persistent(let id) = node { PickleValue(document: self, identity: id) } else { nil }
    }
  }
}

/// One value in a pickle, read without constructing it.
public struct PickleValue: Sendable {
  let document: PickleDocument
  /// Tells whether two values are one object in Python; for breaking cycles.
  public let identity: Int

  private var node: PickleDocument.Node { document.nodes[identity] }

  private func value(_ index: Int) -> PickleValue {
    PickleValue(document: document, identity: index)
  }

  /// Whether it is None.
  public var isNone: Bool { if case .none = node { true } else { false } }

  /// The truth value.
  public var bool: Bool? { if case .bool(let value) = node { value } else { nil } }

  /// The integer; True and False count as 1 and 0.
  public var int: Int? {
    switch node {
    case .int(let value): value
    case .bool(let value): value ? 1 : 0
    default: nil
    }
  }

  /// An integer beyond 64 bits: two's complement, least significant byte first.
  public var bigInteger: [UInt8]? {
    if case .bigInteger(let value) = node { value } else { nil }
  }

  /// The number, integer or not.
  public var double: Double? {
    switch node {
    case .float(let value): value
    case .int(let value): Double(value)
    default: nil
    }
  }

  /// The text.
  public var string: String? { if case .string(let value) = node { value } else { nil } }

  /// The bytes; Python 2 strings come as text whose scalars are the bytes.
  public var bytes: [UInt8]? {
    switch node {
    case .bytes(let value): value
    case .string(let text):
      text.unicodeScalars.allSatisfy({ $0.value < 256 })
        ? text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } : nil
    default: nil
    }
  }

  /// Members of a list, tuple, set, or object that is a list.
  public var elements: [PickleValue]? {
    switch node {
    case .list(let items), .tuple(let items), .set(let items): items.map(value)
    case .object(let record) where !record.items.isEmpty: record.items.map(value)
    default: nil
    }
  }

  /// Entries of a dictionary, in the order they were written.
  public var entries: [(key: PickleValue, value: PickleValue)]? {
    switch node {
    case .dictionary(let pairs): pairs.map { (value($0.key), value($0.value)) }
    case .object(let record) where !record.pairs.isEmpty:
      record.pairs.map { (value($0.key), value($0.value)) }
    default: nil
    }
  }

  /// The entry of a dictionary, or the attribute in an object's state; the last one wins, as in Python.
  public subscript(key: String) -> PickleValue? {
    if let entries { return entries.last { $0.key.string == key }?.value }
    return object?.state?[key]
  }

  /// A function or class by name.
  public var global: (module: String, name: String)? {
    if case .global(let module, let name) = node { (module, name) } else { nil }
  }

  /// What would be constructed.
  public var object: (type: PickleValue, arguments: PickleValue, state: PickleValue?)? {
    guard case .object(let record) = node else { return nil }
    return (value(record.type), value(record.arguments), record.state.map(value))
  }

  /// `module.Class` of an object.
  public var className: String? {
    guard let type = object?.type else { return nil }
    if let global = type.global { return "\(global.module).\(global.name)" }
    // Legacy PyTorch wraps classes whose source it stores: ("module", class, file, source).
    if let global = type.persistentIdentifier?.elements?.dropFirst().first?.global {
      return "\(global.module).\(global.name)"
    }
    return nil
  }

  /// The identifier of an object that lives outside the pickle.
  public var persistentIdentifier: PickleValue? {
    if case .persistent(let id) = node { value(id) } else { nil }
  }

  /// What it is, in one word, for messages.
  public var kind: String {
    switch node {
    case .none: "None"
    case .bool: "bool"
    case .int, .bigInteger: "int"
    case .float: "float"
    case .string: "str"
    case .bytes: "bytes"
    case .list: "list"
    case .tuple: "tuple"
    case .set: "set"
    case .dictionary: "dict"
    case .global(let module, let name): "\(module).\(name)"
    case .object: className ?? "object"
    case .persistent: "storage"
    }
  }
}
