internal import Foundation

/// One node of an ONNX graph with its attributes checked as they are asked for.
struct ONNXNode: Sendable {
  /// The node's name, or its first output's where it has none.
  let name: String
  /// Operator, with its domain in front unless that is ONNX's own.
  let type: String
  /// Names of the operands; empty where one is left out.
  let inputs: [String]
  /// Names of the results.
  let outputs: [String]
  private let attributes: [String: ONNXAttribute]

  /// Reads a record; of attributes of the same name the first counts.
  init(_ record: ONNXNodeRecord) {
    let outputs = record.output
    self.outputs = outputs
    inputs = record.input
    name = record.name.isEmpty ? outputs.first { !$0.isEmpty } ?? "unnamed" : record.name
    let isStandard = ["", "ai.onnx"].contains(record.domain)
    type = isStandard ? record.opType : "\(record.domain).\(record.opType)"
    attributes = Dictionary(record.attribute.map { ($0.name, $0) }, uniquingKeysWith: { a, _ in a })
  }

  /// Whether the attribute is there.
  func has(_ name: String) -> Bool { attributes[name] != nil }

  /// The attribute, when it is there.
  ///
  /// - Throws: `ONNXProblem.invalid` when it is of another kind; files of the first versions state none.
  private func attribute(_ name: String, kind: Int32, _ expected: String) throws -> ONNXAttribute? {
    guard let attribute = attributes[name] else { return nil }
    guard attribute.type == kind || attribute.type == 0 else {
      throw ONNXProblem.invalid(
        "attribute \"\(name)\" has type \(attribute.type), expected \(kind) (\(expected))"
      )
    }
    return attribute
  }

  /// An integer attribute.
  func integer(_ name: String) throws -> Int? {
    try attribute(name, kind: 2, "an integer").map { Int($0.i) }
  }

  /// An integer attribute that is a truth value.
  func flag(_ name: String, default value: Bool = false) throws -> Bool {
    try integer(name).map { $0 != 0 } ?? value
  }

  /// A float attribute.
  func float(_ name: String) throws -> Float? {
    try attribute(name, kind: 1, "a float").map(\.f)
  }

  /// A list of integers.
  func integers(_ name: String) throws -> [Int]? {
    try attribute(name, kind: 7, "integers")?.ints.map { Int($0) }
  }

  /// A list of floats.
  func floats(_ name: String) throws -> [Float]? {
    try attribute(name, kind: 6, "floats")?.floats
  }

  /// A string attribute.
  func string(_ name: String) throws -> String? {
    try attribute(name, kind: 3, "a string").map { String(decoding: $0.s, as: UTF8.self) }
  }

  /// A tensor attribute.
  func tensor(_ name: String) throws -> ONNXTensorRecord? {
    try attribute(name, kind: 4, "a tensor")?.t
  }

  /// A list of as many integers as `count`, each at least `minimum`.
  func integers(_ name: String, count: Int, minimum: Int) throws -> [Int]? {
    guard let list = try integers(name) else { return nil }
    guard list.count == count, list.allSatisfy({ $0 >= minimum && $0 < 1 << 20 }) else {
      throw ONNXProblem.invalid("\(name) is \(list), expected \(count) values from \(minimum)")
    }
    return list
  }
}
