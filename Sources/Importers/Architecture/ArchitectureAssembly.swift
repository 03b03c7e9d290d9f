internal import GraphIR

/// Builds the graph of a network text, a call after the other.
struct ArchitectureAssembly {
  typealias Value = ChannelsFirstBuilder.Value

  /// A parameter that does not fit its layer.
  struct WrongShape: Error, CustomStringConvertible {
    var name: String
    var found: [Int]
    var expected: String
    var description: String { "\(name) \(found), expected \(expected)" }
  }

  /// An operator of the text: the parameters and options that it knows, and what it builds.
  struct Operator: Sendable {
    /// Number of operands.
    var operands: ClosedRange<Int> = 1...1
    /// Names of options.
    var options: [String] = []
    /// Suffixes of parameters that must be there.
    var parameters: [String] = []
    /// Suffixes of parameters that may be there.
    var optional: [String] = []
    /// Builds it.
    var build: @Sendable (inout ArchitectureAssembly, ArchitectureLine, [Value]) throws -> Value

    /// Full names of the parameters that `call` must find.
    func required(_ call: ArchitectureLine) -> [String] {
      var suffixes = parameters
      if optional.contains("bias"), call["bias"] == "yes" { suffixes.append("bias") }
      return suffixes.map { "\(call.prefix).\($0)" }
    }
  }

  /// The graph so far.
  var builder = ChannelsFirstBuilder(name: "architecture")
  private let parameters: [String: Tensor]
  private var values: [String: Value] = [:]

  init(parameters: [String: Tensor]) { self.parameters = parameters }

  mutating func run(
    inputs: [Architecture.Input],
    calls: [ArchitectureLine],
    outputs: [Architecture.Input]
  ) throws -> Graph {
    for input in inputs {
      guard input.extents.reduce(1, *) <= ONNXInput.largestCount, values[input.name] == nil else {
        throw ArchitectureError(
          line: input.line,
          problem: "input \"\(input.name)\" comes twice or has more than 2^24 elements"
        )
      }
      values[input.name] = builder.input(name: input.name, shape: [1] + input.extents)
    }
    var last: Value?
    for call in calls {
      guard values[call.name] == nil else {
        throw ArchitectureError(line: call.number, problem: "\"\(call.name)\" comes twice")
      }
      let value = try result(of: call)
      values[call.name] = value
      last = value
    }
    let results = try outputs.map { output in
      guard let value = values[output.name] else {
        throw ArchitectureError(
          line: output.line,
          problem: "output \"\(output.name)\" is not the name of a line"
        )
      }
      return value
    }
    var graph = builder.finish(outputs: results.isEmpty ? last.map { [$0] } ?? [] : results)
    graph.removeDeadNodes()
    return graph
  }

  private mutating func result(of call: ArchitectureLine) throws -> Value {
    func fail(_ problem: String) -> ArchitectureError {
      ArchitectureError(line: call.number, problem: problem)
    }
    guard let definition = Self.operators[call.callee] else {
      throw fail(
        "unknown operator \"\(call.callee)\", expected one of "
          + Self.operators.keys.sorted().joined(separator: ", ")
      )
    }
    guard definition.operands.contains(call.operands.count) else {
      let range = definition.operands
      let expected =
        range.lowerBound == range.upperBound
        ? "\(range.lowerBound)" : "\(range.lowerBound) or more"
      throw fail("\(call.callee) of \(call.operands.count) operands, expected \(expected)")
    }
    let known = definition.options + ["from"]
    if let wrong = call.options.first(where: { !known.contains($0.name) }) {
      throw fail(
        "\(call.callee) has no option \"\(wrong.name)\", expected one of "
          + known.joined(separator: ", ")
      )
    }
    let operands = try call.operands.map { name in
      guard let value = values[name] else {
        throw fail("\"\(name)\" is not the name of an earlier line")
      }
      return value
    }
    do {
      return try definition.build(&self, call, operands)
    } catch let error as GraphError {
      throw fail("\(call.callee): \(error.problem)")
    }
  }

  // MARK: Parameters

  /// A parameter, or nil where there is none.
  func parameter(_ call: ArchitectureLine, _ suffix: String) -> Tensor? {
    parameters["\(call.prefix).\(suffix)"]
  }

  /// A parameter that was checked to be there, of finite values.
  func require(_ call: ArchitectureLine, _ suffix: String, rank: Int) throws -> Tensor {
    let name = "\(call.prefix).\(suffix)"
    guard let tensor = parameters[name] else {
      throw ArchitectureError(line: call.number, problem: "no parameter \"\(name)\"")
    }
    guard tensor.shape.count == rank, tensor.count > 0 else {
      throw WrongShape(name: name, found: tensor.shape, expected: "\(rank) axes")
    }
    guard tensor.values.allSatisfy(\.isFinite) else {
      throw ArchitectureError(
        line: call.number,
        problem: "parameter \"\(name)\" holds a value that is not finite"
      )
    }
    return tensor
  }

  /// A vector of `count` values, or nil where there is none.
  func vector(_ call: ArchitectureLine, _ suffix: String, count: Int) throws -> [Float]? {
    guard parameter(call, suffix) != nil else { return nil }
    let tensor = try require(call, suffix, rank: 1)
    guard tensor.count == count else {
      throw WrongShape(
        name: "\(call.prefix).\(suffix)",
        found: tensor.shape,
        expected: "[\(count)]"
      )
    }
    return tensor.values
  }

  // MARK: Options

  private func wrong(
    _ call: ArchitectureLine,
    _ name: String,
    _ expected: String
  ) -> ArchitectureError {
    ArchitectureError(
      line: call.number,
      problem: "\(name)=\(call[name] ?? ""), expected \(expected)"
    )
  }

  /// A whole number.
  func integer(_ call: ArchitectureLine, _ name: String, _ range: ClosedRange<Int>) throws -> Int? {
    guard let text = call[name] else { return nil }
    guard let value = Int(text), range.contains(value) else {
      throw wrong(call, name, "a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// A number; `inf` is one.
  func float(_ call: ArchitectureLine, _ name: String) throws -> Float? {
    guard let text = call[name] else { return nil }
    guard let value = Float(text), !value.isNaN else { throw wrong(call, name, "a number") }
    return value
  }

  /// `yes` or `no`.
  func flag(_ call: ArchitectureLine, _ name: String) throws -> Bool? {
    guard let text = call[name] else { return nil }
    guard text == "yes" || text == "no" else { throw wrong(call, name, "yes or no") }
    return text == "yes"
  }

  /// `3` for both directions, or `3x5`.
  func pair(_ call: ArchitectureLine, _ name: String) throws -> (y: Int, x: Int)? {
    guard let text = call[name] else { return nil }
    guard let values = ArchitectureGrammar.extents(text), values.count <= 2 else {
      throw wrong(call, name, "N or HxW")
    }
    return (values[0], values[values.count - 1])
  }

  /// Whole numbers with colons between.
  func list(_ call: ArchitectureLine, _ name: String) throws -> [Int]? {
    guard let text = call[name] else { return nil }
    let values = text.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) ?? -1 }
    guard values.allSatisfy({ (0..<1 << 24).contains($0) }) else {
      throw wrong(call, name, "numbers from 0 with colons between")
    }
    return values
  }

  /// `1`, `1x2` (top and bottom, left and right), `1:2:3:4` (top, left, bottom, right) or `same`.
  func padding(
    _ call: ArchitectureLine,
    window: Window,
    input: [Int]
  ) throws -> Padding {
    guard let text = call["pad"] else { return Padding() }
    if text == "same", input.count == 4 {
      return Window.samePadding(
        height: input[2],
        width: input[3],
        kernel: window.kernel,
        stride: window.stride,
        dilation: window.dilation
      )
    }
    let separator: Character = text.contains("x") ? "x" : ":"
    let sides = text.split(separator: separator, omittingEmptySubsequences: false)
      .map { Int($0) ?? -1 }
    guard sides.allSatisfy({ (0...65536).contains($0) }) else {
      throw wrong(call, "pad", "N, HxW, TOP:LEFT:BOTTOM:RIGHT or same")
    }
    switch (sides.count, separator) {
    case (1, _): return Padding(top: sides[0], left: sides[0], bottom: sides[0], right: sides[0])
    case (2, "x"): return Padding(top: sides[0], left: sides[1], bottom: sides[0], right: sides[1])
    case (4, ":"): return Padding(top: sides[0], left: sides[1], bottom: sides[2], right: sides[3])
    default: throw wrong(call, "pad", "N, HxW, TOP:LEFT:BOTTOM:RIGHT or same")
    }
  }
}
